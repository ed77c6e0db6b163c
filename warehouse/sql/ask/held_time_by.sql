-- Held GPU time of a stored accounting run by one property: what is measured, what is paid, tokens,
-- energy (J) and carbon (gCO2e).
-- Columns that begin with `serving_` are of those jobs and namespaces that counted any tokens.
-- $run: VARCHAR  id of the run
-- $period: VARCHAR  billing period, YYYY-MM
-- $by: VARCHAR  team, project, workload or model
-- periods $period
WITH held AS (
    SELECT
        *, CASE $by WHEN 'team' THEN team WHEN 'project' THEN project
            WHEN 'workload' THEN coalesce(workload_id, job_id) WHEN 'model' THEN accelerator_model
        END AS key,
        coalesce(job_id, '') AS job, coalesce(namespace, '') AS space,
        CASE WHEN effective_cost IS NULL THEN 0 ELSE gpu_ms END AS priced_ms,
        CASE WHEN kind = 'utilised' THEN gpu_ms ELSE 0 END AS utilised_ms,
        CASE WHEN kind = 'unobserved' THEN 0 ELSE gpu_ms END AS observed_ms
    FROM gpu_account
    WHERE x_BillingPeriod = $period AND run_id = $run
        AND kind IN ('utilised', 'unused', 'no_process', 'unobserved')
), serving AS (
    SELECT team, job, space, 1 AS serves FROM held
    WHERE tokens_in > 0 OR tokens_out > 0
    GROUP BY team, job, space
)
SELECT
    key, currency, CAST(sum(gpu_ms) AS BIGINT) AS allocated_ms,
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
    ON serving.team = held.team AND serving.job = held.job AND serving.space = held.space
GROUP BY key, currency
ORDER BY key NULLS LAST, currency NULLS LAST
