-- Cost lines of one source and one month as the lake holds them: $lines lines, hours of resources
-- one after the other, a third of the resources with accelerators, a ninth under a commitment.
WITH line AS (
    SELECT
        i, i // 720 AS resource, i % 720 AS hour, hash(i, $source) AS h,
        $period::TIMESTAMPTZ + to_hours((i % 720)::INTEGER) AS started
    FROM range($lines) AS numbers(i)
), priced AS (
    SELECT
        *,
        round((h % 100000) / 7000, 4)::DECIMAL(20,4) AS quantity,
        [98.32, 12.24, 0.0000004, 0.023, 0.3928, 3.06, 0.09, 32.7726][1 + resource % 8]::DECIMAL(18,7)
            AS list_price,
        resource % 3 = 0 AS accelerated,
        resource % 9 = 0 AS committed
    FROM line
), costed AS (
    SELECT *, (list_price * quantity)::DECIMAL(38,12) AS list_cost,
        (round(list_price * (1 - (resource % 30) / 100), 7)::DECIMAL(18,7) * quantity)::DECIMAL(38,12)
            AS cost
    FROM priced
)
SELECT
    CASE WHEN committed THEN 0 ELSE cost END::DECIMAL(38,12) AS BilledCost,
    cost AS EffectiveCost, cost AS ContractedCost, list_cost AS ListCost,
    CASE WHEN $source = 'azure' THEN 'EUR' ELSE 'USD' END AS BillingCurrency,
    $source || '-payer-' || (resource % 3) AS BillingAccountId,
    $period::TIMESTAMPTZ AS BillingPeriodStart,
    $period::TIMESTAMPTZ + INTERVAL 1 MONTH AS BillingPeriodEnd,
    started AS ChargePeriodStart, started + INTERVAL 1 HOUR AS ChargePeriodEnd,
    CASE WHEN h % 997 = 0 THEN 'Credit' ELSE 'Usage' END AS ChargeCategory,
    '$' || list_price || ' per unit of meter ' || (resource % 3000) AS ChargeDescription,
    'Usage-Based' AS ChargeFrequency,
    'INV-' || (resource % 3) AS InvoiceId,
    $source || ', Inc.' AS InvoiceIssuerName,
    $source AS ServiceProviderName,
    ['Elastic Compute', 'Object Storage', 'Data Transfer', 'AI Platform'][1 + resource % 4] AS ServiceName,
    ['Compute', 'Storage', 'Networking', 'AI and Machine Learning'][1 + resource % 4] AS ServiceCategory,
    'account-' || (resource % 120) AS SubAccountId,
    'Account ' || (resource % 120) AS SubAccountName,
    'region-' || (resource % 5) AS RegionId,
    $source || ':instance/i-' || printf('%016x', hash(resource)) AS ResourceId,
    'node-' || resource AS ResourceName,
    'SKU' || (resource % 3000) AS SkuId,
    'SKU' || (resource % 3000) || '.JRTC' AS SkuPriceId,
    'BoxUsage:' || (resource % 40) AS SkuMeter,
    '{"CoreCount":192,"GpuCount":8,"OperatingSystem":"Linux"}' AS SkuPriceDetails,
    CASE WHEN resource % 12 > 0 THEN '{"team":"team-' || (resource % 40) || '","env":"'
        || ['prod', 'dev', 'research'][1 + resource % 3] || '"}' END AS Tags,
    CASE WHEN committed THEN 'Committed' WHEN resource % 7 = 0 THEN 'Dynamic' ELSE 'Standard' END
        AS PricingCategory,
    quantity::DECIMAL(38,12) AS PricingQuantity, 'Hours' AS PricingUnit,
    quantity::DECIMAL(38,12) AS ConsumedQuantity, 'Hours' AS ConsumedUnit,
    list_price::DECIMAL(38,12) AS ListUnitPrice, list_price::DECIMAL(38,12) AS ContractedUnitPrice,
    CASE WHEN committed THEN quantity END::DECIMAL(38,12) AS CommitmentDiscountQuantity,
    CASE WHEN committed THEN 'Hours' END AS CommitmentDiscountUnit,
    CASE WHEN committed THEN 'plan-' || (resource % 40) END AS CommitmentDiscountId,
    CASE WHEN committed THEN 'Plan ' || (resource % 40) END AS CommitmentDiscountName,
    CASE WHEN committed THEN 'Spend' END AS CommitmentDiscountCategory,
    CASE WHEN committed THEN 'Savings Plan' END AS CommitmentDiscountType,
    CASE WHEN committed THEN ['Used', 'Used', 'Used', 'Unused'][1 + (h % 4)::INTEGER] END
        AS CommitmentDiscountStatus,
    CASE WHEN accelerated THEN 'p5.48xlarge' END AS x_MachineType,
    CASE WHEN accelerated THEN ['H100', 'H200', 'A100', 'L4'][1 + (resource // 3) % 4] END
        AS x_AcceleratorModel,
    CASE WHEN accelerated THEN 8 END::INTEGER AS x_AcceleratorCount,
    CASE WHEN accelerated THEN quantity * 8 END::DECIMAL(38,12) AS x_AcceleratorHours,
    CASE WHEN NOT accelerated THEN NULL WHEN committed THEN 'committed' WHEN resource % 7 = 0
        THEN 'spot' ELSE 'on_demand' END AS x_PurchaseModel,
    $source AS x_SourceId, strftime($period::DATE, '%Y-%m') AS x_BillingPeriod,
    'load-1' AS x_LoadId, 'file-' || $source AS x_FileId, i + 1 AS x_RecordNumber
FROM costed
