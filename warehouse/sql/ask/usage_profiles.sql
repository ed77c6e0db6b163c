-- What each kind of work did on its GPUs in some days: held and observed GPU-milliseconds by the activity of their
-- hours in tenths (of the time with a process; NULL was not observed), time without a process, time on GPUs that
-- were not used while others of the same run were, the most memory, the most GPUs of one run at once, the first and
-- the last day with any.
-- A kind of work is what the names of its runs have in common: a job's without its numbers, else a pod's (which is
-- the job namespace/pod where such a one is known) without the marks that Kubernetes appends, else a user's.
-- $first: DATE  first day
-- $end: DATE  first day that does not count any more
WITH ranked AS (
    SELECT job_id, team, project, row_number() OVER (
        PARTITION BY job_id ORDER BY CASE WHEN team IS NULL THEN 1 ELSE 0 END, submitted DESC NULLS LAST,
            attempt DESC NULLS LAST, team
    ) AS rank
    FROM job_run
), machine AS (
    SELECT host, max(accelerator_model) AS accelerator_model FROM node
    WHERE host IS NOT NULL GROUP BY host
), held AS (
    SELECT
        hour, gpu_uuid, coalesce(slice, '') AS slice, ranked.team AS job_team, sample.namespace, ranked.project,
        coalesce(
            nullif(sample.job_id, ''), sample.namespace || '/' || sample.pod,
            sample.user_name || '@' || sample.host, ''
        ) AS run,
        CASE
            WHEN regexp_replace(sample.job_id, '[0-9_.+]+', '') <> ''
                THEN regexp_replace(sample.job_id, '([-_./][0-9]+)+$', '')
            WHEN sample.job_id <> '' AND ranked.project IS NOT NULL THEN ranked.project
            WHEN sample.pod IS NOT NULL THEN regexp_replace(
                regexp_replace(sample.pod, '(-[a-z0-9]{8,10})?-[a-z0-9]{5}$', ''), '([-_./][0-9]+)+$', ''
            )
            ELSE sample.user_name
        END AS work,
        coalesce(sample.accelerator_model, machine.accelerator_model) AS accelerator_model,
        coalesce(sample.mode, 'whole') AS mode,
        CASE WHEN activity_ms IS NOT NULL AND observed_ms > 0 THEN least(10, CAST(ceil(
            10.0 * activity_ms / greatest(observed_ms - coalesce(no_process_ms, 0), activity_ms, 1)
        ) AS INTEGER)) END AS tenth,
        allocated_ms,
        CASE WHEN activity_ms IS NULL THEN 0 ELSE least(observed_ms, allocated_ms) END AS observed_ms,
        no_process_ms, memory_max
    FROM gpu_usage AS sample
    LEFT JOIN ranked ON ranked.rank = 1 AND ranked.job_id
        = coalesce(nullif(sample.job_id, ''), sample.namespace || '/' || sample.pod)
    LEFT JOIN machine ON machine.host = sample.host
    WHERE CAST(hour AS DATE) >= $first AND CAST(hour AS DATE) < $end AND allocated_ms > 0
), gang AS (
    SELECT hour, run, count(DISTINCT gpu_uuid || ' ' || slice) AS gpus, max(tenth) AS busiest
    FROM held GROUP BY hour, run
)
SELECT
    job_team, namespace, project, work, accelerator_model, mode, tenth,
    CAST(sum(allocated_ms) AS BIGINT) AS allocated_ms, CAST(sum(observed_ms) AS BIGINT) AS observed_ms,
    CAST(sum(no_process_ms) AS BIGINT) AS no_process_ms,
    CAST(sum(CASE WHEN tenth = 0 AND busiest > 0 THEN observed_ms - coalesce(no_process_ms, 0) ELSE 0 END) AS BIGINT)
        AS spare_ms,
    max(memory_max) AS memory_max, CAST(max(gpus) AS INTEGER) AS gpus,
    min(CAST(held.hour AS DATE)) AS first_day, max(CAST(held.hour AS DATE)) AS last_day
FROM held JOIN gang ON gang.hour = held.hour AND gang.run = held.run
GROUP BY 1, 2, 3, 4, 5, 6, 7
ORDER BY 1 NULLS LAST, 2 NULLS LAST, 3 NULLS LAST, 4 NULLS LAST, 5 NULLS LAST, 6, 7 NULLS LAST
