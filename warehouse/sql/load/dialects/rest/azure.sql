-- What Azure's actual and amortised costs have in common; it goes on behind the CTE `given`, which says which they are.
line AS (
    SELECT
        *,
        coalesce(cost_in_billing_currency::VARCHAR, pre_tax_cost::VARCHAR, cost::VARCHAR) AS amount,
        coalesce(date::VARCHAR, usage_date_time::VARCHAR, usage_date::VARCHAR) AS day_said,
        billing_period_start_date::VARCHAR AS month_said,
        coalesce(quantity::VARCHAR, usage_quantity::VARCHAR) AS used,
        coalesce(unit_of_measure, '') AS unit_said,
        coalesce(unit_price::VARCHAR, resource_rate::VARCHAR) AS price_said,
        coalesce(charge_type, 'Usage') AS kind,
        coalesce(resource_id, instance_id) AS resource,
        coalesce(benefit_id, reservation_id) AS benefit,
        coalesce(exchange_rate_pricing_to_billing::VARCHAR, exchange_rate::VARCHAR) AS rate_said,
        coalesce(pricing_currency, pricing_currency_code) AS priced_in,
        CASE
            WHEN starts_with(ltrim(additional_info), '{') THEN additional_info
            ELSE '{' || additional_info || '}'
        END AS details,
        list_contains(['SavingsPlan', 'Savings Plan', 'Savings plan'], pricing_model)
            OR contains(lower(benefit_id), '/microsoft.billingbenefits/')
            OR charge_type = 'UnusedSavingsPlan' AS is_planned
    FROM given
),

-- Days are written 2026-10-31 or 10/31/2026. A unit as 100 Hours is a block of a hundred; 10K and 1M count as well.
-- Bills of some subscriptions run from one day of a month to that day of the next; exports hold calendar months.
read AS (
    SELECT
        *,
        coalesce(try_cast(left(day_said, 10) AS DATE), try_strptime(left(day_said, 10), '%m/%d/%Y')::DATE) AS day,
        coalesce(try_cast(left(month_said, 10) AS DATE), try_strptime(left(month_said, 10), '%m/%d/%Y')::DATE) AS begins,
        kind = 'UnusedReservation' OR kind = 'UnusedSavingsPlan' AS is_unused,
        kind = 'Usage' AND (benefit IS NOT NULL OR pricing_model = 'Reservation' OR is_planned) AS is_covered,
        (kind = 'Purchase' OR kind = 'Refund')
            AND (pricing_model = 'Reservation' OR coalesce(is_planned, false) OR starts_with(product_name, 'Reserved VM'))
            AS is_promise,
        coalesce(try_cast(regexp_extract(unit_said, '^ *([0-9]+)', 1) AS BIGINT), 1)
            * CASE regexp_extract(unit_said, '^ *[0-9]+([KMB])\b', 1)
                WHEN 'K' THEN 1000 WHEN 'M' THEN 1000000 WHEN 'B' THEN 1000000000 ELSE 1
            END AS block,
        trim(regexp_replace(unit_said, '^ *[0-9]+([KMB]\b)? *', '')) AS unit_rest,
        replace(lower(resource_location), ' ', '') AS location,
        try_cast(price_said AS DECIMAL(18, 12)) AS price,
        CASE WHEN rate_said IS NULL THEN 1 ELSE try_cast(rate_said AS DECIMAL(13, 8)) END AS rate
    FROM line
),

named AS (
    SELECT
        *,
        CASE WHEN day(begins) = 1 THEN begins ELSE date_trunc('month', day)::DATE END AS month,
        CASE
            WHEN list_contains(['hour', 'hours', '1 hour', 'instance hours', 'core hours', 'content hours'], lower(unit_rest))
                THEN 'Hours'
            WHEN unit_rest = '' THEN 'Units'
            WHEN starts_with(unit_rest, '/') THEN 'Units' || unit_rest
            WHEN list_contains(['Month', 'Day', 'Second', 'Minute', 'Unit', 'Request'], unit_rest) THEN unit_rest || 's'
            ELSE unit_rest
        END AS unit,
        CASE
            WHEN block = 1 THEN used
            ELSE (
                coalesce(try_cast(used AS DECIMAL(18, 12)), try_cast(used AS DECIMAL(26, 12)))
                * try_cast(round(1 / nullif(block, 0), 12) AS DECIMAL(12, 12))
            )::VARCHAR
        END AS blocks,
        CASE WHEN rate = 1 THEN price ELSE try_cast(price * rate AS DECIMAL(18, 12)) END AS billed_price,
        CASE
            WHEN is_unused THEN 'Usage'
            WHEN kind = 'Refund' THEN 'Purchase'
            WHEN kind = 'RoundingAdjustment' THEN 'Adjustment'
            ELSE kind
        END AS category,
        coalesce(benefit, CASE WHEN is_promise THEN product_order_id END) AS commitment,
        -- Machines are called by their type with usage, and in the product's name with a reservation.
        coalesce(
            json_field(details, 'ServiceType'),
            nullif(regexp_extract(product_name, '^Reserved VM Instance, (Standard_[A-Za-z0-9_]+),', 1), '')
        ) AS machine
    FROM read
),

priced AS (
    SELECT
        *,
        CASE
            WHEN is_covered OR is_unused THEN 'Committed'
            WHEN category = 'Usage' AND (pricing_model = 'Spot' OR ends_with(meter_name, ' Spot')) THEN 'Dynamic'
            WHEN category = 'Usage' OR category = 'Purchase' THEN 'Standard'
        END AS pricing,
        category = 'Usage' OR category = 'Purchase' AS has_quantity,
        CASE
            WHEN category = 'Usage'
                THEN (billed_price * try_cast(blocks AS DECIMAL(18, 9)))::VARCHAR
            ELSE amount
        END AS contracted,
        CASE WHEN try_cast(payg_price AS DOUBLE) > 0 THEN try_cast(payg_price::VARCHAR AS DECIMAL(18, 12)) END AS list_price
    FROM named
)

SELECT
    availability_zone AS AvailabilityZone,
    CASE WHEN is_amortized AND (is_covered OR is_unused) THEN '0' ELSE amount END AS BilledCost,
    CASE WHEN is_amortized AND is_promise THEN '0' ELSE amount END AS EffectiveCost,
    coalesce(billing_profile_id, billing_account_id, subscription_id, subscription_guid) AS BillingAccountId,
    coalesce(billing_profile_name, billing_account_name, subscription_name) AS BillingAccountName,
    CASE
        WHEN billing_profile_id <> billing_account_id THEN 'Billing Profile'
        WHEN coalesce(billing_profile_id, billing_account_id) IS NOT NULL THEN 'Billing Account'
        ELSE 'Subscription'
    END AS BillingAccountType,
    coalesce(billing_currency, billing_currency_code, currency) AS BillingCurrency,
    coalesce((month + INTERVAL 1 MONTH)::VARCHAR, month_said, day_said) AS BillingPeriodEnd,
    coalesce(month::VARCHAR, month_said, day_said) AS BillingPeriodStart,
    category AS ChargeCategory,
    -- A refund names the invoice that it corrects; without one it is of this very period.
    CASE WHEN kind = 'Refund' AND previous_invoice_id IS NOT NULL THEN 'Correction' END AS ChargeClass,
    coalesce(product_name, product, meter_name) AS ChargeDescription,
    CASE
        WHEN frequency = 'OneTime' THEN 'One-Time'
        WHEN frequency = 'UsageBased' OR (frequency IS NULL AND category = 'Usage') THEN 'Usage-Based'
        ELSE frequency
    END AS ChargeFrequency,
    coalesce((day + INTERVAL 1 DAY)::VARCHAR, day_said) AS ChargePeriodEnd,
    coalesce(day::VARCHAR, day_said) AS ChargePeriodStart,
    CASE WHEN commitment IS NULL THEN NULL WHEN is_planned THEN 'Spend' ELSE 'Usage' END AS CommitmentDiscountCategory,
    commitment AS CommitmentDiscountId,
    CASE WHEN commitment IS NOT NULL THEN coalesce(benefit_name, reservation_name, product_order_name) END
        AS CommitmentDiscountName,
    CASE
        WHEN commitment IS NULL OR category <> 'Usage' THEN NULL
        WHEN is_planned AND is_amortized THEN amount
        WHEN is_planned THEN NULL
        ELSE used
    END AS CommitmentDiscountQuantity,
    CASE WHEN commitment IS NULL THEN NULL WHEN is_unused THEN 'Unused' WHEN is_covered THEN 'Used' END
        AS CommitmentDiscountStatus,
    CASE WHEN commitment IS NULL THEN NULL WHEN is_planned THEN 'Savings Plan' ELSE 'Reservation' END
        AS CommitmentDiscountType,
    CASE
        WHEN commitment IS NULL OR category <> 'Usage' THEN NULL
        WHEN is_planned AND is_amortized THEN coalesce(billing_currency, billing_currency_code, currency)
        WHEN is_planned THEN NULL
        ELSE unit
    END AS CommitmentDiscountUnit,
    CASE WHEN kind = 'Usage' THEN used END AS ConsumedQuantity,
    CASE WHEN kind = 'Usage' AND used IS NOT NULL THEN unit END AS ConsumedUnit,
    coalesce(contracted, amount) AS ContractedCost,
    CASE WHEN has_quantity THEN billed_price::VARCHAR END AS ContractedUnitPrice,
    'Microsoft' AS HostProviderName,
    invoice_id AS InvoiceId,
    coalesce(partner_name, 'Microsoft') AS InvoiceIssuerName,
    CASE
        WHEN payg_cost_in_billing_currency IS NOT NULL THEN payg_cost_in_billing_currency::VARCHAR
        WHEN category = 'Usage'
            THEN (try_cast(list_price * rate AS DECIMAL(18, 12)) * try_cast(blocks AS DECIMAL(18, 9)))::VARCHAR
        ELSE amount
    END AS ListCost,
    CASE WHEN category = 'Usage' THEN try_cast(list_price * rate AS DECIMAL(18, 12))::VARCHAR END AS ListUnitPrice,
    pricing AS PricingCategory,
    priced_in AS PricingCurrency,
    CASE WHEN priced_in IS NOT NULL AND has_quantity THEN price_said END AS PricingCurrencyContractedUnitPrice,
    CASE
        WHEN is_amortized AND is_promise AND cost_in_pricing_currency IS NOT NULL THEN '0'
        ELSE cost_in_pricing_currency::VARCHAR
    END AS PricingCurrencyEffectiveCost,
    CASE WHEN priced_in IS NOT NULL AND category = 'Usage' THEN list_price END AS PricingCurrencyListUnitPrice,
    CASE WHEN has_quantity THEN blocks END AS PricingQuantity,
    CASE
        WHEN NOT has_quantity OR blocks IS NULL THEN NULL
        WHEN block = 1 THEN unit
        ELSE block::VARCHAR || ' ' || unit
    END AS PricingUnit,
    -- Older bills turn the words round: US East 2 is eastus2, EU West is westeurope.
    CASE
        WHEN list_contains(['unknown', 'unassigned', 'intercontinental', 'na', 'n/a'], location) THEN NULL
        ELSE coalesce(
            MAP {
                'useast': 'eastus', 'useast2': 'eastus2', 'useast3': 'eastus3', 'uscentral': 'centralus',
                'uswest': 'westus', 'uswest2': 'westus2', 'uswest3': 'westus3', 'usnorthcentral': 'northcentralus',
                'ussouthcentral': 'southcentralus', 'uswestcentral': 'westcentralus', 'euwest': 'westeurope',
                'eunorth': 'northeurope', 'apeast': 'eastasia', 'apsoutheast': 'southeastasia', 'jaeast': 'japaneast',
                'jawest': 'japanwest', 'incentral': 'centralindia', 'insouth': 'southindia', 'inwest': 'westindia',
                'aueast': 'australiaeast', 'ausoutheast': 'australiasoutheast', 'aucentral': 'australiacentral',
                'aucentral2': 'australiacentral2', 'cacentral': 'canadacentral', 'caeast': 'canadaeast',
                'brsouth': 'brazilsouth', 'krcentral': 'koreacentral', 'krsouth': 'koreasouth',
                'frcentral': 'francecentral', 'frsouth': 'francesouth', 'dewestcentral': 'germanywestcentral',
                'denorth': 'germanynorth', 'noeast': 'norwayeast', 'nowest': 'norwaywest', 'chn': 'switzerlandnorth',
                'chw': 'switzerlandwest', 'aenorth': 'uaenorth', 'aecentral': 'uaecentral',
                'zanorth': 'southafricanorth', 'zawest': 'southafricawest', 'secentral': 'swedencentral',
                'plcentral': 'polandcentral', 'itnorth': 'italynorth', 'ilcentral': 'israelcentral',
                'escentral': 'spaincentral', 'qacentral': 'qatarcentral', 'mxcentral': 'mexicocentral',
                'nznorth': 'newzealandnorth', 'idcentral': 'indonesiacentral', 'mywest': 'malaysiawest'
            }[location],
            location
        )
    END AS RegionId,
    CASE WHEN NOT list_contains(['unknown', 'unassigned', 'na', 'n/a'], location) THEN resource_location END AS RegionName,
    coalesce(resource, CASE WHEN is_promise OR is_unused THEN commitment END) AS ResourceId,
    coalesce(resource_name, nullif(regexp_extract(resource, '[^/]+$'), '')) AS ResourceName,
    nullif(lower(regexp_extract(resource, '/providers/([^/]+/[^/]+)/', 1)), '') AS ResourceType,
    CASE
        WHEN consumed_service = 'Microsoft.MachineLearningServices' OR meter_category = 'Azure Machine Learning'
            OR service_family = 'AI + Machine Learning' OR starts_with(meter_category, 'Cognitive Services')
            OR contains(meter_category, 'OpenAI') OR starts_with(meter_category, 'Foundry')
            THEN 'AI and Machine Learning'
        WHEN service_family = 'Compute' OR service_family = 'Containers' OR starts_with(meter_category, 'Virtual Machines')
            OR list_contains(['Azure Kubernetes Service', 'Container Instances', 'Container Registry', 'Functions',
                'Azure App Service', 'Cloud Services', 'Reservation', 'Savings Plan'], meter_category)
            THEN 'Compute'
        WHEN list_contains(['Bandwidth', 'Virtual Network', 'Load Balancer', 'VPN Gateway', 'ExpressRoute', 'Azure DNS',
            'Application Gateway', 'NAT Gateway', 'Azure Firewall', 'Content Delivery Network', 'Azure Front Door Service'],
            meter_category) OR service_family = 'Networking'
            THEN 'Networking'
        WHEN service_family = 'Storage' OR meter_category = 'Storage' OR meter_category = 'Backup' THEN 'Storage'
        WHEN service_family = 'Databases' OR service_family = 'Data' OR starts_with(meter_category, 'SQL ')
            OR starts_with(meter_category, 'Azure Cosmos DB') OR contains(meter_category, 'Database')
            THEN 'Databases'
        WHEN list_contains(['Analytics', 'Security', 'Identity', 'Integration', 'Internet of Things', 'Media', 'Mobile',
            'Web', 'Developer Tools', 'Management and Governance'], service_family) THEN service_family
        WHEN list_contains(['Log Analytics', 'Azure Monitor', 'Automation', 'Insight and Analytics'], meter_category)
            THEN 'Management and Governance'
        WHEN list_contains(['Key Vault', 'Microsoft Defender for Cloud', 'Security Center', 'Sentinel'], meter_category)
            THEN 'Security'
        ELSE 'Other'
    END AS ServiceCategory,
    CASE
        WHEN consumed_service = 'Microsoft.MachineLearningServices' THEN 'Azure Machine Learning'
        ELSE coalesce(meter_category, consumed_service, service_family, product_name)
    END AS ServiceName,
    CASE WHEN publisher_type = 'Marketplace' THEN coalesce(publisher_name, 'Microsoft') ELSE 'Microsoft' END
        AS ServiceProviderName,
    CASE WHEN has_quantity THEN coalesce(product_id, meter_id) END AS SkuId,
    CASE WHEN has_quantity THEN meter_name END AS SkuMeter,
    coalesce(subscription_id, subscription_guid) AS SubAccountId,
    subscription_name AS SubAccountName,
    CASE WHEN coalesce(subscription_id, subscription_guid) IS NOT NULL THEN 'Subscription' END AS SubAccountType,
    -- EA writes tags without braces.
    CASE WHEN starts_with(ltrim(tags), '{') THEN tags ELSE '{' || tags || '}' END AS Tags,
    CASE WHEN category = 'Usage' OR is_promise THEN machine END AS x_MachineType
FROM priced
