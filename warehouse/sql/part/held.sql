-- The rows of `claimed`, where the time that the input `taken` gives to jobs is theirs: a row of such a GPU becomes
-- one for each of them and one for what is left. What is left of a row of which a part was observed keeps no memory,
-- as that would make all of it seen. Energy goes by time, in whole joules: their sums are the same in any order.
piece AS (
    SELECT
        hour, gpu_uuid, slice, 0 AS is_rest, source, job_id, attempt, allocated_ms, observed_ms, activity_ms,
        no_process_ms, tokens_in, tokens_out, requests
    FROM taken
    UNION ALL
    SELECT
        hour, gpu_uuid, slice, 1, CAST(NULL AS VARCHAR), CAST(NULL AS VARCHAR), CAST(NULL AS INTEGER),
        CAST(sum(allocated_ms) AS BIGINT), CAST(sum(observed_ms) AS BIGINT), CAST(sum(activity_ms) AS BIGINT),
        CAST(sum(no_process_ms) AS BIGINT), CAST(NULL AS BIGINT), CAST(NULL AS BIGINT), CAST(NULL AS BIGINT)
    FROM taken GROUP BY hour, gpu_uuid, slice
), held AS (
    SELECT
        claimed.hour, claimed.day, claimed.gpu_uuid, claimed.slice, claimed.host, claimed.pool,
        claimed.accelerator_model, claimed.mode, claimed.namespace, claimed.capacity_ms, claimed.memory_max,
        claimed.memory_total, claimed.disputed, piece.attempt, coalesce(piece.is_rest, 0) AS is_rest,
        coalesce(piece.source, claimed.job_source) AS job_source, coalesce(piece.job_id, claimed.job_id) AS job_id,
        CASE WHEN piece.is_rest IS NULL THEN claimed.allocated_ms WHEN piece.is_rest = 1 THEN 0
            ELSE piece.allocated_ms END AS allocated_ms,
        CASE WHEN piece.is_rest = 0 THEN piece.allocated_ms ELSE 0 END AS by_host_ms,
        CASE WHEN piece.is_rest IS NULL THEN claimed.observed_ms
            WHEN piece.is_rest = 1 THEN claimed.observed_ms - piece.observed_ms
            ELSE piece.observed_ms END AS observed_ms,
        CASE WHEN piece.is_rest IS NULL THEN claimed.activity_ms
            WHEN piece.is_rest = 1 THEN claimed.activity_ms - piece.activity_ms
            ELSE piece.activity_ms END AS activity_ms,
        CASE WHEN piece.is_rest IS NULL THEN claimed.no_process_ms
            WHEN piece.is_rest = 1 THEN claimed.no_process_ms - piece.no_process_ms
            ELSE piece.no_process_ms END AS no_process_ms,
        CASE WHEN piece.is_rest IS NULL THEN claimed.energy
            WHEN piece.is_rest = 1
                THEN round(claimed.energy * (claimed.capacity_ms - piece.allocated_ms) / nullif(claimed.capacity_ms, 0))
            ELSE round(claimed.energy * piece.allocated_ms / nullif(claimed.capacity_ms, 0)) END AS energy,
        CASE WHEN piece.is_rest = 1 AND claimed.observed_ms > 0 THEN NULL ELSE claimed.memory_mean END AS memory_mean,
        CASE WHEN piece.is_rest IS NULL THEN claimed.tokens_in ELSE piece.tokens_in END AS tokens_in,
        CASE WHEN piece.is_rest IS NULL THEN claimed.tokens_out ELSE piece.tokens_out END AS tokens_out,
        CASE WHEN piece.is_rest IS NULL THEN claimed.requests ELSE piece.requests END AS requests
    FROM claimed LEFT JOIN piece
        ON piece.hour = claimed.hour AND piece.gpu_uuid = claimed.gpu_uuid AND piece.slice = claimed.slice
)
