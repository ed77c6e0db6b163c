-- The costs of one period by accelerator model and purchase model, with the hours that were bought.
-- Lines without an accelerator are left out.
-- $period: VARCHAR  billing period, YYYY-MM
-- periods $period
SELECT
    x_AcceleratorModel AS accelerator_model, x_PurchaseModel AS purchase_model,
    BillingCurrency AS currency,
    sum(BilledCost) AS billed_cost, sum(EffectiveCost) AS effective_cost,
    sum(ListCost) AS list_cost, sum(x_AcceleratorHours) AS accelerator_hours,
    count(*) AS cost_lines
FROM cost_line
WHERE x_BillingPeriod = $period AND x_AcceleratorModel IS NOT NULL
GROUP BY x_AcceleratorModel, x_PurchaseModel, BillingCurrency
ORDER BY 1, 2 NULLS LAST, 3 NULLS LAST
