-- Cost lines of one source and one month, for the ledger: $lines lines, hours of resources one after
-- the other. Each resource is one team's, but for a fifth, which 500 pools share; a ninth of them are
-- under one of 40 commitments; the first 40 lines buy these. A team has one account and 40 SKUs.
WITH line AS (
    SELECT
        i, i // 720 AS resource, hash(i, $source) AS h,
        $period::TIMESTAMPTZ + to_hours((i % 720)::INTEGER) AS started
    FROM range($lines) AS numbers(i)
), placed AS (
    SELECT
        *, i < 40 AS purchase, resource % 5 = 0 AS pooled,
        resource % 9 = 0 AND resource % 5 > 0 AS committed,
        (resource // 5) % 500 AS pool, (hash(resource) % 200)::INTEGER AS team,
        (hash(resource) // 200 % 40)::INTEGER AS sku
    FROM line
), costed AS (
    SELECT
        * REPLACE (CASE WHEN pooled THEN pool % 40 ELSE sku END AS sku),
        CASE WHEN pooled THEN 200 + pool % 10 ELSE team END AS account,
        h % 997 = 0 AND NOT committed AND NOT purchase AS credit,
        -- Amounts with seven decimals, as bills have them: a whole number of 10^-7.
        ((1 + (h % 1000)::BIGINT) * [983200, 122400, 4, 230, 3928, 30600][1 + resource % 6])::DECIMAL(18,0)
            * 0.0000001::DECIMAL(18,7) AS cost
    FROM placed
)
SELECT
    CASE WHEN purchase THEN 25000 WHEN committed THEN 0 WHEN credit THEN -cost ELSE cost END::DECIMAL(38,12)
        AS BilledCost,
    CASE WHEN purchase THEN 0 WHEN credit THEN -cost ELSE cost END::DECIMAL(38,12) AS EffectiveCost,
    CASE WHEN NOT credit THEN cost END::DECIMAL(38,12) AS ContractedCost,
    CASE WHEN NOT credit THEN cost + cost END::DECIMAL(38,12) AS ListCost,
    CASE WHEN $source = 'azure' THEN 'EUR' ELSE 'USD' END AS BillingCurrency,
    $source || '-payer' AS BillingAccountId,
    $period::TIMESTAMPTZ AS BillingPeriodStart,
    $period::TIMESTAMPTZ + INTERVAL 1 MONTH AS BillingPeriodEnd,
    started AS ChargePeriodStart, started + INTERVAL 1 HOUR AS ChargePeriodEnd,
    CASE WHEN purchase THEN 'Purchase' WHEN credit THEN 'Credit' ELSE 'Usage' END AS ChargeCategory,
    'Usage-Based' AS ChargeFrequency,
    'INV-' || (account % 3) AS InvoiceId,
    $source || ', Inc.' AS InvoiceIssuerName,
    $source AS ServiceProviderName,
    ['Elastic Compute', 'Object Storage', 'Data Transfer', 'AI Platform'][1 + sku % 4] AS ServiceName,
    'account-' || account AS SubAccountId,
    $source || ':instance/i-' || printf('%016x', hash(resource)) AS ResourceId,
    'SKU' || sku AS SkuId,
    CASE WHEN pooled THEN '{"pool":"pool-' || pool || '"}' WHEN resource % 50 > 1
        THEN '{"team":"team-' || team || '"}' END AS Tags,
    CASE WHEN committed OR purchase THEN 'plan-' || CASE WHEN purchase THEN i ELSE resource % 40 END END AS CommitmentDiscountId,
    CASE WHEN purchase THEN NULL WHEN committed THEN ['Used', 'Used', 'Used', 'Unused'][1 + (h % 4)::INTEGER] END
        AS CommitmentDiscountStatus,
    $source AS x_SourceId, strftime($period::DATE, '%Y-%m') AS x_BillingPeriod,
    'load-1' AS x_LoadId, 'file-' || $source AS x_FileId, i + 1 AS x_RecordNumber
FROM costed
