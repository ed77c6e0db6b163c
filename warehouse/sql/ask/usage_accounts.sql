-- GPU-milliseconds of a window by UTC day, machine and holder, told apart by what was done in them.
-- The kinds of time of an hour of a GPU or slice add up to what it has. Where its holders held
-- more than that, the whole hour is contradictory and belongs to nobody; what is measured of time
-- without activity is not observed. Time that nobody held was seen where a row without a holder
-- says for how long, or has its memory; `rest` is what no slice has, so that nothing runs there.
-- Time of a job is its attempt's; of an hour in which several attempts at a job ran, `shared_hour`
-- tells. Time that a host's jobs took (`taken`) is that of their attempts. A pod without a job is the job `namespace/pod` where there is such a job run. `by_host`
-- and `disputed` are parts of held time: what was taken, and what several sources' jobs may have held.
-- $begin: TIMESTAMPTZ  begin of the window, a full hour
-- $until: TIMESTAMPTZ  end of the window, a full hour
-- input machine(kind VARCHAR, name VARCHAR, pool VARCHAR, machine_host VARCHAR, accelerator_model VARCHAR, accelerator_count INTEGER, begins TIMESTAMPTZ, ends TIMESTAMPTZ, reach TIMESTAMPTZ)  answer of machine_times
-- input attempt(source VARCHAR, job_id VARCHAR, attempt INTEGER, started TIMESTAMPTZ, ended TIMESTAMPTZ)  attempts at jobs
-- input taken(hour TIMESTAMPTZ, gpu_uuid VARCHAR, slice VARCHAR, source VARCHAR, job_id VARCHAR, attempt INTEGER, allocated_ms BIGINT, observed_ms BIGINT, activity_ms BIGINT, no_process_ms BIGINT, tokens_in BIGINT, tokens_out BIGINT, requests BIGINT)  time of GPUs that no row gives to anybody, and whose it was
-- with placed, told_attempt, job_of_usage, held
WITH used AS (
    SELECT
        hour, day, coalesce(gpu_uuid, '') AS gpu_uuid, slice, host, pool, accelerator_model, mode, namespace,
        job_source, job_id, attempt, disputed, by_host_ms, capacity_ms, allocated_ms,
        watched_ms AS observed_ms, greatest(least(activity_ms, watched_ms), 0) AS utilised_ms, seen_ms,
        greatest(coalesce(activity_ms, 0), 0) AS activity_ms, no_process_ms,
        energy, tokens_in, tokens_out, requests, memory_max, memory_total
    FROM (
        SELECT
            held.*,
            CASE WHEN activity_ms IS NULL THEN 0
                ELSE greatest(least(observed_ms, allocated_ms), 0) END AS watched_ms,
            CASE
                WHEN allocated_ms > 0 THEN 0
                WHEN observed_ms > 0 THEN observed_ms
                WHEN memory_mean IS NOT NULL OR slice = 'rest' THEN capacity_ms
                ELSE 0
            END AS seen_ms
        FROM held
    ) AS told
), gpu_hour AS (
    SELECT
        hour, day, gpu_uuid, slice, max(host) AS host, max(pool) AS pool,
        max(accelerator_model) AS accelerator_model, max(mode) AS mode,
        max(capacity_ms) AS capacity_ms, sum(allocated_ms) AS allocated_ms,
        least(sum(seen_ms), max(capacity_ms) - sum(allocated_ms)) AS seen_ms,
        sum(CASE WHEN allocated_ms = 0 THEN activity_ms ELSE 0 END) AS busy_ms,
        sum(energy) AS energy, sum(CASE WHEN allocated_ms = 0 THEN energy END) AS idle_energy,
        sum(CASE WHEN allocated_ms = 0 THEN tokens_in END) AS idle_tokens_in,
        sum(CASE WHEN allocated_ms = 0 THEN tokens_out END) AS idle_tokens_out,
        sum(CASE WHEN allocated_ms = 0 THEN requests END) AS idle_requests,
        sum(tokens_in) AS tokens_in, sum(tokens_out) AS tokens_out, sum(requests) AS requests,
        max(memory_total) AS memory_total
    FROM used
    GROUP BY hour, day, gpu_uuid, slice
), excess AS (
    SELECT hour, gpu_uuid, slice, 1 AS found FROM gpu_hour WHERE allocated_ms > capacity_ms
), job_hour AS (
    SELECT
        asked.job_source, asked.job_id, asked.hour, count(*) AS attempts, min(attempt.attempt) AS attempt
    FROM (
        SELECT DISTINCT job_source, job_id, hour FROM used WHERE job_source IS NOT NULL AND attempt IS NULL
    ) AS asked
    JOIN attempt ON attempt.source = asked.job_source AND attempt.job_id = asked.job_id
        AND attempt.started < asked.hour + INTERVAL 1 HOUR
        AND (attempt.ended IS NULL OR attempt.ended > asked.hour)
        AND (attempt.ended IS NULL OR attempt.ended > attempt.started)
    GROUP BY asked.job_source, asked.job_id, asked.hour
)
SELECT
    used.day, used.host, used.pool, used.accelerator_model, used.mode,
    used.namespace, used.job_id,
    coalesce(used.attempt, CASE WHEN job_hour.attempts = 1 THEN job_hour.attempt END) AS attempt,
    CASE WHEN used.attempt IS NULL AND job_hour.attempts > 1 THEN used.hour END AS shared_hour,
    used.job_source, job.team AS job_team, job.project AS job_project,
    CAST(sum(coalesce(utilised_ms, 0)) AS BIGINT) AS utilised,
    CAST(sum(observed_ms - coalesce(utilised_ms, 0) - least(
        greatest(coalesce(no_process_ms, 0), 0), observed_ms - coalesce(utilised_ms, 0)
    )) AS BIGINT) AS unused,
    CAST(sum(least(
        greatest(coalesce(no_process_ms, 0), 0), observed_ms - coalesce(utilised_ms, 0)
    )) AS BIGINT) AS no_process,
    CAST(sum(allocated_ms - observed_ms) AS BIGINT) AS unobserved,
    CAST(0 AS BIGINT) AS busy_unheld, CAST(0 AS BIGINT) AS idle, CAST(0 AS BIGINT) AS unseen,
    CAST(0 AS BIGINT) AS contradictory,
    sum(energy) AS energy, CAST(sum(tokens_in) AS BIGINT) AS tokens_in,
    CAST(sum(tokens_out) AS BIGINT) AS tokens_out, CAST(sum(requests) AS BIGINT) AS requests,
    max(memory_max) AS memory_max, max(memory_total) AS memory_total,
    CAST(sum(by_host_ms) AS BIGINT) AS by_host, CAST(sum(disputed * allocated_ms) AS BIGINT) AS disputed
FROM used
LEFT JOIN excess ON excess.hour = used.hour AND excess.slice = used.slice
    AND excess.gpu_uuid = used.gpu_uuid
LEFT JOIN job ON job.source = used.job_source AND job.job_id = used.job_id
LEFT JOIN job_hour ON job_hour.job_source = used.job_source AND job_hour.job_id = used.job_id
    AND job_hour.hour = used.hour
WHERE allocated_ms > 0 AND excess.found IS NULL
GROUP BY 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12
UNION ALL
SELECT
    day, host, pool, accelerator_model, mode, CAST(NULL AS VARCHAR), CAST(NULL AS VARCHAR),
    CAST(NULL AS INTEGER), CAST(NULL AS TIMESTAMPTZ), CAST(NULL AS VARCHAR),
    CAST(NULL AS VARCHAR), CAST(NULL AS VARCHAR), CAST(0 AS BIGINT), CAST(0 AS BIGINT),
    CAST(0 AS BIGINT), CAST(0 AS BIGINT), CAST(sum(least(busy_ms, seen_ms)) AS BIGINT),
    CAST(sum(seen_ms - least(busy_ms, seen_ms)) AS BIGINT),
    CAST(sum(capacity_ms - allocated_ms - seen_ms) AS BIGINT), CAST(0 AS BIGINT),
    sum(idle_energy), CAST(sum(idle_tokens_in) AS BIGINT),
    CAST(sum(idle_tokens_out) AS BIGINT), CAST(sum(idle_requests) AS BIGINT),
    CAST(NULL AS DOUBLE), max(memory_total), CAST(0 AS BIGINT), CAST(0 AS BIGINT)
FROM gpu_hour
WHERE allocated_ms <= capacity_ms
GROUP BY day, host, pool, accelerator_model, mode
UNION ALL
SELECT
    day, host, pool, accelerator_model, mode, CAST(NULL AS VARCHAR), CAST(NULL AS VARCHAR),
    CAST(NULL AS INTEGER), CAST(NULL AS TIMESTAMPTZ), CAST(NULL AS VARCHAR),
    CAST(NULL AS VARCHAR), CAST(NULL AS VARCHAR), CAST(0 AS BIGINT), CAST(0 AS BIGINT),
    CAST(0 AS BIGINT), CAST(0 AS BIGINT), CAST(0 AS BIGINT), CAST(0 AS BIGINT),
    CAST(0 AS BIGINT), CAST(sum(capacity_ms) AS BIGINT),
    sum(energy), CAST(sum(tokens_in) AS BIGINT), CAST(sum(tokens_out) AS BIGINT),
    CAST(sum(requests) AS BIGINT), CAST(NULL AS DOUBLE), max(memory_total),
    CAST(0 AS BIGINT), CAST(0 AS BIGINT)
FROM gpu_hour
WHERE allocated_ms > capacity_ms
GROUP BY day, host, pool, accelerator_model, mode
ORDER BY 1, 2, 3 NULLS FIRST, 4 NULLS FIRST, 5 NULLS FIRST, 6 NULLS FIRST, 7 NULLS FIRST,
    8 NULLS FIRST, 9 NULLS FIRST, 10 NULLS FIRST, 17, 18, 19, 20
