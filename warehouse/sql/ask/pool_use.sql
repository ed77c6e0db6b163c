-- GPU-milliseconds of each pool by UTC day: rows of use say whose job or namespace held GPUs,
-- rows of capacity (no job team, no namespace) say what was there. A GPU or slice counts once
-- an hour, however many rows its hour has. What stands for less than nothing is left out.
-- $begin: TIMESTAMPTZ  begin of the window, a full hour
-- $until: TIMESTAMPTZ  end of the window, a full hour
-- input machine(kind VARCHAR, name VARCHAR, pool VARCHAR, machine_host VARCHAR, accelerator_model VARCHAR, accelerator_count INTEGER, begins TIMESTAMPTZ, ends TIMESTAMPTZ, reach TIMESTAMPTZ)  answer of machine_times
-- input taken(hour TIMESTAMPTZ, gpu_uuid VARCHAR, slice VARCHAR, source VARCHAR, job_id VARCHAR, attempt INTEGER, allocated_ms BIGINT, observed_ms BIGINT, activity_ms BIGINT, no_process_ms BIGINT, tokens_in BIGINT, tokens_out BIGINT, requests BIGINT)  time of GPUs that no row gives to anybody, and whose it was
-- with placed, told_attempt, job_of_usage, held
WITH gpu_hour AS (
    SELECT pool, day, max(capacity_ms) AS capacity_ms FROM placed
    WHERE pool IS NOT NULL AND capacity_ms > 0
    GROUP BY pool, day, hour, told_host, gpu_uuid, slice
)
SELECT
    pool, day, job.team AS job_team, namespace,
    CAST(sum(allocated_ms) AS BIGINT) AS allocated_ms, CAST(0 AS BIGINT) AS capacity_ms
FROM held LEFT JOIN job ON job.source = held.job_source AND job.job_id = held.job_id
WHERE pool IS NOT NULL AND allocated_ms > 0
GROUP BY pool, day, job.team, namespace
UNION ALL
SELECT
    pool, day, CAST(NULL AS VARCHAR), CAST(NULL AS VARCHAR), CAST(0 AS BIGINT),
    CAST(sum(capacity_ms) AS BIGINT)
FROM gpu_hour
GROUP BY pool, day
