-- Usage, purchases, credits, taxes and adjustments by month, with what commitments covered of them.
-- $runs: VARCHAR[]  ids of stored allocation runs, one of each period
-- $first_period: VARCHAR  first billing period, YYYY-MM
-- $end_period: VARCHAR  first billing period that does not count any more
-- periods $first_period to $end_period
SELECT
    x_BillingPeriod AS period, charge_category, commitment_status, currency,
    sum(billed_cost) AS billed_cost, sum(effective_cost) AS effective_cost,
    sum(list_cost) AS list_cost, CAST(sum(cost_lines) AS BIGINT) AS cost_lines
FROM allocation
WHERE x_BillingPeriod >= $first_period AND x_BillingPeriod < $end_period
    AND list_contains($runs, run_id)
GROUP BY x_BillingPeriod, charge_category, commitment_status, currency
ORDER BY x_BillingPeriod, charge_category NULLS LAST, commitment_status NULLS LAST,
    currency NULLS LAST
