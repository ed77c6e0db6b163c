-- What was delivered, with what tells each line's machine: seller, machine type and, but for AWS, the SKU in words;
-- and how many seconds its units are, and whether its quantity is the machine's own time.
SELECT
    *,
    coalesce(ServiceProviderName, ProviderName, '') AS _seller,
    coalesce(
        x_MachineType,
        machine_of_details(_told_SkuPriceDetails),
        machine_of_details(_told_x_SkuDetails),
        machine_of_usage(_told_x_UsageType),
        machine_of_usage(_told_SkuMeter),
        ''
    ) AS _machine,
    CASE
        WHEN is_amazon(coalesce(ServiceProviderName, ProviderName)) THEN ''
        ELSE coalesce(x_SkuMeterName, x_UsageType, SkuMeter, '')
    END AS _sku,
    unit_seconds(_told_ConsumedUnit) AS _consumed_s,
    unit_seconds(_told_PricingUnit) AS _priced_s,
    unit_is_accelerators(_told_ConsumedUnit) AS _consumes_accelerators,
    unit_is_accelerators(_told_PricingUnit) AS _prices_accelerators,
    ChargeCategory = 'Usage'
        AND CommitmentDiscountStatus IS DISTINCT FROM 'Unused'
        AND NOT (
            is_amazon(coalesce(ServiceProviderName, ProviderName))
            AND (
                coalesce(contains(_told_ServiceName, 'MapReduce'), false)
                OR coalesce(NOT counts_hours(_told_x_UsageType), NOT counts_hours(_told_SkuMeter), false)
            )
        ) AS _is_time,
    coalesce(contains(_told_x_UsageType, 'SpotUsage'), contains(_told_SkuMeter, 'SpotUsage'), false)
        OR coalesce(regexp_matches(_told_x_SkuMeterName, ' (Spot|Low Priority)$'), false) AS _is_spot,
    CapacityReservationId IS NOT NULL
        AND (
            coalesce(contains(_told_x_UsageType, 'CapacityBlock'), false)
            OR coalesce(contains(_told_SkuMeter, 'CapacityBlock'), false)
            OR coalesce(contains(lower(ChargeDescription), 'capacity block'), false)
        ) AS _is_block
FROM delivered
