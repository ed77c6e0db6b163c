-- Rows of a FOCUS bill, version 1.0 to 1.4, as cost lines of FOCUS 1.4: the service provider takes over from the
-- provider of 1.0 to 1.2. _reason says why a row must be set aside; everything else is a finding, not a reason.
SELECT
    * REPLACE (
        coalesce(ServiceProviderName, ProviderName) AS ServiceProviderName,
        upper(trim(BillingCurrency)) AS BillingCurrency
    ),
    strftime(BillingPeriodStart, '%Y-%m') AS _period,
    coalesce(CASE WHEN regexp_full_match(trim(BillingCurrency), '[A-Za-z]{3}') THEN upper(trim(BillingCurrency)) END, 'XXX') AS _currency,
    BilledCost AS _billed,
    EffectiveCost AS _effective,
    rounding_of(_text_BilledCost) AS _rounding,
    CASE
        WHEN BilledCost IS NULL THEN complaint('BilledCost', _text_BilledCost, 'a decimal number below 10^26, as -12.5')
        WHEN EffectiveCost IS NULL
            THEN complaint('EffectiveCost', _text_EffectiveCost, 'a decimal number below 10^26, as -12.5')
        WHEN BillingCurrency IS NULL OR NOT regexp_full_match(trim(BillingCurrency), '[A-Za-z]{3}')
            THEN complaint('BillingCurrency', BillingCurrency, 'a currency of three letters, as USD')
        WHEN BillingPeriodStart IS NULL
            THEN complaint('BillingPeriodStart', _text_BillingPeriodStart, 'a date and time, as 2026-10-01T00:00:00Z')
    END AS _reason
FROM delivered
