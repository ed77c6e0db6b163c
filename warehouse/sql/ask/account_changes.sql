-- What each account cost in one period and in the one before, to see which account drives a change.
-- An account that is in one of them only has NULL in the other.
-- $runs: VARCHAR[]  ids of the stored allocation runs of both periods
-- $period: VARCHAR  billing period, YYYY-MM
-- $before: VARCHAR  billing period to compare with, YYYY-MM
-- periods $period, $before
SELECT
    provider, account, currency,
    sum(CASE WHEN x_BillingPeriod = $period THEN billed_cost END) AS billed_cost,
    sum(CASE WHEN x_BillingPeriod = $before THEN billed_cost END) AS billed_before,
    sum(CASE WHEN x_BillingPeriod = $period THEN effective_cost END) AS effective_cost,
    sum(CASE WHEN x_BillingPeriod = $before THEN effective_cost END) AS effective_before
FROM allocation
WHERE x_BillingPeriod IN ($period, $before) AND list_contains($runs, run_id)
GROUP BY provider, account, currency
ORDER BY provider NULLS LAST, account NULLS LAST, currency NULLS LAST
