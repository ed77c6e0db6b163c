-- What was delivered, with what tells each line's machine: seller, machine type and, but for AWS, the SKU in words.
SELECT
    *,
    coalesce(ServiceProviderName, ProviderName, '') AS _seller,
    coalesce(
        x_MachineType,
        machine_of_details(SkuPriceDetails),
        machine_of_details(x_SkuDetails),
        machine_of_usage(x_UsageType),
        machine_of_usage(SkuMeter),
        ''
    ) AS _machine,
    CASE
        WHEN is_amazon(coalesce(ServiceProviderName, ProviderName)) THEN ''
        ELSE coalesce(x_SkuMeterName, x_UsageType, SkuMeter, '')
    END AS _sku
FROM delivered
