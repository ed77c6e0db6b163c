-- What is odd about job runs beside each other: the same attempt comes twice.
SELECT 'same attempt comes twice' AS rule, 'attempt' AS column_name, coalesce(sum(times - 1), 0)::BIGINT AS found
FROM (SELECT count(*) AS times FROM staged GROUP BY job_id, attempt)
