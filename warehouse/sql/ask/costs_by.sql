-- The costs of one stored allocation run by one property, and how its effective cost came about.
-- $run: VARCHAR  id of the run
-- $period: VARCHAR  billing period, YYYY-MM
-- $by: VARCHAR  team, provider, service, account, pool or charge_category
-- periods $period
SELECT
    CASE $by
        WHEN 'team' THEN team WHEN 'provider' THEN provider WHEN 'service' THEN service
        WHEN 'account' THEN account WHEN 'pool' THEN pool
        WHEN 'charge_category' THEN charge_category
    END AS key,
    currency,
    sum(billed_cost) AS billed_cost, sum(effective_cost) AS effective_cost,
    sum(contracted_cost) AS contracted_cost, sum(list_cost) AS list_cost,
    sum(CASE WHEN line = 'direct' THEN effective_cost END) AS direct,
    sum(CASE WHEN line = 'shared' THEN effective_cost END) AS shared,
    sum(CASE WHEN line = 'idle' THEN effective_cost END) AS idle,
    sum(CASE WHEN line = 'unused_commitment' THEN effective_cost END) AS unused_commitment,
    sum(CASE WHEN line = 'distributed' THEN effective_cost END) AS distributed,
    sum(CASE WHEN line = 'unallocated' THEN effective_cost END) AS unallocated
FROM allocation
WHERE x_BillingPeriod = $period AND run_id = $run
GROUP BY 1, 2
ORDER BY 1 NULLS LAST, 2
