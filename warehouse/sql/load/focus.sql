-- Rows of a FOCUS bill, version 1.0 to 1.4, as cost lines of FOCUS 1.4: where a bill knows the provider of 1.0 to 1.2
-- only, that is the service provider. A row is set aside only when its money or period cannot be read.
SELECT
    * REPLACE (
        coalesce(ServiceProviderName, ProviderName) AS ServiceProviderName,
        upper(trim(BillingCurrency)) AS BillingCurrency
    ),
    coalesce(strftime(BillingPeriodStart, '%Y-%m'), '') AS _period,
    CASE
        WHEN regexp_full_match(trim(_told_BillingCurrency), '[A-Za-z]{3}') THEN upper(trim(_told_BillingCurrency))
        ELSE 'XXX'
    END AS _currency,
    BilledCost AS _billed_cost,
    EffectiveCost AS _effective_cost,
    _rounding_BilledCost AS _rounding,
    CASE
        WHEN BilledCost IS NULL
            THEN complaint('BilledCost', _value_BilledCost, 'a decimal number below 10^26, as -12.5')
        WHEN EffectiveCost IS NULL
            THEN complaint('EffectiveCost', _value_EffectiveCost, 'a decimal number below 10^26, as -12.5')
        WHEN BillingCurrency IS NULL OR NOT regexp_full_match(trim(_told_BillingCurrency), '[A-Za-z]{3}')
            THEN complaint('BillingCurrency', BillingCurrency, 'a currency of three letters, as USD')
        WHEN BillingPeriodStart IS NULL
            THEN complaint('BillingPeriodStart', _value_BillingPeriodStart, 'a date and time, as 2026-10-01T00:00:00Z')
    END AS _reason
FROM machine_line
