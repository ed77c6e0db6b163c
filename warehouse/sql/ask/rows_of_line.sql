-- The rows of a stored allocation that one statement line sums, the largest first, and the origin of each:
-- its whole cost, and how many cost lines it has. No pool, provider ... is an empty text.
-- $run: VARCHAR  id of the run
-- $period: VARCHAR  billing period, YYYY-MM
-- $team: VARCHAR  the line's team
-- $line: VARCHAR  the line's line
-- $pool: VARCHAR  the line's pool
-- $provider: VARCHAR  the line's provider
-- $account: VARCHAR  the line's account
-- $service: VARCHAR  the line's service
-- $charge_category: VARCHAR  the line's charge category
-- $commitment: VARCHAR  the line's commitment
-- $method_id: VARCHAR  the line's method
-- $currency: VARCHAR  the line's currency
-- $cost: VARCHAR  which cost is told: billed, effective, contracted or list; where it is not known, effective
-- $limit: INTEGER  how many rows
-- periods $period
WITH month AS (
    SELECT
        charge_day, charge_days, pool, provider, account, service, sku, charge_category,
        commitment_status, currency, invoice_issuer, invoice, commitment, accelerator_model,
        team, line, method_id, allocated_ratio, distributed_from, cost_lines, x_RecordNumber,
        CASE WHEN pool IS NULL THEN coalesce(distributed_from, team) END AS owner,
        CASE WHEN contracted_cost IS NULL THEN 1 ELSE 0 END AS contracted_unknown,
        CASE WHEN list_cost IS NULL THEN 1 ELSE 0 END AS list_unknown,
        coalesce(
            CASE $cost
                WHEN 'billed' THEN billed_cost WHEN 'contracted' THEN contracted_cost
                WHEN 'list' THEN list_cost ELSE effective_cost
            END,
            effective_cost
        ) AS cost
    FROM allocation WHERE x_BillingPeriod = $period AND run_id = $run
), told AS (
    SELECT *, count(*) OVER () AS rows_of_line, sum(cost) OVER () AS line_cost
    FROM month
    WHERE team = $team AND line = $line AND method_id = $method_id
        AND coalesce(pool, '') = $pool AND coalesce(provider, '') = $provider
        AND coalesce(account, '') = $account AND coalesce(service, '') = $service
        AND coalesce(charge_category, '') = $charge_category
        AND coalesce(commitment, '') = $commitment AND coalesce(currency, '') = $currency
    ORDER BY abs(cost) DESC NULLS LAST, x_RecordNumber
    LIMIT $limit
), origin AS (
    SELECT
        charge_day, charge_days, pool, provider, account, service, sku, charge_category,
        commitment_status, currency, invoice_issuer, invoice, commitment, accelerator_model,
        owner, contracted_unknown, list_unknown,
        sum(cost) AS whole_cost, CAST(sum(cost_lines) AS BIGINT) AS origin_lines
    FROM month WHERE distributed_from IS NULL
    GROUP BY 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17
)
SELECT
    told.charge_day, told.charge_days, told.pool, told.provider, told.account, told.service,
    told.sku, told.charge_category, told.commitment_status, told.currency, told.invoice_issuer,
    told.invoice, told.commitment, told.accelerator_model, told.owner, told.contracted_unknown,
    told.list_unknown, told.method_id, told.allocated_ratio, told.distributed_from, told.cost,
    told.rows_of_line, told.line_cost, origin.whole_cost, origin.origin_lines
FROM told LEFT JOIN origin
    ON told.charge_day IS NOT DISTINCT FROM origin.charge_day
    AND told.charge_days IS NOT DISTINCT FROM origin.charge_days
    AND told.pool IS NOT DISTINCT FROM origin.pool
    AND told.provider IS NOT DISTINCT FROM origin.provider
    AND told.account IS NOT DISTINCT FROM origin.account
    AND told.service IS NOT DISTINCT FROM origin.service
    AND told.sku IS NOT DISTINCT FROM origin.sku
    AND told.charge_category IS NOT DISTINCT FROM origin.charge_category
    AND told.commitment_status IS NOT DISTINCT FROM origin.commitment_status
    AND told.currency IS NOT DISTINCT FROM origin.currency
    AND told.invoice_issuer IS NOT DISTINCT FROM origin.invoice_issuer
    AND told.invoice IS NOT DISTINCT FROM origin.invoice
    AND told.commitment IS NOT DISTINCT FROM origin.commitment
    AND told.accelerator_model IS NOT DISTINCT FROM origin.accelerator_model
    AND told.owner IS NOT DISTINCT FROM origin.owner
    AND told.contracted_unknown = origin.contracted_unknown
    AND told.list_unknown = origin.list_unknown
ORDER BY abs(told.cost) DESC NULLS LAST, told.x_RecordNumber
