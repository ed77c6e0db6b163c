-- The usage rows from $begin to $until, each with the machine that it is about: by its GPU, else by its host.
-- `claim` is the job that the row itself names: by its id, else by its pod.
placed AS (
    SELECT
        sample.hour, CAST(sample.hour AS DATE) AS day, sample.gpu_uuid, coalesce(sample.slice, '') AS slice,
        coalesce(sample.host, '') AS told_host,
        coalesce(
            CASE WHEN by_gpu.begins < sample.hour + INTERVAL 1 HOUR THEN by_gpu.machine_host END,
            CASE WHEN by_host.begins < sample.hour + INTERVAL 1 HOUR THEN by_host.machine_host END,
            sample.host, ''
        ) AS host,
        coalesce(
            CASE WHEN by_gpu.begins < sample.hour + INTERVAL 1 HOUR THEN by_gpu.pool END,
            CASE WHEN by_host.begins < sample.hour + INTERVAL 1 HOUR THEN by_host.pool END
        ) AS pool,
        coalesce(
            sample.accelerator_model,
            CASE WHEN by_gpu.begins < sample.hour + INTERVAL 1 HOUR THEN by_gpu.accelerator_model END,
            CASE WHEN by_host.begins < sample.hour + INTERVAL 1 HOUR THEN by_host.accelerator_model END
        ) AS accelerator_model,
        sample.mode, nullif(sample.namespace, '') AS namespace, sample.pod, sample.user_name,
        nullif(sample.job_id, '') AS told_job,
        coalesce(nullif(sample.job_id, ''), sample.namespace || '/' || sample.pod) AS claim,
        greatest(coalesce(sample.capacity_ms, 0), 0) AS capacity_ms,
        greatest(coalesce(sample.allocated_ms, 0), 0) AS allocated_ms,
        sample.observed_ms, sample.activity_ms, sample.no_process_ms, sample.energy, sample.memory_mean,
        sample.memory_max, sample.memory_total, sample.tokens_in, sample.tokens_out, sample.requests
    FROM gpu_usage AS sample
    LEFT JOIN machine AS by_gpu
        ON by_gpu.kind = 'gpu' AND by_gpu.name = sample.gpu_uuid
        AND sample.hour >= by_gpu.reach AND sample.hour < by_gpu.ends
    LEFT JOIN machine AS by_host
        ON by_host.kind = 'host' AND by_host.name = sample.host
        AND sample.hour >= by_host.reach AND sample.hour < by_host.ends
    WHERE sample.hour >= $begin AND sample.hour < $until
        AND (sample.capacity_ms > 0 OR sample.allocated_ms > 0)
)
