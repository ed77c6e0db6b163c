-- The rows of attempts at jobs as the domain computed them, with their number.
-- $run: VARCHAR  id of the run
-- input part(job_id VARCHAR, attempt INTEGER, workload_id VARCHAR, user_name VARCHAR, team VARCHAR, project VARCHAR, accelerator_model VARCHAR, state VARCHAR, gpus INTEGER, started TIMESTAMPTZ, ended TIMESTAMPTZ, gpu_ms BIGINT, utilised_ms BIGINT, observed_ms BIGINT, lost_ms BIGINT, currency VARCHAR, effective_cost DECIMAL(38,12), lost_cost DECIMAL(38,12), energy DOUBLE, carbon DOUBLE, tokens_in BIGINT, tokens_out BIGINT, x_RecordNumber BIGINT)  one row for each attempt
SELECT $run AS run_id, part.*, $run AS x_LoadId, CAST(NULL AS VARCHAR) AS x_FileId
FROM part
ORDER BY x_RecordNumber
