-- The lines of all statements of one period, from a stored allocation run; no pool, provider ... is an empty text.
-- A cost that is NULL is not known for any of the rows that are summed. What is charged is the cost of the basis;
-- a row that has no such cost is charged its effective cost.
-- $run: VARCHAR  id of the run
-- $period: VARCHAR  billing period, YYYY-MM
-- $basis: VARCHAR  the cost that is charged: billed, effective, contracted or list
-- periods $period
SELECT
    team, line, coalesce(pool, '') AS pool, coalesce(provider, '') AS provider,
    coalesce(account, '') AS account, coalesce(service, '') AS service,
    coalesce(charge_category, '') AS charge_category, coalesce(commitment, '') AS commitment,
    coalesce(method_id, '') AS method_id, coalesce(currency, '') AS currency,
    sum(billed_cost) AS billed_cost, sum(effective_cost) AS effective_cost,
    sum(contracted_cost) AS contracted_cost, sum(list_cost) AS list_cost,
    sum(coalesce(
        CASE $basis
            WHEN 'billed' THEN billed_cost WHEN 'contracted' THEN contracted_cost
            WHEN 'list' THEN list_cost ELSE effective_cost
        END,
        effective_cost
    )) AS charged_cost,
    CAST(coalesce(sum(cost_lines), 0) AS BIGINT) AS cost_lines
FROM allocation
WHERE x_BillingPeriod = $period AND run_id = $run
GROUP BY 1, 2, 3, 4, 5, 6, 7, 8, 9, 10
ORDER BY 1, 2, 3, 4, 5, 6, 7, 8, 9, 10
