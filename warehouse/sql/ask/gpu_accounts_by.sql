-- GPU time and cost of a stored accounting run by one property, class and owner.
-- $run: VARCHAR  id of the run
-- $period: VARCHAR  billing period, YYYY-MM
-- $by: VARCHAR  team, kind, job or pool
-- periods $period
SELECT
    CASE $by WHEN 'team' THEN team WHEN 'kind' THEN kind WHEN 'job' THEN job_id
        WHEN 'pool' THEN pool END AS key,
    kind, team, currency, CAST(sum(gpu_ms) AS BIGINT) AS gpu_ms, sum(effective_cost) AS effective_cost
FROM gpu_account
WHERE x_BillingPeriod = $period AND run_id = $run
GROUP BY 1, 2, 3, 4
ORDER BY 1 NULLS LAST, 2, 3, 4 NULLS LAST
