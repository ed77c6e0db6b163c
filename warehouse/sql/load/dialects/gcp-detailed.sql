-- Google Cloud's usage cost export (detailed or standard), spooled so that each usage, each credit of it and each unused rest of a commitment is a record.
-- Billed: usage has its cost plus the credits of its commitment, any other credit its amount. Effective: usage has its share of
-- the commitment's fee besides, the fee has 0 then, and what of the fee no usage took is a record of its own.
-- needs: record_type, invoice_month, currency, cost
-- reads: billing_account_id, usage_start_time, usage_end_time, service_description, sku_id, sku_description
-- reads: project_id, project_name, region, zone, cost_type
-- reads: usage_amount, usage_unit, usage_amount_in_pricing_units, usage_pricing_unit
-- optional: resource_name, resource_global_name, cost_at_list, effective_price, pricing_unit_quantity, machine_spec
-- optional: labels, system_labels, project_labels, tags, seller_name, currency_conversion_rate
-- optional: service_id, project_number, location, country, subscription_instance_id, export_time, adjustment_description, adjustment_type
-- optional: credit_type, credit_id, credit_name, credit_full_name, credit_amount, commitment_credit, covered_quantity
-- optional: commitment_role, commitment_id, commitment_name, commitment_category, commitment_share
WITH line AS (
    SELECT
        *,
        record_type = 'usage' AS is_usage,
        record_type = 'credit' AS is_credit,
        coalesce(commitment_role = 'fee', false) AS is_fee,
        coalesce(commitment_role = 'covered', false) AS is_covered,
        record_type = 'unused' AS is_unused,
        coalesce(lower(cost_type), 'regular') AS kind_of_cost,
        starts_with(coalesce(sku_description, ''), 'Commitment') AS is_commitment,
        -- A month of Google's begins at midnight in California.
        coalesce(
            strftime(timezone('America/Los_Angeles', time_of_text(usage_start_time::VARCHAR)), '%Y%m')
                < invoice_month::VARCHAR,
            false
        ) AS is_later,
        try_strptime(invoice_month::VARCHAR, '%Y%m') AS month_start,
        contains(coalesce(sku_description, ''), 'Spot Preemptible') AS is_spot
    FROM record
),

priced AS (
    SELECT
        *,
        CASE
            WHEN is_fee THEN 0
            WHEN is_unused THEN decimal_of_text(commitment_share::VARCHAR)
            WHEN is_credit THEN decimal_of_text(credit_amount::VARCHAR)
            ELSE decimal_of_text(cost::VARCHAR)
                + coalesce(decimal_of_text(commitment_credit::VARCHAR), 0)
                + coalesce(decimal_of_text(commitment_share::VARCHAR), 0)
        END AS effective
    FROM line
)
SELECT
    CASE
        WHEN is_credit THEN credit_amount::VARCHAR
        WHEN is_unused THEN '0'
        WHEN commitment_credit IS NULL THEN cost::VARCHAR
        ELSE (decimal_of_text(cost::VARCHAR) + decimal_of_text(commitment_credit::VARCHAR))::VARCHAR
    END AS BilledCost,
    effective AS EffectiveCost,
    CASE
        WHEN NOT is_usage OR is_fee THEN '0'
        ELSE coalesce(cost_at_list::VARCHAR, cost::VARCHAR)
    END AS ListCost,
    CASE WHEN NOT is_usage OR is_fee THEN '0' ELSE cost::VARCHAR END AS ContractedCost,
    currency AS BillingCurrency,
    billing_account_id AS BillingAccountId,
    NULL::VARCHAR AS BillingAccountName,
    'Billing Account' AS BillingAccountType,
    coalesce(month_start::VARCHAR, invoice_month::VARCHAR) AS BillingPeriodStart,
    month_start + INTERVAL 1 MONTH AS BillingPeriodEnd,
    usage_start_time AS ChargePeriodStart,
    usage_end_time AS ChargePeriodEnd,
    CASE
        WHEN is_credit THEN 'Credit'
        WHEN is_unused THEN 'Usage'
        WHEN kind_of_cost = 'tax' THEN 'Tax'
        WHEN kind_of_cost <> 'regular' THEN 'Adjustment'
        WHEN is_commitment THEN 'Purchase'
        ELSE 'Usage'
    END AS ChargeCategory,
    CASE WHEN kind_of_cost = 'adjustment' AND is_later THEN 'Correction' END AS ChargeClass,
    CASE
        WHEN is_credit
            THEN coalesce(credit_full_name, credit_name, credit_id, credit_type)
                || coalesce(' on ' || sku_description, '')
        WHEN is_unused THEN 'Unused: ' || coalesce(sku_description, commitment_name)
        ELSE coalesce(adjustment_description, sku_description)
    END AS ChargeDescription,
    CASE
        WHEN is_usage AND kind_of_cost <> 'regular' THEN 'One-Time'
        WHEN is_usage AND is_commitment THEN 'Recurring'
        ELSE 'Usage-Based'
    END AS ChargeFrequency,
    'Google Cloud' AS InvoiceIssuerName,
    'Google Cloud' AS ServiceProviderName,
    'Google Cloud' AS HostProviderName,
    coalesce(seller_name, 'Google Cloud') AS PublisherName,
    service_description AS ServiceName,
    CASE
        WHEN service_description IS NULL THEN 'Other'
        WHEN list_contains(['Compute Engine', 'Kubernetes Engine', 'Cloud Run', 'Cloud Run Functions', 'Cloud TPU', 'Google Cloud VMware Engine', 'Batch', 'App Engine'], service_description) THEN 'Compute'
        WHEN list_contains(['Cloud Storage', 'Cloud Filestore', 'Filestore', 'NetApp Volumes', 'Backup and DR Service', 'Parallelstore', 'Managed Lustre'], service_description) THEN 'Storage'
        WHEN list_contains(['Vertex AI', 'AI Platform', 'Gemini API', 'Notebooks', 'Cloud Speech API', 'Cloud Vision API', 'Translate'], service_description) THEN 'AI and Machine Learning'
        WHEN list_contains(['BigQuery', 'BigQuery Reservation API', 'BigQuery Storage API', 'Cloud Dataflow', 'Cloud Dataproc', 'Looker', 'Cloud Composer', 'Cloud Pub/Sub'], service_description) THEN 'Analytics'
        WHEN list_contains(['Cloud SQL', 'Cloud Spanner', 'Cloud Bigtable', 'Cloud Firestore', 'AlloyDB', 'Cloud Memorystore for Redis'], service_description) THEN 'Databases'
        WHEN list_contains(['Networking', 'Cloud DNS', 'Cloud CDN', 'Network Intelligence Center'], service_description) THEN 'Networking'
        WHEN list_contains(['Cloud Logging', 'Cloud Monitoring', 'Stackdriver Trace'], service_description) THEN 'Management and Governance'
        WHEN list_contains(['Secret Manager', 'Cloud Key Management Service (KMS)', 'Security Command Center', 'Cloud Armor'], service_description) THEN 'Security'
        WHEN list_contains(['Cloud Build', 'Artifact Registry', 'Container Registry'], service_description) THEN 'Developer Tools'
        ELSE 'Other'
    END AS ServiceCategory,
    project_id AS SubAccountId,
    coalesce(project_name, project_id) AS SubAccountName,
    CASE WHEN project_id IS NOT NULL THEN 'Project' END AS SubAccountType,
    region AS RegionId,
    region AS RegionName,
    zone AS AvailabilityZone,
    coalesce(resource_global_name, resource_name) AS ResourceId,
    resource_name AS ResourceName,
    CASE
        WHEN contains(resource_global_name, '/') THEN regexp_extract(resource_global_name, '([^/]+)/[^/]*$', 1)
        WHEN coalesce(resource_global_name, resource_name) IS NOT NULL THEN 'Resource'
    END AS ResourceType,
    CASE WHEN kind_of_cost <> 'tax' THEN sku_id END AS SkuId,
    CASE WHEN kind_of_cost <> 'tax' THEN sku_description END AS SkuMeter,
    CASE
        WHEN coalesce(labels, system_labels, project_labels, tags) IS NOT NULL
            THEN '{' || concat_ws(',', labels, system_labels, project_labels, tags) || '}'
    END AS Tags,
    CASE
        WHEN is_credit OR kind_of_cost <> 'regular' THEN NULL
        WHEN is_covered OR is_unused THEN 'Committed'
        WHEN is_spot THEN 'Dynamic'
        ELSE 'Standard'
    END AS PricingCategory,
    -- A credit is about the same hours as its usage, which must not be counted twice.
    CASE WHEN NOT is_credit AND kind_of_cost <> 'tax' THEN usage_amount_in_pricing_units END AS PricingQuantity,
    CASE
        WHEN NOT is_credit AND kind_of_cost <> 'tax' AND usage_amount_in_pricing_units IS NOT NULL THEN usage_pricing_unit
    END AS PricingUnit,
    CASE WHEN is_usage AND kind_of_cost = 'regular' AND NOT is_commitment THEN usage_amount END AS ConsumedQuantity,
    CASE WHEN is_usage AND kind_of_cost = 'regular' AND NOT is_commitment THEN usage_unit END AS ConsumedUnit,
    CASE
        WHEN is_usage AND kind_of_cost = 'regular' AND NOT is_fee AND coalesce(pricing_unit_quantity::VARCHAR::DOUBLE, 1) = 1
            THEN effective_price
    END AS ContractedUnitPrice,
    -- The rate is what a dollar costs in the currency of the bill.
    CASE WHEN currency_conversion_rate::VARCHAR::DOUBLE > 0 THEN 'USD' END AS PricingCurrency,
    CASE
        WHEN currency_conversion_rate::VARCHAR::DOUBLE = 1 THEN effective::VARCHAR
        WHEN currency_conversion_rate::VARCHAR::DOUBLE > 0
            THEN (effective::DOUBLE / currency_conversion_rate::VARCHAR::DOUBLE)::VARCHAR
    END AS PricingCurrencyEffectiveCost,
    commitment_id AS CommitmentDiscountId,
    commitment_name AS CommitmentDiscountName,
    commitment_category AS CommitmentDiscountCategory,
    CASE
        WHEN commitment_category = 'Usage' THEN 'Resource-based committed use discount'
        WHEN commitment_category = 'Spend' THEN 'Spend-based committed use discount'
    END AS CommitmentDiscountType,
    CASE WHEN is_covered THEN 'Used' WHEN is_unused THEN 'Unused' END AS CommitmentDiscountStatus,
    CASE
        WHEN is_covered THEN covered_quantity::VARCHAR
        WHEN commitment_category = 'Usage' THEN usage_amount_in_pricing_units::VARCHAR
        WHEN is_fee THEN cost::VARCHAR
        WHEN is_unused THEN commitment_share::VARCHAR
    END AS CommitmentDiscountQuantity,
    CASE
        WHEN commitment_category = 'Usage' THEN usage_pricing_unit
        WHEN commitment_category = 'Spend' THEN currency
    END AS CommitmentDiscountUnit,
    CASE WHEN NOT is_unused AND NOT is_commitment THEN sku_description END AS x_UsageType,
    CASE WHEN NOT is_commitment THEN machine_spec END AS x_MachineType
FROM priced
