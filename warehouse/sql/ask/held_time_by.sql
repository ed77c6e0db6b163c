-- Held GPU time of a stored accounting run by one property: what is measured, what is paid, tokens,
-- energy (J) and carbon (gCO2e).
-- Columns that begin with `serving_` are of those workloads that counted any tokens. A workload is known by its id in
-- the queue, else by its job, else by its namespace alone: `known_by` says which.
-- $run: VARCHAR  id of the run
-- $period: VARCHAR  billing period, YYYY-MM
-- $by: VARCHAR  team, project, workload or model
-- periods $period
WITH told AS (
    SELECT
        *, CASE WHEN workload_id IS NOT NULL THEN 'workload' WHEN job_id IS NOT NULL THEN 'job'
            WHEN namespace IS NOT NULL THEN 'namespace' END AS level,
        coalesce(workload_id, job_id, namespace) AS workload
    FROM gpu_account
    WHERE x_BillingPeriod = $period AND run_id = $run
        AND kind IN ('utilised', 'unused', 'no_process', 'unobserved')
), held AS (
    SELECT
        *, CASE $by WHEN 'team' THEN team WHEN 'project' THEN project WHEN 'workload' THEN workload
            WHEN 'model' THEN accelerator_model END AS key,
        CASE WHEN $by = 'workload' THEN level END AS known_by,
        CASE WHEN effective_cost IS NULL THEN 0 ELSE gpu_ms END AS priced_ms,
        CASE WHEN kind = 'utilised' THEN gpu_ms ELSE 0 END AS utilised_ms,
        CASE WHEN kind = 'unobserved' THEN 0 ELSE gpu_ms END AS observed_ms
    FROM told
), serving AS (
    SELECT team, coalesce(level, '') AS level, coalesce(workload, '') AS workload, 1 AS serves FROM held
    WHERE tokens_in > 0 OR tokens_out > 0
    GROUP BY 1, 2, 3
)
SELECT
    key, known_by, currency, CAST(sum(gpu_ms) AS BIGINT) AS allocated_ms,
    CAST(sum(priced_ms) AS BIGINT) AS priced_ms, CAST(sum(observed_ms) AS BIGINT) AS observed_ms,
    CAST(sum(utilised_ms) AS BIGINT) AS utilised_ms,
    sum(effective_cost) AS cost, sum(gpu_cost) AS gpu_cost,
    CAST(sum(serves * gpu_ms) AS BIGINT) AS serving_allocated_ms,
    CAST(sum(serves * priced_ms) AS BIGINT) AS serving_priced_ms,
    CAST(sum(serves * observed_ms) AS BIGINT) AS serving_observed_ms,
    CAST(sum(serves * utilised_ms) AS BIGINT) AS serving_utilised_ms,
    sum(CASE WHEN serves = 1 THEN effective_cost END) AS serving_cost,
    sum(CASE WHEN serves = 1 THEN gpu_cost END) AS serving_gpu_cost,
    CAST(sum(coalesce(tokens_in, 0) + coalesce(tokens_out, 0)) AS BIGINT) AS tokens,
    sum(energy) AS energy, sum(carbon) AS carbon
FROM held LEFT JOIN serving
    ON serving.team = held.team AND serving.level = coalesce(held.level, '')
    AND serving.workload = coalesce(held.workload, '')
GROUP BY key, known_by, currency
ORDER BY key NULLS LAST, known_by NULLS LAST, currency NULLS LAST
