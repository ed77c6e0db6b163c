-- The kinds of charges of one period, told apart only by what the rules of a policy look at.
-- $period: VARCHAR  billing period, YYYY-MM
-- $properties: VARCHAR[]  properties that a rule looks at; the others are NULL
-- $tag_paths: VARCHAR[]  JSON paths of the tags that a rule looks at; `tag_values` lists their values
-- periods $period
-- input machine(kind VARCHAR, name VARCHAR, pool VARCHAR, begins TIMESTAMPTZ, ends TIMESTAMPTZ, reach TIMESTAMPTZ)  answer of machine_times
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
SELECT DISTINCT
    provider, billing_account, sub_account, service, resource, pool, charge_category,
    commitment_status, tag_values
FROM charge
