-- What an allocation by the tag `team` makes of the cost lines of one month ($files), by day.
SELECT
    'run-' || x_BillingPeriod AS run_id, ChargePeriodStart::DATE AS charge_day, 1::INTEGER AS charge_days,
    NULL::VARCHAR AS pool, ServiceProviderName AS provider, SubAccountId AS account,
    ServiceName AS service, SkuId AS sku, ChargeCategory AS charge_category,
    CommitmentDiscountStatus AS commitment_status, BillingCurrency AS currency,
    json_extract_string(Tags, '$.team') AS team,
    CASE WHEN Tags IS NULL THEN 'unallocated' ELSE 'direct' END AS line,
    sum(BilledCost) AS billed_cost, sum(EffectiveCost) AS effective_cost,
    sum(ContractedCost) AS contracted_cost, sum(ListCost) AS list_cost,
    'method-1' AS method_id, 1::DECIMAL(38,12) AS allocated_ratio, count(*) AS cost_lines,
    'allocation' AS x_SourceId, x_BillingPeriod, 'run-' || x_BillingPeriod AS x_LoadId,
    'allocation' AS x_FileId, row_number() OVER () AS x_RecordNumber
FROM read_parquet($files)
GROUP BY x_BillingPeriod, ChargePeriodStart::DATE, ServiceProviderName, SubAccountId, ServiceName,
    SkuId, ChargeCategory, CommitmentDiscountStatus, BillingCurrency, Tags
