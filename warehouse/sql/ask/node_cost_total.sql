-- The effective cost of machines and accelerators in one period by currency, line by line, without
-- anything that node_costs sums it by: both must be the same.
-- $period: VARCHAR  billing period, YYYY-MM
-- periods $period
-- input machine(kind VARCHAR, name VARCHAR, pool VARCHAR, machine_host VARCHAR, accelerator_model VARCHAR, accelerator_count INTEGER, begins TIMESTAMPTZ, ends TIMESTAMPTZ, reach TIMESTAMPTZ)  answer of machine_times
WITH line AS (
    SELECT
        *, coalesce(ChargePeriodStart, BillingPeriodStart) AS starts,
        coalesce(ChargePeriodEnd, ChargePeriodStart, BillingPeriodEnd) AS stops
    FROM cost_line WHERE x_BillingPeriod = $period AND EffectiveCost IS NOT NULL
), known AS (
    SELECT
        BillingCurrency, EffectiveCost, x_AcceleratorModel, x_AcceleratorHours,
        CASE WHEN begins <= starts OR begins < stops THEN machine_host END AS host,
        CASE WHEN begins <= starts OR begins < stops THEN accelerator_count END AS gpus
    FROM line LEFT JOIN machine
        ON machine.kind = 'resource' AND machine.name = line.ResourceId
        AND line.starts >= machine.reach AND line.starts < machine.ends
)
SELECT BillingCurrency AS currency, sum(EffectiveCost) AS effective_cost
FROM known
WHERE x_AcceleratorModel IS NOT NULL OR x_AcceleratorHours IS NOT NULL
    OR (host IS NOT NULL AND coalesce(gpus, 1) > 0)
GROUP BY BillingCurrency
ORDER BY 1 NULLS LAST
