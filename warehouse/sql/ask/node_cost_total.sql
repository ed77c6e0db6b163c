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
)
SELECT BillingCurrency AS currency, sum(EffectiveCost) AS effective_cost
FROM line LEFT JOIN machine
    ON machine.kind = 'resource' AND machine.name = line.ResourceId
    AND line.starts >= machine.reach AND line.starts < machine.ends
    AND (begins <= starts OR begins < stops)
WHERE x_AcceleratorModel IS NOT NULL OR x_AcceleratorHours IS NOT NULL
    OR (machine_host IS NOT NULL AND coalesce(accelerator_count, 1) > 0)
GROUP BY BillingCurrency
ORDER BY 1 NULLS LAST
