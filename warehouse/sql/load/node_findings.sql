-- What is odd about machines beside each other: one resource or host has two identities at the same time.
WITH span AS (
    SELECT provider, resource_id, host,
        coalesce(valid_from, TIMESTAMPTZ '1970-01-01 00:00:00+00') AS begins,
        coalesce(valid_to, TIMESTAMPTZ '9999-01-01 00:00:00+00') AS ends
    FROM staged
),
following AS (
    SELECT resource_id, host, ends,
        lead(begins) OVER (PARTITION BY provider, resource_id ORDER BY begins, ends) AS next_of_resource,
        lead(begins) OVER (PARTITION BY host ORDER BY begins, ends) AS next_of_host
    FROM span
)
SELECT 'two validities of a resource overlap' AS rule, 'resource_id' AS column_name,
    count(*) FILTER (resource_id IS NOT NULL AND next_of_resource < ends) AS found
FROM following
UNION ALL
SELECT 'two validities of a host overlap', 'host', count(*) FILTER (host IS NOT NULL AND next_of_host < ends)
FROM following
