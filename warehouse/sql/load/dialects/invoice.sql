-- An invoice of a neocloud or of an owned cluster in Comptroller's own form (docs/connect/invoices.md) as FOCUS cost
-- lines: amount is what a line adds to the invoice and is taken as it is. What a commitment covered or left unused was
-- paid by its purchase, so such lines bill nothing, and the purchase has no effective cost.
-- needs: provider, billing_period, charge_start, charge_end, account, charge, amount, currency
-- optional: invoice_id, invoice_issuer, account_name, project, project_name, region, zone, resource_id, resource_name
-- optional: service, description, machine_type, accelerator_model, accelerators, purchase_model, quantity, unit
-- optional: unit_price, list_unit_price, list_amount, commitment_id, commitment_type, correction, tags
WITH line AS (
    SELECT
        *,
        lower(trim(charge::VARCHAR)) AS _charge,
        lower(trim(unit::VARCHAR)) AS _unit,
        lower(trim(purchase_model::VARCHAR)) AS _model,
        try_cast(left(trim(billing_period::VARCHAR), 7) || '-01' AS DATE) AS _month,
        coalesce(machine_type::VARCHAR, accelerator_model::VARCHAR, service::VARCHAR) AS _sku
    FROM record
),

sorted AS (
    SELECT
        *,
        _charge = 'usage' OR starts_with(_charge, 'commitment_') AS _computes,
        _charge IN ('commitment_usage', 'commitment_unused') AS _is_paid,
        _charge IN ('usage', 'commitment_usage', 'storage', 'network') AS _consumes,
        _charge IN ('credit', 'tax') AS _without_price,
        CASE _unit
            WHEN 'machine-hour' THEN 'Hours'
            WHEN 'accelerator-hour' THEN 'Accelerator-Hours'
            WHEN 'gb-month' THEN 'GB-Months'
            WHEN 'each' THEN 'Units'
            ELSE unit::VARCHAR
        END AS _focus_unit
    FROM line
)

SELECT
    CASE WHEN _is_paid THEN '0' ELSE amount::VARCHAR END AS BilledCost,
    CASE WHEN _charge = 'commitment_purchase' THEN '0' ELSE amount::VARCHAR END AS EffectiveCost,
    amount::VARCHAR AS ContractedCost,
    coalesce(list_amount::VARCHAR, amount::VARCHAR) AS ListCost,
    currency::VARCHAR AS BillingCurrency,
    account::VARCHAR AS BillingAccountId,
    coalesce(account_name::VARCHAR, account::VARCHAR) AS BillingAccountName,
    project::VARCHAR AS SubAccountId,
    coalesce(project_name::VARCHAR, project::VARCHAR) AS SubAccountName,
    invoice_id::VARCHAR AS InvoiceId,
    coalesce(_month::VARCHAR, billing_period::VARCHAR) AS BillingPeriodStart,
    (_month + INTERVAL 1 MONTH)::VARCHAR AS BillingPeriodEnd,
    charge_start AS ChargePeriodStart,
    charge_end AS ChargePeriodEnd,
    CASE
        WHEN _consumes OR _charge = 'commitment_unused' THEN 'Usage'
        WHEN _charge IN ('commitment_purchase', 'support') THEN 'Purchase'
        WHEN _charge = 'credit' THEN 'Credit'
        WHEN _charge = 'tax' THEN 'Tax'
        ELSE charge::VARCHAR
    END AS ChargeCategory,
    CASE WHEN lower(trim(correction::VARCHAR)) IN ('true', 'yes', '1') THEN 'Correction' END AS ChargeClass,
    description::VARCHAR AS ChargeDescription,
    CASE
        WHEN _charge IN ('commitment_purchase', 'credit') THEN 'One-Time'
        WHEN _charge IN ('support', 'tax') THEN 'Recurring'
        ELSE 'Usage-Based'
    END AS ChargeFrequency,
    coalesce(invoice_issuer::VARCHAR, provider::VARCHAR) AS InvoiceIssuerName,
    provider::VARCHAR AS ServiceProviderName,
    provider::VARCHAR AS HostProviderName,
    CASE
        WHEN service IS NOT NULL THEN service::VARCHAR
        WHEN _computes THEN 'GPU compute'
        ELSE upper(left(_charge, 1)) || substr(_charge, 2)
    END AS ServiceName,
    CASE
        WHEN _computes THEN 'Compute'
        WHEN _charge = 'storage' THEN 'Storage'
        WHEN _charge = 'network' THEN 'Networking'
        ELSE 'Other'
    END AS ServiceCategory,
    CASE
        WHEN _computes AND machine_type IS NOT NULL THEN 'Virtual Machines'
        WHEN _computes THEN 'Other (Compute)'
        WHEN _charge = 'storage' THEN 'Other (Storage)'
        WHEN _charge = 'network' THEN 'Other (Networking)'
        ELSE 'Other (Other)'
    END AS ServiceSubcategory,
    region::VARCHAR AS RegionId,
    region::VARCHAR AS RegionName,
    zone::VARCHAR AS AvailabilityZone,
    CASE
        WHEN _charge IN ('commitment_purchase', 'commitment_unused') THEN commitment_id::VARCHAR
        ELSE resource_id::VARCHAR
    END AS ResourceId,
    resource_name::VARCHAR AS ResourceName,
    CASE WHEN NOT _without_price THEN _sku END AS SkuId,
    CASE
        WHEN NOT _without_price AND unit_price IS NOT NULL AND quantity IS NOT NULL
            THEN concat_ws('/', _sku, _model, _unit)
    END AS SkuPriceId,
    CASE
        WHEN _without_price THEN NULL
        WHEN _model = 'spot' THEN 'Dynamic'
        WHEN _is_paid OR _charge = 'usage' AND commitment_id IS NOT NULL THEN 'Committed'
        WHEN _charge = 'usage' AND _model IN ('committed', 'capacity_block') THEN 'Committed'
        WHEN _charge = 'usage' AND _model = 'flex_start' THEN 'Other'
        ELSE 'Standard'
    END AS PricingCategory,
    CASE WHEN NOT _without_price THEN quantity::VARCHAR END AS PricingQuantity,
    CASE WHEN NOT _without_price AND quantity IS NOT NULL THEN _focus_unit END AS PricingUnit,
    CASE WHEN _consumes THEN quantity::VARCHAR END AS ConsumedQuantity,
    CASE WHEN _consumes AND quantity IS NOT NULL THEN _focus_unit END AS ConsumedUnit,
    CASE WHEN NOT _without_price THEN unit_price::VARCHAR END AS ContractedUnitPrice,
    CASE WHEN NOT _without_price THEN coalesce(list_unit_price::VARCHAR, unit_price::VARCHAR) END AS ListUnitPrice,
    CASE WHEN _computes THEN commitment_id::VARCHAR END AS CommitmentDiscountId,
    CASE WHEN _computes THEN commitment_id::VARCHAR END AS CommitmentDiscountName,
    CASE WHEN _computes AND commitment_id IS NOT NULL THEN 'Usage' END AS CommitmentDiscountCategory,
    CASE
        WHEN _computes AND commitment_id IS NOT NULL THEN coalesce(commitment_type::VARCHAR, 'Reserved capacity')
    END AS CommitmentDiscountType,
    CASE
        WHEN NOT _computes OR commitment_id IS NULL OR _charge = 'commitment_purchase' THEN NULL
        WHEN _charge = 'commitment_unused' THEN 'Unused'
        ELSE 'Used'
    END AS CommitmentDiscountStatus,
    CASE WHEN _computes AND commitment_id IS NOT NULL THEN quantity::VARCHAR END AS CommitmentDiscountQuantity,
    CASE
        WHEN _computes AND commitment_id IS NOT NULL AND quantity IS NOT NULL THEN _focus_unit
    END AS CommitmentDiscountUnit,
    tags AS Tags,
    CASE WHEN _computes THEN machine_type::VARCHAR END AS x_MachineType,
    CASE WHEN _computes THEN accelerator_model::VARCHAR END AS x_AcceleratorModel,
    CASE WHEN _computes THEN accelerators END AS x_AcceleratorCount,
    CASE
        WHEN NOT _computes OR coalesce(machine_type::VARCHAR, accelerator_model::VARCHAR) IS NULL THEN NULL
        WHEN _charge <> 'usage' THEN coalesce(_model, 'committed')
        ELSE coalesce(_model, CASE WHEN commitment_id IS NULL THEN 'on_demand' ELSE 'committed' END)
    END AS x_PurchaseModel
FROM sorted
