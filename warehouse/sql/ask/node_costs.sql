-- The effective cost of machines and accelerators in one period by host, days and owner.
-- `reason` says why a cost has no host to be accounted on: nobody used what it paid for, or no
-- machine is known by its ResourceId. A machine of which it is known that it has no accelerator
-- is left out.
-- $period: VARCHAR  billing period, YYYY-MM
-- $properties: VARCHAR[]  properties that a rule looks at, as in charge_kinds
-- $tag_paths: VARCHAR[]  JSON paths of the tags that a rule looks at, as in charge_kinds
-- periods $period
-- input machine(kind VARCHAR, name VARCHAR, pool VARCHAR, machine_host VARCHAR, accelerator_model VARCHAR, accelerator_count INTEGER, begins TIMESTAMPTZ, ends TIMESTAMPTZ, reach TIMESTAMPTZ)  answer of machine_times
-- input owner(provider VARCHAR, billing_account VARCHAR, sub_account VARCHAR, service VARCHAR, resource VARCHAR, pool VARCHAR, charge_category VARCHAR, commitment_status VARCHAR, commitment VARCHAR, reservation VARCHAR, tag_values VARCHAR, team VARCHAR, shared_pool VARCHAR)  who pays for each kind: a team, or those who share a pool
-- with charge, owned
SELECT
    CASE
        WHEN commitment_state = 'Unused' THEN 'unused_commitment'
        WHEN machine_host IS NULL THEN 'unmatched_no_node'
    END AS reason,
    machine_host AS host, machine_pool AS pool, charge_day, charge_days,
    ServiceProviderName AS provider, RegionId AS region, BillingCurrency AS currency,
    x_PurchaseModel AS purchase_model, x_AcceleratorModel AS accelerator_model, team, shared_pool,
    sum(EffectiveCost) AS effective_cost, sum(x_AcceleratorHours) AS accelerator_hours,
    max(machine_gpus) AS machine_gpus, min(starts) AS starts, max(stops) AS stops
FROM owned
WHERE x_AcceleratorModel IS NOT NULL OR x_AcceleratorHours IS NOT NULL
    OR (machine_host IS NOT NULL AND coalesce(machine_gpus, 1) > 0)
GROUP BY 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12
