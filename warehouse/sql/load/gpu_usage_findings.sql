-- What is odd about whole hours of a GPU or slice: its rows together hold more than it has, or say different capacities.
WITH one_hour AS (
    SELECT hour, gpu_uuid, slice, count(*) AS parts, max(capacity_ms) AS capacity_ms, min(capacity_ms) AS least_ms,
        sum(allocated_ms) AS allocated_ms
    FROM staged
    GROUP BY hour, gpu_uuid, slice
)
SELECT 'more allocated in an hour than there is' AS rule, 'allocated_ms' AS column_name,
    coalesce(sum(parts) FILTER (allocated_ms > capacity_ms), 0)::BIGINT AS found
FROM one_hour
UNION ALL
SELECT 'rows of an hour differ in capacity', 'capacity_ms', coalesce(sum(parts) FILTER (least_ms <> capacity_ms), 0)::BIGINT
FROM one_hour
