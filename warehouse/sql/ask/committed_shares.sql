-- What was paid for accelerators in some months by machine, model and currency, and how much of it by commitments:
-- what they covered, and machines that were bought as committed or as a capacity block. What commitments left unused
-- is in neither. Costs of no known machine have no host.
-- $first_period: VARCHAR  first billing period, YYYY-MM
-- $end_period: VARCHAR  first billing period that does not count any more
-- periods $first_period to $end_period
-- with machine
WITH paid AS (
    SELECT
        CASE WHEN begins <= ChargePeriodStart OR begins < ChargePeriodEnd THEN machine_host END AS host,
        coalesce(x_AcceleratorModel, CASE
            WHEN begins <= ChargePeriodStart OR begins < ChargePeriodEnd THEN accelerator_model
        END) AS model,
        BillingCurrency AS currency, EffectiveCost AS cost, x_AcceleratorHours AS hours,
        CASE WHEN CommitmentDiscountStatus = 'Used' OR x_PurchaseModel IN ('committed', 'capacity_block')
            THEN 1 ELSE 0 END AS committed
    FROM cost_line LEFT JOIN machine
        ON machine.kind = 'resource' AND machine.name = ResourceId
        AND ChargePeriodStart >= machine.reach AND ChargePeriodStart < machine.ends
    WHERE x_BillingPeriod >= $first_period AND x_BillingPeriod < $end_period
        AND coalesce(CommitmentDiscountStatus, '') <> 'Unused'
        AND coalesce(CapacityReservationStatus, '') <> 'Unused'
)
SELECT
    host, model, currency, sum(cost) AS cost, sum(hours) AS hours,
    sum(CASE WHEN committed = 1 THEN cost END) AS committed_cost,
    sum(CASE WHEN committed = 1 THEN hours END) AS committed_hours
FROM paid
WHERE model IS NOT NULL
GROUP BY 1, 2, 3
ORDER BY 1 NULLS LAST, 2, 3 NULLS LAST
