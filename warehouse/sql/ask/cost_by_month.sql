-- The costs of stored allocation runs by month and one property, as for a chart of a year.
-- $runs: VARCHAR[]  ids of the runs, one of each period
-- $first_period: VARCHAR  first billing period, YYYY-MM
-- $end_period: VARCHAR  first billing period that does not count any more
-- $by: VARCHAR  team, provider, service, account, pool or charge_category
-- periods $first_period to $end_period
SELECT
    x_BillingPeriod AS period,
    CASE $by
        WHEN 'team' THEN team WHEN 'provider' THEN provider WHEN 'service' THEN service
        WHEN 'account' THEN account WHEN 'pool' THEN pool
        WHEN 'charge_category' THEN charge_category
    END AS key,
    currency,
    sum(billed_cost) AS billed_cost, sum(effective_cost) AS effective_cost,
    sum(contracted_cost) AS contracted_cost, sum(list_cost) AS list_cost
FROM allocation
WHERE x_BillingPeriod >= $first_period AND x_BillingPeriod < $end_period
    AND list_contains($runs, run_id)
GROUP BY 1, 2, 3
ORDER BY 1, 2 NULLS LAST, 3 NULLS LAST
