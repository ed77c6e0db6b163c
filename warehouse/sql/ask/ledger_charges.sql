-- What the bills of one period charge, by invoice, commitment and category, for the ledger.
-- The commitment is the discount's, else the reservation's; every cost line is in one group.
-- $period: VARCHAR  billing period, YYYY-MM
-- periods $period
SELECT
    InvoiceIssuerName AS invoice_issuer, InvoiceId AS invoice,
    coalesce(CommitmentDiscountId, CapacityReservationId) AS commitment,
    ChargeCategory AS charge_category, BillingCurrency AS currency,
    sum(BilledCost) AS billed_cost, sum(EffectiveCost) AS effective_cost, count(*) AS cost_lines
FROM cost_line
WHERE x_BillingPeriod = $period
GROUP BY 1, 2, 3, 4, 5
ORDER BY 1 NULLS LAST, 2 NULLS LAST, 3 NULLS LAST, 4 NULLS LAST, 5 NULLS LAST
