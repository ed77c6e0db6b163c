-- The resources of one period that cost most, by effective cost.
-- $period: VARCHAR  billing period, YYYY-MM
-- $limit: INTEGER  how many
-- periods $period
SELECT
    ServiceProviderName AS provider, coalesce(SubAccountId, BillingAccountId) AS account,
    ServiceName AS service, ResourceId AS resource, BillingCurrency AS currency,
    max(ResourceName) AS resource_name,
    sum(BilledCost) AS billed_cost, sum(EffectiveCost) AS effective_cost,
    count(*) AS cost_lines
FROM cost_line
WHERE x_BillingPeriod = $period AND ResourceId IS NOT NULL
GROUP BY 1, 2, 3, 4, 5
ORDER BY effective_cost DESC NULLS LAST, 4, 1 NULLS LAST, 2 NULLS LAST, 3 NULLS LAST,
    5 NULLS LAST
LIMIT $limit
