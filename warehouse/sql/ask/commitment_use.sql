-- What was used and what was left unused of each commitment in one period, by cost and by quantity.
-- Utilisation is used ÷ (used + unused); purchases are not use and are left out.
-- $period: VARCHAR  billing period, YYYY-MM
-- periods $period
SELECT
    ServiceProviderName AS provider, CommitmentDiscountId AS commitment,
    CommitmentDiscountType AS commitment_type, CommitmentDiscountUnit AS unit,
    BillingCurrency AS currency,
    max(CommitmentDiscountName) AS commitment_name,
    sum(CASE WHEN CommitmentDiscountStatus = 'Used' THEN EffectiveCost END) AS used_cost,
    sum(CASE WHEN CommitmentDiscountStatus = 'Unused' THEN EffectiveCost END) AS unused_cost,
    sum(CASE WHEN CommitmentDiscountStatus = 'Used' THEN CommitmentDiscountQuantity END)
        AS used_quantity,
    sum(CASE WHEN CommitmentDiscountStatus = 'Unused' THEN CommitmentDiscountQuantity END)
        AS unused_quantity
FROM cost_line
WHERE x_BillingPeriod = $period AND ChargeCategory = 'Usage'
    AND CommitmentDiscountStatus IS NOT NULL
GROUP BY 1, 2, 3, 4, 5
ORDER BY 1 NULLS LAST, 2 NULLS LAST, 3 NULLS LAST, 4 NULLS LAST, 5 NULLS LAST
