-- The rows of an allocation as the domain computed them, with their number.
-- $run: VARCHAR  id of the run
-- input part(charge_day DATE, charge_days INTEGER, pool VARCHAR, provider VARCHAR, account VARCHAR, service VARCHAR, sku VARCHAR, charge_category VARCHAR, commitment_status VARCHAR, currency VARCHAR, team VARCHAR, line VARCHAR, billed_cost DECIMAL(38,12), effective_cost DECIMAL(38,12), contracted_cost DECIMAL(38,12), list_cost DECIMAL(38,12), method_id VARCHAR, allocated_ratio DECIMAL(38,12), cost_lines BIGINT, invoice_issuer VARCHAR, invoice VARCHAR, commitment VARCHAR, accelerator_model VARCHAR, distributed_from VARCHAR, x_RecordNumber BIGINT)  one row per origin and team
SELECT $run AS run_id, part.*, $run AS x_LoadId, CAST(NULL AS VARCHAR) AS x_FileId
FROM part
ORDER BY x_RecordNumber
