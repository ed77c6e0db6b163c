-- Bills against an allocation of one period, per currency, with what is not known on either side.
-- $period: VARCHAR  billing period, YYYY-MM
-- periods $period
-- input part(currency VARCHAR, billed_cost DECIMAL(38,12), effective_cost DECIMAL(38,12), contracted_cost DECIMAL(38,12), list_cost DECIMAL(38,12), cost_lines BIGINT)  the allocation
WITH bill AS (
    SELECT
        coalesce(BillingCurrency, '') AS currency, count(*) AS cost_lines,
        coalesce(sum(BilledCost), 0) AS billed_cost,
        coalesce(sum(EffectiveCost), 0) AS effective_cost,
        coalesce(sum(ContractedCost), 0) AS contracted_cost,
        coalesce(sum(ListCost), 0) AS list_cost,
        count(*) - count(ContractedCost) AS contracted_unknown, count(*) - count(ListCost) AS list_unknown
    FROM cost_line WHERE x_BillingPeriod = $period
    GROUP BY coalesce(BillingCurrency, '')
), allocated AS (
    SELECT
        coalesce(currency, '') AS currency, coalesce(sum(cost_lines), 0) AS cost_lines,
        coalesce(sum(billed_cost), 0) AS billed_cost,
        coalesce(sum(effective_cost), 0) AS effective_cost,
        coalesce(sum(contracted_cost), 0) AS contracted_cost,
        coalesce(sum(list_cost), 0) AS list_cost
    FROM part
    GROUP BY coalesce(currency, '')
)
SELECT
    coalesce(bill.currency, allocated.currency) AS currency,
    bill.billed_cost AS billed_bills, allocated.billed_cost AS billed_allocations,
    bill.effective_cost AS effective_bills, allocated.effective_cost AS effective_allocations,
    bill.contracted_cost AS contracted_bills, allocated.contracted_cost AS contracted_allocations,
    bill.list_cost AS list_bills, allocated.list_cost AS list_allocations,
    bill.cost_lines AS lines_bills, CAST(allocated.cost_lines AS BIGINT) AS lines_allocations,
    bill.contracted_unknown, bill.list_unknown
FROM bill FULL JOIN allocated ON bill.currency = allocated.currency
ORDER BY 1
