-- What a delivery changes of what its periods hold, by account, service and currency; one row for each with a change.
-- Lines that are equal in every column cancel each other out. What is left is paired by the columns that say what a
-- line is about: sorted by their amounts, the first old line with the first new one, and so on. A pair is a changed
-- line; what finds no partner was added or removed. So old + added - removed + changed = new, in rows and in money.
WITH left_over AS (
    SELECT account, service, currency, same, amounts, any_value(billed) AS billed, any_value(effective) AS effective,
        sum(side)::BIGINT AS surplus
    FROM line
    GROUP BY account, service, currency, same, amounts
    HAVING sum(side) <> 0
),

single AS (
    SELECT account, service, currency, same, amounts, billed, effective, surplus > 0 AS is_new,
        unnest(range(abs(surplus))) AS repetition
    FROM left_over
),

ranked AS (
    SELECT *,
        row_number() OVER (
            PARTITION BY account, service, currency, same, is_new
            ORDER BY billed, effective, amounts, repetition
        ) AS place,
        least(
            count(*) FILTER (is_new) OVER (PARTITION BY account, service, currency, same),
            count(*) FILTER (NOT is_new) OVER (PARTITION BY account, service, currency, same)
        ) AS pairs
    FROM single
)

SELECT
    account, service, currency,
    count(*) FILTER (is_new AND place > pairs) AS rows_added,
    count(*) FILTER (NOT is_new AND place > pairs) AS rows_removed,
    count(*) FILTER (is_new AND place <= pairs) AS rows_changed,
    coalesce(sum(billed) FILTER (is_new AND place > pairs), 0)::DECIMAL(38, 12) AS billed_added,
    coalesce(sum(billed) FILTER (NOT is_new AND place > pairs), 0)::DECIMAL(38, 12) AS billed_removed,
    coalesce(sum(CASE WHEN is_new THEN billed ELSE -billed END) FILTER (place <= pairs), 0)::DECIMAL(38, 12)
        AS billed_changed,
    coalesce(sum(effective) FILTER (is_new AND place > pairs), 0)::DECIMAL(38, 12) AS effective_added,
    coalesce(sum(effective) FILTER (NOT is_new AND place > pairs), 0)::DECIMAL(38, 12) AS effective_removed,
    coalesce(sum(CASE WHEN is_new THEN effective ELSE -effective END) FILTER (place <= pairs), 0)::DECIMAL(38, 12)
        AS effective_changed
FROM ranked
GROUP BY account, service, currency
ORDER BY account, service, currency
