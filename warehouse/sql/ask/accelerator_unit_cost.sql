-- Effective cost and accelerator-hours by month and model: their quotient is the price of an hour.
-- Only lines that say their hours are in both sums; the cost of the others stands by itself.
-- $first_period: VARCHAR  first billing period, YYYY-MM
-- $end_period: VARCHAR  first billing period that does not count any more
-- periods $first_period to $end_period
SELECT
    x_BillingPeriod AS period, ServiceProviderName AS provider,
    x_AcceleratorModel AS accelerator_model, x_PurchaseModel AS purchase_model,
    BillingCurrency AS currency,
    sum(CASE WHEN x_AcceleratorHours IS NOT NULL THEN EffectiveCost END) AS effective_cost,
    sum(x_AcceleratorHours) AS accelerator_hours,
    sum(CASE WHEN x_AcceleratorHours IS NULL THEN EffectiveCost END) AS cost_without_hours
FROM cost_line
WHERE x_BillingPeriod >= $first_period AND x_BillingPeriod < $end_period
    AND x_AcceleratorModel IS NOT NULL
GROUP BY 1, 2, 3, 4, 5
ORDER BY 1, 2 NULLS LAST, 3, 4 NULLS LAST, 5 NULLS LAST
