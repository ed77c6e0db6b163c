-- Rows of a price list. An amount that is missing is not known, so its row is set aside; it is never taken as 0.
SELECT
    * REPLACE (upper(trim(currency)) AS currency),
    coalesce(strftime(valid_from, '%Y-%m'), '') AS _period,
    'XXX' AS _currency,
    NULL::DECIMAL(38, 12) AS _billed_cost,
    NULL::DECIMAL(38, 12) AS _effective_cost,
    0 AS _rounding,
    CASE
        WHEN provider IS NULL THEN complaint('provider', NULL, 'a name, as aws')
        WHEN region IS NULL THEN complaint('region', NULL, 'a name, as us-east-1')
        WHEN machine_type IS NULL THEN complaint('machine_type', NULL, 'a name, as p5.48xlarge')
        WHEN purchase_model IS NULL
            OR NOT list_contains(
                ['on_demand', 'spot', 'committed', 'capacity_block', 'flex_start'], purchase_model
            )
            THEN complaint('purchase_model', purchase_model, 'on_demand, spot, committed, capacity_block or flex_start')
        WHEN _given_term_months AND (term_months IS NULL OR term_months < 0 OR term_months > 1200)
            THEN complaint('term_months', _value_term_months, 'a whole number of months, 0 to 1200')
        WHEN unit IS NULL OR unit <> 'machine-hour' THEN complaint('unit', unit, 'machine-hour')
        WHEN amount IS NULL OR amount < 0
            THEN complaint('amount', _value_amount, 'a decimal number, 0 or more and below 10^26')
        WHEN currency IS NULL OR NOT regexp_full_match(trim(currency), '[A-Za-z]{3}')
            THEN complaint('currency', currency, 'a currency of three letters, as USD')
        WHEN valid_from IS NULL
            THEN complaint('valid_from', _value_valid_from, 'a date and time, as 2026-10-01T00:00:00Z')
        WHEN _given_valid_to AND valid_to IS NULL
            THEN complaint('valid_to', _value_valid_to, 'a date and time, as 2026-11-01T00:00:00Z, or nothing')
        WHEN valid_to <= valid_from
            THEN complaint('valid_to', _value_valid_to, 'a time after valid_from')
    END AS _reason
FROM delivered
