-- The cost lines behind one origin of an allocation, the dearest first, a page at a time.
-- An origin is told by what charge_groups sums by; a NULL stands for a property that is not there.
-- The pool is not asked for: who shares a line is the policy's word, and not on the line.
-- $period: VARCHAR  billing period, YYYY-MM
-- $day: DATE  the origin's charge_day
-- $provider: VARCHAR  the origin's provider
-- $account: VARCHAR  the origin's account
-- $service: VARCHAR  the origin's service
-- $sku: VARCHAR  the origin's SKU
-- $charge_category: VARCHAR  the origin's charge category
-- $commitment_status: VARCHAR  the origin's commitment status
-- $currency: VARCHAR  the origin's currency
-- $invoice_issuer: VARCHAR  the origin's invoice issuer
-- $invoice: VARCHAR  the origin's invoice
-- $commitment: VARCHAR  the origin's commitment
-- $accelerator_model: VARCHAR  the origin's accelerator model
-- $limit: INTEGER  lines on a page
-- $skip: INTEGER  lines on the pages before
-- periods $period
SELECT
    x_SourceId, x_FileId, x_RecordNumber, ChargePeriodStart, ChargePeriodEnd, ChargeCategory,
    ChargeDescription, ResourceId, ResourceName, RegionId, SkuId, SkuMeter, PricingQuantity,
    PricingUnit, BilledCost, EffectiveCost, ContractedCost, ListCost, BillingCurrency, Tags
FROM cost_line
WHERE x_BillingPeriod = $period
    AND CAST(coalesce(
        ChargePeriodStart, BillingPeriodStart, CAST(x_BillingPeriod || '-01' AS TIMESTAMPTZ)
    ) AS DATE) = $day
    AND ServiceProviderName IS NOT DISTINCT FROM $provider
    AND coalesce(SubAccountId, BillingAccountId) IS NOT DISTINCT FROM $account
    AND ServiceName IS NOT DISTINCT FROM $service
    AND coalesce(SkuId, SkuPriceId) IS NOT DISTINCT FROM $sku
    AND ChargeCategory IS NOT DISTINCT FROM $charge_category
    AND CASE
        WHEN CommitmentDiscountStatus = 'Unused' OR CapacityReservationStatus = 'Unused'
            THEN 'Unused'
        ELSE coalesce(CommitmentDiscountStatus, CapacityReservationStatus)
    END IS NOT DISTINCT FROM $commitment_status
    AND BillingCurrency IS NOT DISTINCT FROM $currency
    AND InvoiceIssuerName IS NOT DISTINCT FROM $invoice_issuer
    AND InvoiceId IS NOT DISTINCT FROM $invoice
    AND coalesce(CommitmentDiscountId, CapacityReservationId) IS NOT DISTINCT FROM $commitment
    AND x_AcceleratorModel IS NOT DISTINCT FROM $accelerator_model
ORDER BY EffectiveCost DESC NULLS LAST, x_SourceId, x_FileId NULLS LAST,
    x_RecordNumber NULLS LAST
LIMIT $limit OFFSET $skip
