-- What each kind of work did on its GPUs in some days: held and observed GPU-milliseconds by the activity of their
-- hours in tenths (of the time with a process; NULL was not observed), time without a process, time on GPUs that
-- were not used while others of the same run were, the most memory, the most GPUs of one run at once, the first and
-- the last day with any.
-- A kind of work is what the names of its runs have in common: a job's without its numbers, else a pod's (which is
-- the job namespace/pod where such a one is known) without the marks that Kubernetes appends, else a user's.
-- $begin: TIMESTAMPTZ  begin of the window, a full hour
-- $until: TIMESTAMPTZ  end of the window, a full hour
-- with machine, placed, told_attempt, job_of_usage
WITH work_hour AS (
    SELECT
        hour, day, host, gpu_uuid, slice, job.team AS job_team, sample.namespace, job.project,
        coalesce(
            sample.job_source || ' ' || sample.claim, sample.claim, sample.user_name || '@' || sample.told_host, ''
        ) AS run,
        CASE
            WHEN regexp_replace(sample.told_job, '[0-9_.+]+', '') <> ''
                THEN regexp_replace(sample.told_job, '([-_./][0-9]+)+$', '')
            WHEN sample.told_job IS NOT NULL AND job.project IS NOT NULL THEN job.project
            WHEN sample.pod IS NOT NULL THEN regexp_replace(
                regexp_replace(sample.pod, '(-[a-z0-9]{8,10})?-[a-z0-9]{5}$', ''), '([-_./][0-9]+)+$', ''
            )
            ELSE sample.user_name
        END AS work,
        sample.accelerator_model, coalesce(sample.mode, 'whole') AS mode,
        CASE WHEN activity_ms IS NOT NULL AND observed_ms > 0 THEN least(10, CAST(ceil(
            10.0 * activity_ms / greatest(observed_ms - coalesce(no_process_ms, 0), activity_ms, 1)
        ) AS INTEGER)) END AS tenth,
        allocated_ms,
        CASE WHEN activity_ms IS NULL THEN 0 ELSE least(observed_ms, allocated_ms) END AS observed_ms,
        no_process_ms, memory_max
    FROM claimed AS sample
    LEFT JOIN job ON job.source = sample.job_source AND job.job_id = sample.job_id
    WHERE allocated_ms > 0
), gang AS (
    SELECT hour, run, count(DISTINCT gpu_uuid || ' ' || slice) AS gpus, max(tenth) AS busiest
    FROM work_hour GROUP BY hour, run
)
SELECT
    job_team, namespace, project, work, accelerator_model, mode, tenth, host,
    CAST(sum(allocated_ms) AS BIGINT) AS allocated_ms, CAST(sum(observed_ms) AS BIGINT) AS observed_ms,
    CAST(sum(no_process_ms) AS BIGINT) AS no_process_ms,
    CAST(sum(CASE WHEN tenth = 0 AND busiest > 0 THEN observed_ms - coalesce(no_process_ms, 0) ELSE 0 END) AS BIGINT)
        AS spare_ms,
    max(memory_max) AS memory_max, CAST(max(gpus) AS INTEGER) AS gpus,
    min(work_hour.day) AS first_day, max(work_hour.day) AS last_day
FROM work_hour JOIN gang ON gang.hour = work_hour.hour AND gang.run = work_hour.run
GROUP BY 1, 2, 3, 4, 5, 6, 7, 8
ORDER BY 1 NULLS LAST, 2 NULLS LAST, 3 NULLS LAST, 4 NULLS LAST, 5 NULLS LAST, 6, 7 NULLS LAST, 8
