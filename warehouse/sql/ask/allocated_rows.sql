-- The rows of a stored allocation run as they were computed, in their order.
-- $run: VARCHAR  id of the run
-- $period: VARCHAR  billing period, YYYY-MM
-- periods $period
SELECT
    charge_day, charge_days, pool, provider, account, service, sku, charge_category, commitment_status, currency, team,
    line, billed_cost, effective_cost, contracted_cost, list_cost, method_id, allocated_ratio, cost_lines,
    invoice_issuer, invoice, commitment, accelerator_model, distributed_from
FROM allocation
WHERE x_BillingPeriod = $period AND run_id = $run
ORDER BY x_SourceId, x_FileId NULLS LAST, x_RecordNumber NULLS LAST
