-- How far the bills of each source reach: the last moment that a charge speaks of, by period.
-- $first_period: VARCHAR  first billing period, YYYY-MM
-- periods from $first_period
SELECT
    x_SourceId AS source, x_BillingPeriod AS period,
    max(ChargePeriodEnd) AS charged_until, count(*) AS cost_lines
FROM cost_line
WHERE x_BillingPeriod >= $first_period
GROUP BY x_SourceId, x_BillingPeriod
ORDER BY x_SourceId, x_BillingPeriod
