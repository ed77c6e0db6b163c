-- The GPUs and slices of some hosts that a window's usage gives to nobody, hour by hour, with their signals: those
-- of which there is one row, without a holder. What no MIG slice has cannot be held and is left out.
-- $begin: TIMESTAMPTZ  begin of the window, a full hour
-- $until: TIMESTAMPTZ  end of the window, a full hour
-- input machine(kind VARCHAR, name VARCHAR, pool VARCHAR, machine_host VARCHAR, accelerator_model VARCHAR, accelerator_count INTEGER, begins TIMESTAMPTZ, ends TIMESTAMPTZ, reach TIMESTAMPTZ)  answer of machine_times
-- input work_host(name VARCHAR)  hosts that attempts at jobs name
-- with placed
WITH device AS (
    SELECT
        hour, host, max(told_host) AS told_host, gpu_uuid, slice, count(*) AS tellings,
        sum(allocated_ms) AS allocated_ms, max(capacity_ms) AS capacity_ms, max(observed_ms) AS observed_ms,
        max(activity_ms) AS activity_ms, max(no_process_ms) AS no_process_ms, max(tokens_in) AS tokens_in,
        max(tokens_out) AS tokens_out, max(requests) AS requests,
        sum(CASE WHEN claim IS NULL AND namespace IS NULL THEN 0 ELSE 1 END) AS claims
    FROM placed WHERE gpu_uuid <> '' AND slice <> 'rest'
    GROUP BY hour, host, gpu_uuid, slice
)
SELECT
    hour, host, told_host, gpu_uuid, slice, capacity_ms, coalesce(observed_ms, 0) AS observed_ms, activity_ms,
    no_process_ms, tokens_in, tokens_out, requests
FROM device
WHERE tellings = 1 AND claims = 0 AND allocated_ms = 0 AND capacity_ms > 0
    AND (host IN (SELECT name FROM work_host) OR told_host IN (SELECT name FROM work_host))
ORDER BY hour, host, gpu_uuid, slice
