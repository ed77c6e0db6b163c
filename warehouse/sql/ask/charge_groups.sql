-- The costs of one period by owner and origin; every cost line is in exactly one group.
-- A cost that is NULL is not known and is left out of its sum.
-- $period: VARCHAR  billing period, YYYY-MM
-- $properties: VARCHAR[]  properties that a rule looks at, as in charge_kinds
-- $tag_paths: VARCHAR[]  JSON paths of the tags that a rule looks at, as in charge_kinds
-- periods $period
-- input machine(kind VARCHAR, name VARCHAR, pool VARCHAR, begins TIMESTAMPTZ, ends TIMESTAMPTZ, reach TIMESTAMPTZ)  answer of machine_times
-- input owner(provider VARCHAR, billing_account VARCHAR, sub_account VARCHAR, service VARCHAR, resource VARCHAR, pool VARCHAR, charge_category VARCHAR, commitment_status VARCHAR, tag_values VARCHAR, team VARCHAR, shared_pool VARCHAR)  who pays for each kind: a team, or those who share a pool
WITH tagged AS (
    SELECT Tags AS tags_text, CAST(to_json(list_transform(
        CAST($tag_paths AS VARCHAR[]),
        lambda path: json_extract_string(CASE WHEN json_valid(Tags) THEN Tags END, path)
    )) AS VARCHAR) AS tag_values
    FROM (SELECT DISTINCT Tags FROM cost_line WHERE x_BillingPeriod = $period)
), line AS (
    SELECT
        *, coalesce(ChargePeriodStart, BillingPeriodStart) AS starts,
        coalesce(ChargePeriodEnd, ChargePeriodStart, BillingPeriodEnd) AS stops
    FROM cost_line WHERE x_BillingPeriod = $period
), charge AS (
    SELECT
        line.*,
        CASE WHEN list_contains($properties, 'provider') THEN ServiceProviderName END AS provider,
        CASE WHEN list_contains($properties, 'account') THEN BillingAccountId END AS billing_account,
        CASE WHEN list_contains($properties, 'account') THEN SubAccountId END AS sub_account,
        CASE WHEN list_contains($properties, 'service') THEN ServiceName END AS service,
        CASE WHEN list_contains($properties, 'resource') THEN ResourceId END AS resource,
        CASE WHEN list_contains($properties, 'pool') AND (begins <= starts OR begins < stops)
            THEN machine.pool END AS pool,
        CASE WHEN list_contains($properties, 'charge_category') THEN ChargeCategory END
            AS charge_category,
        CASE WHEN list_contains($properties, 'commitment_status') THEN CommitmentDiscountStatus END
            AS commitment_status,
        tag_values
    FROM line LEFT JOIN machine
        ON machine.kind = 'resource' AND machine.name = line.ResourceId
        AND line.starts >= machine.reach AND line.starts < machine.ends
    LEFT JOIN tagged ON tagged.tags_text = line.Tags
)
SELECT
    owner.team, owner.shared_pool AS pool,
    CAST(coalesce(starts, CAST(x_BillingPeriod || '-01' AS TIMESTAMPTZ)) AS DATE) AS charge_day,
    CAST(CASE WHEN stops > starts THEN date_diff(
        'day', CAST(starts AS DATE), CAST(stops - INTERVAL 1 SECOND AS DATE)
    ) + 1 ELSE 1 END AS INTEGER) AS charge_days,
    ServiceProviderName AS provider, coalesce(SubAccountId, BillingAccountId) AS account,
    ServiceName AS service, coalesce(SkuId, SkuPriceId) AS sku, ChargeCategory AS charge_category,
    CommitmentDiscountStatus AS commitment_status, BillingCurrency AS currency,
    sum(BilledCost) AS billed_cost, sum(EffectiveCost) AS effective_cost,
    sum(ContractedCost) AS contracted_cost, sum(ListCost) AS list_cost,
    count(*) AS cost_lines
FROM charge LEFT JOIN owner
    ON charge.provider IS NOT DISTINCT FROM owner.provider
    AND charge.billing_account IS NOT DISTINCT FROM owner.billing_account
    AND charge.sub_account IS NOT DISTINCT FROM owner.sub_account
    AND charge.service IS NOT DISTINCT FROM owner.service
    AND charge.resource IS NOT DISTINCT FROM owner.resource
    AND charge.pool IS NOT DISTINCT FROM owner.pool
    AND charge.charge_category IS NOT DISTINCT FROM owner.charge_category
    AND charge.commitment_status IS NOT DISTINCT FROM owner.commitment_status
    AND charge.tag_values IS NOT DISTINCT FROM owner.tag_values
GROUP BY 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11
