-- What the costs of one stored allocation run are compared to for savings, by one property.
-- Savings are differences of two costs of the same rows: list and contracted (negotiated),
-- contracted and effective (commitment), list and effective (total). Each pair is summed over
-- the rows that know both, so the two sums of a pair may be taken from each other; what is
-- effective where the other cost is not known stands beside it. Purchases of commitments are
-- left out, as the use that they cover is there: both would count twice.
-- $run: VARCHAR  id of the run
-- $period: VARCHAR  billing period, YYYY-MM
-- $by: VARCHAR  team, provider, service or model (of the accelerator)
-- periods $period
SELECT
    CASE $by
        WHEN 'team' THEN team WHEN 'provider' THEN provider WHEN 'service' THEN service
        WHEN 'model' THEN accelerator_model
    END AS key,
    currency,
    sum(effective_cost) AS effective_cost,
    sum(CASE WHEN contracted_cost IS NOT NULL THEN list_cost END) AS negotiated_list,
    sum(CASE WHEN list_cost IS NOT NULL THEN contracted_cost END) AS negotiated_contracted,
    sum(CASE WHEN effective_cost IS NOT NULL THEN contracted_cost END) AS commitment_contracted,
    sum(CASE WHEN contracted_cost IS NOT NULL THEN effective_cost END) AS commitment_effective,
    sum(CASE WHEN effective_cost IS NOT NULL THEN list_cost END) AS total_list,
    sum(CASE WHEN list_cost IS NOT NULL THEN effective_cost END) AS total_effective,
    sum(CASE WHEN contracted_cost IS NULL THEN effective_cost END) AS effective_without_contracted,
    sum(CASE WHEN list_cost IS NULL THEN effective_cost END) AS effective_without_list
FROM allocation
WHERE x_BillingPeriod = $period AND run_id = $run
    AND NOT (
        coalesce(charge_category, '') = 'Purchase' AND (
            commitment IS NOT NULL
            OR (coalesce(effective_cost, 0) = 0 AND coalesce(billed_cost, 0) <> 0)
        )
    )
GROUP BY 1, 2
ORDER BY 1 NULLS LAST, 2
