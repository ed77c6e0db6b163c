-- GPU-milliseconds of each pool by UTC day: rows of use say whose job or namespace held GPUs,
-- rows of capacity (no job team, no namespace) say what was there. A GPU or slice counts once
-- an hour, however many rows its hour has. What stands for less than nothing is left out.
-- $first: DATE  first day
-- $end: DATE  first day that does not count any more
-- input machine(kind VARCHAR, name VARCHAR, pool VARCHAR, machine_host VARCHAR, accelerator_model VARCHAR, accelerator_count INTEGER, begins TIMESTAMPTZ, ends TIMESTAMPTZ, reach TIMESTAMPTZ)  answer of machine_times
WITH sample AS (
    SELECT *, CAST(hour AS DATE) AS day FROM gpu_usage
    WHERE CAST(hour AS DATE) >= $first AND CAST(hour AS DATE) < $end
), placed AS (
    SELECT
        sample.*, coalesce(
            CASE WHEN by_gpu.begins < hour + INTERVAL 1 HOUR THEN by_gpu.pool END,
            CASE WHEN by_host.begins < hour + INTERVAL 1 HOUR THEN by_host.pool END
        ) AS pool
    FROM sample
    LEFT JOIN machine AS by_gpu
        ON by_gpu.kind = 'gpu' AND by_gpu.name = sample.gpu_uuid
        AND hour >= by_gpu.reach AND hour < by_gpu.ends
    LEFT JOIN machine AS by_host
        ON by_host.kind = 'host' AND by_host.name = sample.host
        AND hour >= by_host.reach AND hour < by_host.ends
), ranked AS (
    SELECT job_id, team, row_number() OVER (
        PARTITION BY job_id ORDER BY submitted DESC NULLS LAST, attempt DESC NULLS LAST, team
    ) AS rank
    FROM job_run WHERE team IS NOT NULL
), gpu_hour AS (
    SELECT pool, day, max(capacity_ms) AS capacity_ms FROM placed
    WHERE pool IS NOT NULL AND capacity_ms > 0
    GROUP BY pool, day, hour, host, gpu_uuid, slice
)
SELECT
    pool, day, ranked.team AS job_team, namespace,
    CAST(sum(allocated_ms) AS BIGINT) AS allocated_ms, CAST(0 AS BIGINT) AS capacity_ms
FROM placed LEFT JOIN ranked
    ON ranked.job_id = coalesce(nullif(placed.job_id, ''), placed.namespace || '/' || placed.pod)
    AND ranked.rank = 1
WHERE pool IS NOT NULL AND allocated_ms > 0
GROUP BY pool, day, ranked.team, namespace
UNION ALL
SELECT
    pool, day, CAST(NULL AS VARCHAR), CAST(NULL AS VARCHAR), CAST(0 AS BIGINT),
    CAST(sum(capacity_ms) AS BIGINT)
FROM gpu_hour
GROUP BY pool, day
