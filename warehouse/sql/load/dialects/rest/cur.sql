-- What CUR 1.0 and CUR 2.0 have in common; it goes on behind the CTE `line`, which makes their columns alike.
named AS (
    SELECT
        *,
        coalesce(line_item_net_unblended_cost, line_item_unblended_cost) AS payment,
        list_contains(['Usage', 'DiscountedUsage', 'SavingsPlanCoveredUsage'], line_item_line_item_type) AS is_usage,
        line_item_line_item_type = 'DiscountedUsage' AS is_reserved,
        line_item_line_item_type = 'SavingsPlanCoveredUsage' AS is_planned,
        CASE
            WHEN starts_with(line_item_line_item_type, 'SavingsPlan') THEN savings_plan_savings_plan_arn
            WHEN list_contains(['DiscountedUsage', 'RIFee', 'Fee'], line_item_line_item_type)
                AND NOT contains(reservation_reservation_arn, ':capacity-reservation/')
                THEN reservation_reservation_arn
        END AS commitment,
        CASE
            WHEN capacity_arn IS NOT NULL THEN capacity_arn
            WHEN contains(reservation_reservation_arn, ':capacity-reservation/') THEN reservation_reservation_arn
        END AS reserved_capacity,
        CASE
            WHEN capacity_state IS NOT NULL THEN capacity_state
            WHEN product_capacity_status = 'UnusedCapacityReservation' THEN 'Unused'
            WHEN product_capacity_status = 'AllocatedCapacityReservation' THEN 'Reserved'
            ELSE 'Used'
        END AS capacity_status,
        coalesce(
            savings_plan_net_savings_plan_effective_cost::VARCHAR, savings_plan_savings_plan_effective_cost::VARCHAR
        ) AS plan_cost,
        coalesce(reservation_net_effective_cost::VARCHAR, reservation_effective_cost::VARCHAR) AS reservation_cost,
        coalesce(
            reservation_net_unused_amortized_upfront_fee_for_billing_period::VARCHAR,
            reservation_unused_amortized_upfront_fee_for_billing_period::VARCHAR
        ) AS unused_upfront_fee,
        coalesce(reservation_net_unused_recurring_fee::VARCHAR, reservation_unused_recurring_fee::VARCHAR) AS unused_recurring_fee
    FROM line
),

-- What of a fee was not used: of a Savings Plan, the commitment of the hour less what usage took of it; of a Reserved
-- Instance, the unused parts of both its fees. Where AWS does not say (Dedicated Hosts), the fee counts when it is paid.
amortised AS (
    SELECT
        *,
        CASE
            WHEN line_item_line_item_type = 'SavingsPlanRecurringFee'
                THEN decimal_of_text(savings_plan_total_commitment_to_date::VARCHAR)
                    - decimal_of_text(savings_plan_used_commitment::VARCHAR)
            WHEN line_item_line_item_type = 'RIFee' AND unused_upfront_fee IS NULL AND unused_recurring_fee IS NULL
                THEN decimal_of_text(payment::VARCHAR)
            WHEN line_item_line_item_type = 'RIFee'
                THEN coalesce(decimal_of_text(unused_upfront_fee), 0)
                    + coalesce(decimal_of_text(unused_recurring_fee), 0)
        END AS unused_cost
    FROM named
),

categorised AS (
    SELECT
        *,
        coalesce(unused_cost <> 0, false) AS is_unused,
        CASE
            WHEN is_usage OR unused_cost <> 0 THEN 'Usage'
            WHEN line_item_line_item_type = 'Tax' THEN 'Tax'
            WHEN list_contains(
                ['Fee', 'RIFee', 'SavingsPlanRecurringFee', 'SavingsPlanUpfrontFee'], line_item_line_item_type
            ) THEN 'Purchase'
            WHEN line_item_line_item_type = 'Refund' AND line_item_tax_type IS NOT NULL THEN 'Tax'
            WHEN line_item_line_item_type = 'Refund' THEN 'Usage'
            WHEN line_item_line_item_type = 'SavingsPlanNegation' OR contains(line_item_line_item_type, 'Discount')
                THEN 'Adjustment'
            ELSE line_item_line_item_type
        END AS category,
        is_usage AND coalesce(try_cast(pricing_public_on_demand_cost AS DOUBLE) <> 0, false) AS is_listed,
        reserved_capacity IS NOT NULL AND list_contains(['Reserved', 'Canceled'], capacity_status) AS is_only_held,
        CASE
            WHEN contains(line_item_usage_type, 'ml.')
                THEN nullif(regexp_extract(line_item_usage_type, 'ml\.[a-z0-9-]+\.[a-z0-9]+'), '')
            WHEN contains(line_item_usage_type, 'EBSOptimized') OR contains(line_item_usage_type, 'CPUCredits') THEN NULL
            ELSE product_instance_type
        END AS machine_type
    FROM amortised
),

priced AS (
    SELECT
        *,
        CASE
            WHEN is_usage AND contains(line_item_usage_type, 'Spot') THEN 'Dynamic'
            WHEN is_reserved OR is_planned OR is_unused THEN 'Committed'
            WHEN is_usage OR category = 'Purchase' THEN 'Standard'
        END AS pricing,
        CASE
            WHEN line_item_line_item_type = 'RIFee' AND is_unused THEN reservation_unused_quantity
            WHEN is_only_held OR is_unused THEN NULL
            WHEN is_usage OR category = 'Purchase' THEN line_item_usage_amount
        END AS quantity,
        CASE
            WHEN (is_usage OR is_unused) AND NOT is_only_held
                AND list_contains(['hrs', 'hours', 'hour', 'hr'], lower(pricing_unit))
                THEN machine_type
        END AS hired_machine
    FROM categorised
)

SELECT
    line_item_availability_zone AS AvailabilityZone,
    CASE WHEN is_planned OR line_item_line_item_type = 'SavingsPlanNegation' THEN '0' ELSE payment END AS BilledCost,
    bill_payer_account_id AS BillingAccountId,
    payer_name AS BillingAccountName,
    line_item_currency_code AS BillingCurrency,
    bill_billing_period_end_date AS BillingPeriodEnd,
    bill_billing_period_start_date AS BillingPeriodStart,
    CASE WHEN is_usage THEN reserved_capacity END AS CapacityReservationId,
    CASE WHEN is_usage AND reserved_capacity IS NOT NULL AND NOT is_only_held THEN capacity_status END
        AS CapacityReservationStatus,
    category AS ChargeCategory,
    CASE
        WHEN line_item_line_item_type = 'Refund'
            AND left(line_item_usage_start_date::VARCHAR, 10) < left(bill_billing_period_start_date::VARCHAR, 10)
            THEN 'Correction'
    END AS ChargeClass,
    line_item_line_item_description AS ChargeDescription,
    CASE
        WHEN is_usage THEN 'Usage-Based'
        WHEN line_item_line_item_type = 'RIFee' OR line_item_line_item_type = 'SavingsPlanRecurringFee' THEN 'Recurring'
        ELSE 'One-Time'
    END AS ChargeFrequency,
    CASE
        WHEN contains(line_item_usage_end_date::VARCHAR, ':59:59')
            THEN (time_of_text(line_item_usage_end_date::VARCHAR) + INTERVAL 1 SECOND)::VARCHAR
        ELSE line_item_usage_end_date::VARCHAR
    END AS ChargePeriodEnd,
    line_item_usage_start_date AS ChargePeriodStart,
    CASE
        WHEN commitment IS NULL THEN NULL
        WHEN contains(commitment, ':savingsplan') THEN 'Spend'
        ELSE 'Usage'
    END AS CommitmentDiscountCategory,
    commitment AS CommitmentDiscountId,
    CASE
        WHEN is_planned THEN plan_cost
        WHEN line_item_line_item_type = 'SavingsPlanRecurringFee' AND is_unused THEN unused_cost::VARCHAR
        WHEN commitment IS NOT NULL AND (is_reserved OR is_unused) THEN quantity::VARCHAR
    END AS CommitmentDiscountQuantity,
    CASE
        WHEN is_reserved OR is_planned THEN 'Used'
        WHEN is_unused AND commitment IS NOT NULL THEN 'Unused'
    END AS CommitmentDiscountStatus,
    CASE
        WHEN commitment IS NULL THEN NULL
        WHEN contains(commitment, ':savingsplan') THEN 'Savings Plan'
        ELSE 'Reserved Instance'
    END AS CommitmentDiscountType,
    CASE
        WHEN is_planned OR (starts_with(line_item_line_item_type, 'SavingsPlan') AND is_unused)
            THEN line_item_currency_code
        WHEN commitment IS NOT NULL AND (is_reserved OR is_unused) THEN pricing_unit
    END AS CommitmentDiscountUnit,
    CASE WHEN is_usage AND NOT is_only_held THEN line_item_usage_amount END AS ConsumedQuantity,
    CASE WHEN is_usage AND NOT is_only_held AND line_item_usage_amount IS NOT NULL THEN pricing_unit END AS ConsumedUnit,
    CASE
        WHEN line_item_line_item_type = 'SavingsPlanNegation' THEN '0'
        WHEN is_reserved AND is_listed THEN pricing_public_on_demand_cost
        WHEN is_planned THEN line_item_unblended_cost
        ELSE payment
    END AS ContractedCost,
    CASE
        WHEN is_unused OR is_only_held THEN NULL
        WHEN is_reserved AND is_listed THEN pricing_public_on_demand_rate::VARCHAR
        WHEN is_planned THEN line_item_unblended_rate::VARCHAR
        WHEN is_usage OR category = 'Purchase'
            THEN coalesce(line_item_net_unblended_rate::VARCHAR, line_item_unblended_rate::VARCHAR)
    END AS ContractedUnitPrice,
    CASE
        WHEN is_planned THEN plan_cost
        WHEN is_reserved THEN coalesce(reservation_cost, payment::VARCHAR)
        WHEN line_item_line_item_type = 'SavingsPlanRecurringFee' OR line_item_line_item_type = 'RIFee'
            THEN unused_cost::VARCHAR
        WHEN line_item_line_item_type = 'SavingsPlanNegation' OR line_item_line_item_type = 'SavingsPlanUpfrontFee'
            THEN '0'
        WHEN line_item_line_item_type = 'Fee' AND commitment IS NOT NULL THEN '0'
        ELSE payment::VARCHAR
    END AS EffectiveCost,
    'AWS' AS HostProviderName,
    bill_invoice_id AS InvoiceId,
    coalesce(bill_invoicing_entity, line_item_legal_entity) AS InvoiceIssuerName,
    CASE
        WHEN line_item_line_item_type = 'SavingsPlanNegation' THEN '0'
        WHEN is_listed THEN pricing_public_on_demand_cost
        ELSE line_item_unblended_cost
    END AS ListCost,
    CASE
        WHEN is_unused OR is_only_held THEN NULL
        WHEN is_listed THEN pricing_public_on_demand_rate::VARCHAR
        WHEN is_usage OR category = 'Purchase' THEN line_item_unblended_rate::VARCHAR
    END AS ListUnitPrice,
    pricing AS PricingCategory,
    pricing_currency AS PricingCurrency,
    quantity AS PricingQuantity,
    CASE WHEN quantity IS NOT NULL THEN pricing_unit END AS PricingUnit,
    region_id AS RegionId,
    CASE WHEN location_kind = 'AWS Region' OR location_kind IS NULL THEN location_name END AS RegionName,
    coalesce(line_item_resource_id, CASE WHEN category = 'Purchase' THEN commitment END) AS ResourceId,
    CASE WHEN line_item_resource_id IS NOT NULL THEN product_product_family END AS ResourceType,
    CASE
        WHEN list_contains(['AmazonSageMaker', 'AmazonBedrock', 'AmazonBedrockService', 'AmazonQ', 'AmazonRekognition',
            'AmazonTextract', 'AmazonPolly', 'AmazonLex', 'transcribe', 'translate', 'comprehend'], line_item_product_code)
            THEN 'AI and Machine Learning'
        WHEN product_product_family = 'Storage' OR product_product_family = 'Storage Snapshot'
            OR product_product_family = 'System Operation' THEN 'Storage'
        WHEN product_product_family = 'Data Transfer' OR product_product_family = 'NAT Gateway'
            OR starts_with(product_product_family, 'Load Balancer') OR product_product_family = 'IP Address'
            THEN 'Networking'
        WHEN list_contains(['AmazonEC2', 'AWSLambda', 'AmazonECS', 'AmazonEKS', 'AmazonECR', 'AmazonLightsail',
            'AWSBatch', 'ComputeSavingsPlans', 'AWSParallelComputingService'], line_item_product_code) THEN 'Compute'
        WHEN list_contains(['AmazonS3', 'AmazonEFS', 'AmazonFSx', 'AmazonGlacier', 'AWSBackup', 'AmazonS3GlacierDeepArchive'],
            line_item_product_code) THEN 'Storage'
        WHEN list_contains(['AmazonRDS', 'AmazonDynamoDB', 'AmazonElastiCache', 'AmazonDocDB', 'AmazonNeptune',
            'AmazonMemoryDB', 'AmazonTimestream'], line_item_product_code) THEN 'Databases'
        WHEN list_contains(['AmazonVPC', 'AmazonCloudFront', 'AWSELB', 'AmazonRoute53', 'AWSDirectConnect',
            'AWSDataTransfer', 'AWSGlobalAccelerator'], line_item_product_code) THEN 'Networking'
        WHEN list_contains(['AmazonRedshift', 'AmazonAthena', 'AWSGlue', 'AmazonKinesis', 'AmazonKinesisFirehose',
            'ElasticMapReduce', 'AmazonMSK', 'AmazonES', 'AmazonQuickSight'], line_item_product_code) THEN 'Analytics'
        WHEN list_contains(['AmazonCloudWatch', 'AWSCloudTrail', 'AWSConfig', 'AWSSystemsManager', 'AWSCostExplorer',
            'AWSSupportBusiness', 'AWSSupportEnterprise', 'AWSDeveloperSupport'], line_item_product_code)
            THEN 'Management and Governance'
        WHEN list_contains(['awskms', 'AWSSecretsManager', 'AmazonGuardDuty', 'awswaf', 'AWSShield', 'AmazonInspectorV2',
            'AWSSecurityHub', 'AmazonMacie'], line_item_product_code) THEN 'Security'
        WHEN list_contains(['AmazonSNS', 'AWSQueueService', 'AmazonMQ', 'AWSEvents', 'AmazonStates', 'AmazonApiGateway'],
            line_item_product_code) THEN 'Integration'
        ELSE 'Other'
    END AS ServiceCategory,
    coalesce(service_name, line_item_product_code) AS ServiceName,
    CASE WHEN bill_billing_entity = 'AWS Marketplace' THEN line_item_legal_entity ELSE 'AWS' END AS ServiceProviderName,
    product_sku AS SkuId,
    line_item_usage_type AS SkuMeter,
    pricing_rate_code AS SkuPriceId,
    line_item_usage_account_id AS SubAccountId,
    account_name AS SubAccountName,
    -- Keys are what people wrote: user_team (or user:team) is team; AWS's own, as aws_created_by, stay aws:created_by.
    CASE
        WHEN contains(resource_tags, '"user_') OR contains(resource_tags, '"aws_')
            THEN replace(replace(replace(replace(replace(replace(replace(
                resource_tags, '{"user_', '{"'), '{"user:', '{"'), ',"user_', ',"'), ', "user_', ', "'), ',"user:', ',"'),
                '{"aws_', '{"aws:'), ',"aws_', ',"aws:')
        ELSE replace(replace(resource_tags, '{"user:', '{"'), ',"user:', ',"')
    END AS Tags,
    line_item_usage_type AS x_UsageType,
    hired_machine AS x_MachineType,
    CASE
        WHEN hired_machine IS NULL THEN NULL
        WHEN contains(capacity_type, 'Block') OR contains(line_item_usage_type, 'CapacityBlock') THEN 'capacity_block'
        WHEN pricing = 'Dynamic' THEN 'spot'
        WHEN pricing = 'Committed' THEN 'committed'
        ELSE 'on_demand'
    END AS x_PurchaseModel
FROM priced
