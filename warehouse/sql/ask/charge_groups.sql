-- The costs of one period by owner and origin; every cost line is in exactly one group.
-- A cost that is NULL is not known: a group knows it for all of its lines or for none of them.
-- $period: VARCHAR  billing period, YYYY-MM
-- $properties: VARCHAR[]  properties that a rule looks at, as in charge_kinds
-- $tag_paths: VARCHAR[]  JSON paths of the tags that a rule looks at, as in charge_kinds
-- periods $period
-- input machine(kind VARCHAR, name VARCHAR, pool VARCHAR, machine_host VARCHAR, accelerator_model VARCHAR, accelerator_count INTEGER, begins TIMESTAMPTZ, ends TIMESTAMPTZ, reach TIMESTAMPTZ)  answer of machine_times
-- input owner(provider VARCHAR, billing_account VARCHAR, sub_account VARCHAR, service VARCHAR, resource VARCHAR, pool VARCHAR, charge_category VARCHAR, commitment_status VARCHAR, commitment VARCHAR, reservation VARCHAR, tag_values VARCHAR, team VARCHAR, shared_pool VARCHAR)  who pays for each kind: a team, or those who share a pool
-- with charge, owned
SELECT
    team, shared_pool AS pool, charge_day, charge_days,
    ServiceProviderName AS provider, coalesce(SubAccountId, BillingAccountId) AS account,
    ServiceName AS service, coalesce(SkuId, SkuPriceId) AS sku, ChargeCategory AS charge_category,
    commitment_state AS commitment_status, BillingCurrency AS currency,
    InvoiceIssuerName AS invoice_issuer, InvoiceId AS invoice, commitment_id AS commitment,
    x_AcceleratorModel AS accelerator_model,
    sum(BilledCost) AS billed_cost, sum(EffectiveCost) AS effective_cost,
    sum(ContractedCost) AS contracted_cost, sum(ListCost) AS list_cost,
    count(*) AS cost_lines
FROM owned
GROUP BY
    1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, ContractedCost IS NULL, ListCost IS NULL
