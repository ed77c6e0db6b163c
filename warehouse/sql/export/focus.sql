-- The cost lines of a billing period as FOCUS 1.4 Cost and Usage: its 65 columns in the standard's order, then ours.
-- $period: VARCHAR  billing period, YYYY-MM
-- $source: VARCHAR  x_SourceId of the cost lines; empty for all
SELECT
    AllocatedMethodDetails, AllocatedMethodId, AllocatedResourceId, AllocatedResourceName, AllocatedTags,
    AvailabilityZone, BilledCost, BillingAccountId, BillingAccountName, BillingAccountType, BillingCurrency,
    BillingPeriodEnd, BillingPeriodStart, CapacityReservationId, CapacityReservationStatus, ChargeCategory,
    ChargeClass, ChargeDescription, ChargeFrequency, ChargePeriodEnd, ChargePeriodStart, CommitmentDiscountCategory,
    CommitmentDiscountId, CommitmentDiscountName, CommitmentDiscountQuantity, CommitmentDiscountStatus,
    CommitmentDiscountType, CommitmentDiscountUnit, CommitmentProgramEligibilityDetails, ConsumedQuantity,
    ConsumedUnit, ContractApplied, ContractedCost, ContractedUnitPrice, EffectiveCost, HostProviderName,
    InvoiceDetailId, InvoiceId, InvoiceIssuerName, ListCost, ListUnitPrice, PricingCategory, PricingCurrency,
    PricingCurrencyContractedUnitPrice, PricingCurrencyEffectiveCost, PricingCurrencyListUnitPrice, PricingQuantity,
    PricingUnit, RegionId, RegionName, ResourceId, ResourceName, ResourceType, ServiceCategory, ServiceName,
    ServiceProviderName, ServiceSubcategory, SkuId, SkuMeter, SkuPriceDetails, SkuPriceId, SubAccountId,
    SubAccountName, SubAccountType, Tags,
    COLUMNS('x_.*')
FROM cost_line
WHERE x_BillingPeriod = $period AND ($source = '' OR x_SourceId = $source)
