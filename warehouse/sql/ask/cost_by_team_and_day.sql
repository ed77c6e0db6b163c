-- What each team bears on each day of one stored allocation run.
-- A charge of several days counts on its first one.
-- $run: VARCHAR  id of the run
-- $period: VARCHAR  billing period, YYYY-MM
-- periods $period
SELECT
    team, charge_day, currency,
    sum(billed_cost) AS billed_cost, sum(effective_cost) AS effective_cost,
    sum(list_cost) AS list_cost
FROM allocation
WHERE x_BillingPeriod = $period AND run_id = $run
GROUP BY team, charge_day, currency
ORDER BY charge_day NULLS LAST, team NULLS LAST, currency NULLS LAST
