-- Cost lines and their four costs per source, billing period and currency: what the lake holds of
-- each delivery, to hold against the invoice.
SELECT
    x_SourceId AS source,
    x_BillingPeriod AS period,
    BillingCurrency AS currency,
    count(*) AS cost_lines,
    sum(BilledCost) AS billed_cost,
    sum(EffectiveCost) AS effective_cost,
    sum(ContractedCost) AS contracted_cost,
    sum(ListCost) AS list_cost
FROM cost_line
GROUP BY x_SourceId, x_BillingPeriod, BillingCurrency
ORDER BY x_SourceId, x_BillingPeriod, BillingCurrency
