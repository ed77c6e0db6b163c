-- The cost of one period by what a rule could look at, and by who owns it now: a team, a pool, or 'unallocated'.
-- Resources are told apart only where they are among the 100 of a currency that cost most without an owner.
-- $period: VARCHAR  billing period, YYYY-MM
-- $properties: VARCHAR[]  properties that a rule looks at, as in charge_kinds
-- $tag_paths: VARCHAR[]  JSON paths of the tags that a rule looks at, as in charge_kinds
-- periods $period
-- input machine(kind VARCHAR, name VARCHAR, pool VARCHAR, machine_host VARCHAR, accelerator_model VARCHAR, accelerator_count INTEGER, begins TIMESTAMPTZ, ends TIMESTAMPTZ, reach TIMESTAMPTZ)  answer of machine_times
-- input owner(provider VARCHAR, billing_account VARCHAR, sub_account VARCHAR, service VARCHAR, resource VARCHAR, pool VARCHAR, charge_category VARCHAR, commitment_status VARCHAR, commitment VARCHAR, reservation VARCHAR, tag_values VARCHAR, team VARCHAR, shared_pool VARCHAR)  who pays for each kind: a team, or those who share a pool
-- with charge, owned
WITH resource_cost AS (
    SELECT ResourceId AS name, BillingCurrency AS currency, sum(EffectiveCost) AS cost
    FROM owned WHERE owned.team = 'unallocated' AND ResourceId IS NOT NULL
    GROUP BY ResourceId, BillingCurrency
), dear AS (
    SELECT name, currency, row_number() OVER (PARTITION BY currency ORDER BY cost DESC, name) AS place
    FROM resource_cost
)
SELECT
    owned.team, owned.shared_pool, ServiceProviderName AS provider, BillingAccountId AS billing_account,
    coalesce(SubAccountId, BillingAccountId) AS account, ServiceName AS service, dear.name AS resource,
    machine_pool AS pool, Tags AS tags, BillingCurrency AS currency,
    sum(EffectiveCost) AS effective_cost, count(*) AS cost_lines
FROM owned LEFT JOIN dear
    ON dear.name = owned.ResourceId AND dear.currency = owned.BillingCurrency AND dear.place <= 100
GROUP BY
    owned.team, owned.shared_pool, ServiceProviderName, BillingAccountId, coalesce(SubAccountId, BillingAccountId),
    ServiceName, dear.name, machine_pool, Tags, BillingCurrency
