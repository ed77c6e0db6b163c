-- Jobs that ended in a period, with the cost of all their attempts in all months, and jobs that were at work in it and
-- had not ended, with their cost so far; by one property. A job's costs stand where its newest attempt does. A job has
-- ended with the last of its attempts, as the newest run that tells of each of them says.
-- `without_cost` counts jobs with a cost that is not known: that of an attempt, or of a month without accounts in which
-- the job was at work; `gap` is the first such month.
-- $period: VARCHAR  billing period, YYYY-MM
-- $begin: TIMESTAMPTZ  begin of the period
-- $until: TIMESTAMPTZ  end of the period
-- $by: VARCHAR  team, project, workload or model
-- input stored(run VARCHAR, period VARCHAR)  the stored accounting run of each month
-- input worked(source VARCHAR, job_id VARCHAR, started TIMESTAMPTZ, ended TIMESTAMPTZ)  attempts that may have been at work in a missing month
-- input missing(period VARCHAR, begins TIMESTAMPTZ, ends TIMESTAMPTZ)  months before the end of the period without accounts
WITH told AS (
    SELECT
        coalesce(attempt_cost.source, '') AS source, job_id, attempt, stored.period, ended, currency, effective_cost,
        CASE $by WHEN 'team' THEN team WHEN 'project' THEN project
            WHEN 'workload' THEN coalesce(workload_id, job_id) WHEN 'model' THEN accelerator_model
        END AS key,
        CASE WHEN $by = 'workload' THEN CASE WHEN workload_id IS NULL THEN 'job' ELSE 'workload' END END AS known_by,
        CASE WHEN stored.period <= $period THEN 1 ELSE 0 END AS so_far
    FROM attempt_cost JOIN stored ON stored.run = attempt_cost.run_id AND stored.period = x_BillingPeriod
), ranked AS (
    SELECT
        *, row_number() OVER (PARTITION BY source, job_id, attempt ORDER BY period DESC) AS newest,
        row_number() OVER (
            PARTITION BY source, job_id ORDER BY so_far DESC, period DESC, attempt DESC
        ) AS place
    FROM told
), gap AS (
    SELECT coalesce(source, '') AS source, job_id, min(missing.period) AS period
    FROM worked JOIN missing
        ON started < missing.ends AND (ended IS NULL OR ended > missing.begins)
    GROUP BY 1, 2
), job AS (
    SELECT
        source, job_id, max(CASE WHEN place = 1 THEN key END) AS key,
        max(CASE WHEN place = 1 THEN known_by END) AS known_by,
        max(CASE WHEN period = $period THEN 1 ELSE 0 END) AS at_work,
        CASE WHEN min(CASE WHEN newest = 1 AND ended IS NULL THEN 0 ELSE 1 END) = 1
            THEN max(CASE WHEN newest = 1 THEN ended END) END AS ended,
        min(CASE WHEN so_far = 1 THEN currency END) AS currency,
        sum(CASE WHEN so_far = 1 THEN effective_cost END) AS cost,
        min(CASE WHEN so_far = 1 AND effective_cost IS NULL THEN 0 ELSE 1 END) = 1
            AND min(CASE WHEN so_far = 1 THEN currency END) = max(CASE WHEN so_far = 1 THEN currency END) AS is_known
    FROM ranked
    GROUP BY source, job_id
), judged AS (
    SELECT
        job.*, gap.period AS gap, CASE WHEN is_known AND gap.period IS NULL THEN 1 ELSE 0 END AS has_cost,
        CASE WHEN ended > $begin AND ended <= $until THEN 'finished'
            WHEN at_work = 1 AND (ended IS NULL OR ended > $until) THEN 'running' END AS state
    FROM job LEFT JOIN gap ON gap.source = job.source AND gap.job_id = job.job_id
)
SELECT
    key, known_by, state, CASE WHEN has_cost = 1 THEN currency END AS currency, gap, count(*) AS jobs,
    CAST(sum(1 - has_cost) AS BIGINT) AS without_cost, sum(CASE WHEN has_cost = 1 THEN cost END) AS cost
FROM judged
WHERE state IS NOT NULL
GROUP BY 1, 2, 3, 4, 5
ORDER BY 1 NULLS LAST, 2 NULLS LAST, 3, 4 NULLS LAST, 5 NULLS LAST
