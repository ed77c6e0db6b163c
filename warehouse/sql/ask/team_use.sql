-- What jobs and namespaces had of GPUs by UTC day, whatever pool they ran on: time that they held,
-- tokens and requests that they served. What stands for less than nothing is left out.
-- $begin: TIMESTAMPTZ  begin of the window, a full hour
-- $until: TIMESTAMPTZ  end of the window, a full hour
-- input machine(kind VARCHAR, name VARCHAR, pool VARCHAR, machine_host VARCHAR, accelerator_model VARCHAR, accelerator_count INTEGER, begins TIMESTAMPTZ, ends TIMESTAMPTZ, reach TIMESTAMPTZ)  answer of machine_times
-- input taken(hour TIMESTAMPTZ, gpu_uuid VARCHAR, slice VARCHAR, source VARCHAR, job_id VARCHAR, attempt INTEGER, allocated_ms BIGINT, observed_ms BIGINT, activity_ms BIGINT, no_process_ms BIGINT, tokens_in BIGINT, tokens_out BIGINT, requests BIGINT)  time of GPUs that no row gives to anybody, and whose it was
-- with placed, told_attempt, job_of_usage, held
SELECT
    day, job.team AS job_team, namespace,
    CAST(sum(greatest(coalesce(allocated_ms, 0), 0)) AS BIGINT) AS gpu_ms,
    CAST(sum(
        greatest(coalesce(tokens_in, 0), 0) + greatest(coalesce(tokens_out, 0), 0)
    ) AS BIGINT) AS tokens,
    CAST(sum(greatest(coalesce(requests, 0), 0)) AS BIGINT) AS requests
FROM held LEFT JOIN job ON job.source = held.job_source AND job.job_id = held.job_id
GROUP BY day, job.team, namespace
