-- Cost lines with their accelerators: a line of a known machine has its model, number, hours and purchase model.
-- Accelerator-hours are those of usage that took a machine's time; a fee or a credit is about the same hours again.
SELECT
    line.* REPLACE (
        accelerator.spelled AS x_MachineType,
        coalesce(accelerator.model, x_AcceleratorModel) AS x_AcceleratorModel,
        coalesce(accelerator.many, x_AcceleratorCount) AS x_AcceleratorCount,
        CASE
            WHEN accelerator.spelled IS NULL AND accelerator.model IS NULL AND x_AcceleratorModel IS NULL THEN NULL
            WHEN list_contains(['on_demand', 'spot', 'committed', 'capacity_block', 'flex_start'], x_PurchaseModel)
                THEN x_PurchaseModel
            WHEN _is_block THEN 'capacity_block'
            WHEN PricingCategory = 'Dynamic' OR _is_spot THEN 'spot'
            WHEN PricingCategory = 'Committed' OR CommitmentDiscountId IS NOT NULL THEN 'committed'
            WHEN PricingCategory = 'Standard' THEN 'on_demand'
        END AS x_PurchaseModel
    ),
    CASE
        WHEN NOT _is_time OR (accelerator.model IS NULL AND x_AcceleratorModel IS NULL) THEN NULL
        WHEN ConsumedQuantity IS NOT NULL AND _consumed_s IS NOT NULL
            THEN hours_of(
                ConsumedQuantity, _consumed_s,
                CASE
                    WHEN _consumes_accelerators THEN 1
                    WHEN accelerator.model IS NULL THEN x_AcceleratorCount
                    ELSE accelerator.each
                END
            )
        ELSE hours_of(
            PricingQuantity, _priced_s,
            CASE
                WHEN _prices_accelerators THEN 1
                WHEN accelerator.model IS NULL THEN x_AcceleratorCount
                ELSE accelerator.each
            END
        )
    END AS x_AcceleratorHours
FROM converted AS line
JOIN accelerator
    ON accelerator._machine = line._machine AND accelerator._sku = line._sku AND accelerator._seller = line._seller
