-- GPU-milliseconds that there were in a window, counted by GPU or slice and hour alone.
-- $begin: TIMESTAMPTZ  begin of the window, a full hour
-- $until: TIMESTAMPTZ  end of the window, a full hour
SELECT CAST(coalesce(sum(capacity_ms), 0) AS BIGINT) AS gpu_ms FROM (
    SELECT max(capacity_ms) AS capacity_ms FROM gpu_usage
    WHERE hour >= $begin AND hour < $until AND capacity_ms > 0
    GROUP BY hour, coalesce(gpu_uuid, ''), coalesce(slice, '')
) AS gpu_hour
