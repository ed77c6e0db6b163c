-- What was thrown away of a stored accounting run's attempts by one property, end and owner.
-- $run: VARCHAR  id of the run
-- $period: VARCHAR  billing period, YYYY-MM
-- $by: VARCHAR  team, kind, job or pool; a job is in no pool of its own
-- periods $period
SELECT
    CASE $by WHEN 'team' THEN team WHEN 'job' THEN job_id
        WHEN 'kind' THEN CASE WHEN state = 'preempted' THEN 'lost_preempted' ELSE 'lost_failed' END
    END AS key,
    CASE WHEN state = 'preempted' THEN 'lost_preempted' ELSE 'lost_failed' END AS kind,
    team, currency, CAST(sum(lost_ms) AS BIGINT) AS gpu_ms, sum(lost_cost) AS effective_cost
FROM attempt_cost
WHERE x_BillingPeriod = $period AND run_id = $run AND lost_ms > 0
GROUP BY 1, 2, 3, 4
ORDER BY 1 NULLS LAST, 2, 3, 4 NULLS LAST
