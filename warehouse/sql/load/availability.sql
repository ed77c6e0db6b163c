-- Rows of availability: one look at whether machines could be had. A launch attempt or a probe says how many came;
-- a provider's own score of how likely it is says that nobody tried, so nothing came and nothing failed to come.
SELECT
    * REPLACE (lower(trim(market)) AS market),
    coalesce(strftime("at", '%Y-%m-%d'), '') AS _period,
    'XXX' AS _currency,
    NULL::DECIMAL(38, 12) AS _billed_cost,
    NULL::DECIMAL(38, 12) AS _effective_cost,
    0 AS _rounding,
    CASE
        WHEN "at" IS NULL THEN complaint('at', _value_at, 'a date and time, as 2026-10-01T09:30:00Z')
        WHEN provider IS NULL THEN complaint('provider', NULL, 'a name, as aws')
        WHEN region IS NULL THEN complaint('region', NULL, 'a name, as us-east-1')
        WHEN machine_type IS NULL THEN complaint('machine_type', NULL, 'a name, as p5.48xlarge')
        WHEN market IS NULL OR NOT list_contains(['on_demand', 'spot'], lower(trim(market)))
            THEN complaint('market', market, 'on_demand or spot')
        WHEN requested IS NULL OR requested < 1 OR requested > 2147483647
            THEN complaint('requested', _value_requested, 'a whole number of machines from 1')
        WHEN _given_score AND (score IS NULL OR score < 1 OR score > 10)
            THEN complaint('score', _value_score, 'a whole number, 1 (unlikely) to 10 (very likely), or nothing')
        WHEN obtained IS NULL AND (_given_obtained OR NOT _given_score)
            THEN complaint('obtained', _value_obtained, 'the number of machines that came, 0 to requested, or nothing beside a score')
        WHEN obtained < 0 OR obtained > requested
            THEN complaint('obtained', _value_obtained, 'the number of machines that came, 0 to requested')
    END AS _reason
FROM delivered
