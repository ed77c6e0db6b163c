-- What each commitment cost and what came of it over all periods that are loaded.
-- Over its whole term used + unused is what its purchases billed; a reservation that is billed as
-- it runs has no purchase, and then all that is billed for it is all that is effective. A
-- reservation that a discount covers counts with the discount.
SELECT
    coalesce(CommitmentDiscountId, CapacityReservationId) AS commitment,
    BillingCurrency AS currency,
    max(ServiceProviderName) AS provider,
    sum(CASE WHEN ChargeCategory = 'Purchase' THEN BilledCost END) AS purchased_cost,
    sum(CASE WHEN coalesce(CommitmentDiscountStatus, CapacityReservationStatus) = 'Used'
        THEN EffectiveCost END) AS used_cost,
    sum(CASE WHEN coalesce(CommitmentDiscountStatus, CapacityReservationStatus) = 'Unused'
        THEN EffectiveCost END) AS unused_cost,
    sum(BilledCost) AS billed_cost, sum(EffectiveCost) AS effective_cost,
    min(coalesce(ChargePeriodStart, BillingPeriodStart)) AS first_charge,
    max(coalesce(ChargePeriodEnd, ChargePeriodStart, BillingPeriodEnd)) AS last_charge,
    count(*) AS cost_lines
FROM cost_line
WHERE coalesce(CommitmentDiscountId, CapacityReservationId) IS NOT NULL
GROUP BY 1, 2
ORDER BY 1, 2 NULLS LAST
