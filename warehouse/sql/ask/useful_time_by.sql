-- Jobs at work in a stored accounting run by one property: the time and cost of their attempts in its period, and what
-- of the time was lost. A job with an attempt whose cost is not known is counted only.
-- $run: VARCHAR  id of the run
-- $period: VARCHAR  billing period, YYYY-MM
-- $by: VARCHAR  team, project, workload or model
-- periods $period
WITH job AS (
    SELECT
        CASE $by WHEN 'team' THEN team WHEN 'project' THEN project
            WHEN 'workload' THEN coalesce(workload_id, job_id) WHEN 'model' THEN accelerator_model
        END AS key,
        CASE WHEN $by = 'workload' THEN CASE WHEN workload_id IS NULL THEN 'job' ELSE 'workload' END END AS known_by,
        source, job_id, min(currency) AS currency, sum(gpu_ms) AS gpu_ms, sum(lost_ms) AS lost_ms,
        sum(effective_cost) AS cost,
        count(effective_cost) = count(*) AND min(currency) = max(currency) AS is_known
    FROM attempt_cost
    WHERE x_BillingPeriod = $period AND run_id = $run
    GROUP BY 1, 2, 3, 4
)
SELECT
    key, known_by, CASE WHEN is_known THEN currency END AS currency, count(*) AS jobs,
    CAST(sum(CASE WHEN is_known THEN 0 ELSE 1 END) AS BIGINT) AS without_cost,
    CAST(sum(CASE WHEN is_known THEN gpu_ms END) AS BIGINT) AS gpu_ms,
    CAST(sum(CASE WHEN is_known THEN lost_ms END) AS BIGINT) AS lost_ms,
    sum(CASE WHEN is_known THEN cost END) AS cost
FROM job
GROUP BY 1, 2, 3
ORDER BY 1 NULLS LAST, 2 NULLS LAST, 3 NULLS LAST
