-- How many GPUs and slices of a host the rows of an hour give to a job.
-- $begin: TIMESTAMPTZ  begin of the window, a full hour
-- $until: TIMESTAMPTZ  end of the window, a full hour
-- input machine(kind VARCHAR, name VARCHAR, pool VARCHAR, machine_host VARCHAR, accelerator_model VARCHAR, accelerator_count INTEGER, begins TIMESTAMPTZ, ends TIMESTAMPTZ, reach TIMESTAMPTZ)  answer of machine_times
-- with placed, told_attempt, job_of_usage
SELECT
    hour, host, job_source AS source, job_id, CAST(count(DISTINCT gpu_uuid || ' ' || slice) AS INTEGER) AS gpus
FROM claimed
WHERE job_source IS NOT NULL AND allocated_ms > 0
GROUP BY hour, host, job_source, job_id
ORDER BY hour, host, job_source, job_id
