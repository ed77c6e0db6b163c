-- GPU-milliseconds of a window by UTC day, machine and holder, told apart by what was done in them.
-- The kinds of time of an hour of a GPU or slice add up to what it has. Where its holders held
-- more than that, the whole hour is contradictory and belongs to nobody; what is measured of time
-- without activity is not observed. Time that nobody held was seen where a row without a holder
-- says for how long, or has its memory; `rest` is what no slice has, so that nothing runs there. Time of a job is its attempt's; of an hour in which several
-- attempts at a job ran, `shared_hour` tells. A pod without a job is the job `namespace/pod` where
-- there is such an attempt.
-- $begin: TIMESTAMPTZ  begin of the window, a full hour
-- $until: TIMESTAMPTZ  end of the window, a full hour
-- input machine(kind VARCHAR, name VARCHAR, pool VARCHAR, machine_host VARCHAR, accelerator_model VARCHAR, accelerator_count INTEGER, begins TIMESTAMPTZ, ends TIMESTAMPTZ, reach TIMESTAMPTZ)  answer of machine_times
-- input attempt(job_id VARCHAR, attempt INTEGER, started TIMESTAMPTZ, ended TIMESTAMPTZ)  attempts at jobs
WITH sample AS (
    SELECT
        hour, CAST(hour AS DATE) AS day, gpu_uuid, coalesce(slice, '') AS slice, gpu_usage.host,
        nullif(namespace, '') AS namespace, nullif(job_id, '') AS job_id,
        CASE WHEN nullif(job_id, '') IS NULL THEN namespace || '/' || pod END AS pod_job,
        gpu_usage.accelerator_model, mode, greatest(coalesce(capacity_ms, 0), 0) AS capacity_ms,
        greatest(coalesce(allocated_ms, 0), 0) AS allocated_ms,
        CASE WHEN activity_ms IS NULL THEN 0
            ELSE greatest(least(observed_ms, allocated_ms), 0) END AS observed_ms,
        CASE
            WHEN allocated_ms > 0 THEN 0
            WHEN observed_ms > 0 THEN observed_ms
            WHEN memory_mean IS NOT NULL OR slice = 'rest' THEN greatest(coalesce(capacity_ms, 0), 0)
            ELSE 0
        END AS seen_ms,
        activity_ms, no_process_ms, energy, tokens_in, tokens_out, requests, memory_max,
        memory_total
    FROM gpu_usage
    WHERE hour >= $begin AND hour < $until AND (capacity_ms > 0 OR allocated_ms > 0)
), pod_run AS (
    SELECT DISTINCT job_id FROM attempt
), placed AS (
    SELECT
        sample.hour, sample.day, sample.gpu_uuid, sample.slice, sample.namespace,
        coalesce(sample.job_id, pod_run.job_id) AS job_id,
        sample.mode, sample.capacity_ms, sample.allocated_ms,
        sample.observed_ms, greatest(least(activity_ms, observed_ms), 0) AS utilised_ms,
        sample.seen_ms, greatest(coalesce(activity_ms, 0), 0) AS activity_ms,
        sample.no_process_ms, sample.energy, sample.tokens_in, sample.tokens_out, sample.requests,
        sample.memory_max, sample.memory_total,
        coalesce(
            CASE WHEN by_gpu.begins < hour + INTERVAL 1 HOUR THEN by_gpu.machine_host END,
            CASE WHEN by_host.begins < hour + INTERVAL 1 HOUR THEN by_host.machine_host END,
            sample.host, ''
        ) AS host,
        coalesce(
            CASE WHEN by_gpu.begins < hour + INTERVAL 1 HOUR THEN by_gpu.pool END,
            CASE WHEN by_host.begins < hour + INTERVAL 1 HOUR THEN by_host.pool END
        ) AS pool,
        coalesce(
            sample.accelerator_model,
            CASE WHEN by_gpu.begins < hour + INTERVAL 1 HOUR THEN by_gpu.accelerator_model END,
            CASE WHEN by_host.begins < hour + INTERVAL 1 HOUR THEN by_host.accelerator_model END
        ) AS accelerator_model
    FROM sample
    LEFT JOIN machine AS by_gpu
        ON by_gpu.kind = 'gpu' AND by_gpu.name = sample.gpu_uuid
        AND hour >= by_gpu.reach AND hour < by_gpu.ends
    LEFT JOIN machine AS by_host
        ON by_host.kind = 'host' AND by_host.name = sample.host
        AND hour >= by_host.reach AND hour < by_host.ends
    LEFT JOIN pod_run ON pod_run.job_id = sample.pod_job
), gpu_hour AS (
    SELECT
        hour, day, coalesce(gpu_uuid, '') AS gpu_uuid, slice, max(host) AS host, max(pool) AS pool,
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
    FROM placed
    GROUP BY hour, day, coalesce(gpu_uuid, ''), slice
), excess AS (
    SELECT hour, gpu_uuid, slice, 1 AS found FROM gpu_hour WHERE allocated_ms > capacity_ms
), job_hour AS (
    SELECT asked.job_id, asked.hour, count(*) AS attempts, min(attempt.attempt) AS attempt
    FROM (SELECT DISTINCT job_id, hour FROM placed WHERE job_id IS NOT NULL) AS asked
    JOIN attempt ON attempt.job_id = asked.job_id
        AND attempt.started < asked.hour + INTERVAL 1 HOUR
        AND (attempt.ended IS NULL OR attempt.ended > asked.hour)
        AND (attempt.ended IS NULL OR attempt.ended > attempt.started)
    GROUP BY asked.job_id, asked.hour
)
SELECT
    placed.day, placed.host, placed.pool, placed.accelerator_model, placed.mode,
    placed.namespace, placed.job_id,
    CASE WHEN job_hour.attempts = 1 THEN job_hour.attempt END AS attempt,
    CASE WHEN job_hour.attempts > 1 THEN placed.hour END AS shared_hour,
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
    max(memory_max) AS memory_max, max(memory_total) AS memory_total
FROM placed
LEFT JOIN excess ON excess.hour = placed.hour AND excess.slice = placed.slice
    AND excess.gpu_uuid = coalesce(placed.gpu_uuid, '')
LEFT JOIN job_hour ON job_hour.job_id = placed.job_id AND job_hour.hour = placed.hour
WHERE allocated_ms > 0 AND excess.found IS NULL
GROUP BY 1, 2, 3, 4, 5, 6, 7, 8, 9
UNION ALL
SELECT
    day, host, pool, accelerator_model, mode, CAST(NULL AS VARCHAR), CAST(NULL AS VARCHAR),
    CAST(NULL AS INTEGER), CAST(NULL AS TIMESTAMPTZ), CAST(0 AS BIGINT), CAST(0 AS BIGINT),
    CAST(0 AS BIGINT), CAST(0 AS BIGINT), CAST(sum(least(busy_ms, seen_ms)) AS BIGINT),
    CAST(sum(seen_ms - least(busy_ms, seen_ms)) AS BIGINT),
    CAST(sum(capacity_ms - allocated_ms - seen_ms) AS BIGINT), CAST(0 AS BIGINT),
    sum(idle_energy), CAST(sum(idle_tokens_in) AS BIGINT),
    CAST(sum(idle_tokens_out) AS BIGINT), CAST(sum(idle_requests) AS BIGINT),
    CAST(NULL AS DOUBLE), max(memory_total)
FROM gpu_hour
WHERE allocated_ms <= capacity_ms
GROUP BY day, host, pool, accelerator_model, mode
UNION ALL
SELECT
    day, host, pool, accelerator_model, mode, CAST(NULL AS VARCHAR), CAST(NULL AS VARCHAR),
    CAST(NULL AS INTEGER), CAST(NULL AS TIMESTAMPTZ), CAST(0 AS BIGINT), CAST(0 AS BIGINT),
    CAST(0 AS BIGINT), CAST(0 AS BIGINT), CAST(0 AS BIGINT), CAST(0 AS BIGINT),
    CAST(0 AS BIGINT), CAST(sum(capacity_ms) AS BIGINT),
    sum(energy), CAST(sum(tokens_in) AS BIGINT), CAST(sum(tokens_out) AS BIGINT),
    CAST(sum(requests) AS BIGINT), CAST(NULL AS DOUBLE), max(memory_total)
FROM gpu_hour
WHERE allocated_ms > capacity_ms
GROUP BY day, host, pool, accelerator_model, mode
ORDER BY 1, 2, 3 NULLS FIRST, 4 NULLS FIRST, 5 NULLS FIRST, 6 NULLS FIRST, 7 NULLS FIRST,
    8 NULLS FIRST, 9 NULLS FIRST, 14, 15, 16, 17
