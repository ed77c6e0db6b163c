-- The price of each offer that holds at a moment, as it was said last.
-- Where several sources speak of an offer the newest word counts, and the row says so.
-- $at: TIMESTAMPTZ  the moment
WITH holding AS (
    SELECT
        *, row_number() OVER (
            PARTITION BY provider, region, zone, machine_type, purchase_model, term_months
            ORDER BY valid_from DESC, x_SourceId, x_FileId, x_RecordNumber DESC
        ) AS place,
        min(x_SourceId) OVER (
            PARTITION BY provider, region, zone, machine_type, purchase_model, term_months
        ) <> max(x_SourceId) OVER (
            PARTITION BY provider, region, zone, machine_type, purchase_model, term_months
        ) AS several_sources
    FROM price
    WHERE valid_from <= $at AND (valid_to IS NULL OR valid_to > $at)
)
SELECT
    provider, region, zone, machine_type, purchase_model, term_months, unit, amount, currency,
    valid_from, x_SourceId, several_sources
FROM holding
WHERE place = 1
ORDER BY provider, region, zone, machine_type, purchase_model, term_months
