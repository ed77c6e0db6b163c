-- The rows of GPU accounts as the domain computed them, put together over attempts, with their number.
-- $run: VARCHAR  id of the run
-- input part(day DATE, provider VARCHAR, region VARCHAR, host VARCHAR, pool VARCHAR, accelerator_model VARCHAR, mode VARCHAR, kind VARCHAR, team VARCHAR, project VARCHAR, job_id VARCHAR, workload_id VARCHAR, namespace VARCHAR, currency VARCHAR, gpu_ms BIGINT, effective_cost DECIMAL(38,12), gpu_cost DECIMAL(38,12), cpu_cost DECIMAL(38,12), memory_cost DECIMAL(38,12), energy DOUBLE, carbon DOUBLE, tokens_in BIGINT, tokens_out BIGINT, requests BIGINT, memory_max DOUBLE, memory_total DOUBLE)  accounts of attempts
WITH together AS (
    SELECT
        day, provider, region, host, pool, accelerator_model, mode, kind, team, project, job_id,
        workload_id, namespace, currency,
        CAST(sum(gpu_ms) AS BIGINT) AS gpu_ms, sum(effective_cost) AS effective_cost,
        sum(gpu_cost) AS gpu_cost, sum(cpu_cost) AS cpu_cost, sum(memory_cost) AS memory_cost,
        sum(energy) AS energy, sum(carbon) AS carbon, CAST(sum(tokens_in) AS BIGINT) AS tokens_in,
        CAST(sum(tokens_out) AS BIGINT) AS tokens_out, CAST(sum(requests) AS BIGINT) AS requests,
        max(memory_max) AS memory_max, max(memory_total) AS memory_total
    FROM part
    GROUP BY 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14
)
SELECT
    $run AS run_id, together.*, $run AS x_LoadId, CAST(NULL AS VARCHAR) AS x_FileId,
    CAST(row_number() OVER (
        ORDER BY day, host NULLS FIRST, kind, team, job_id NULLS FIRST, namespace NULLS FIRST,
            project NULLS FIRST, workload_id NULLS FIRST, pool NULLS FIRST, mode NULLS FIRST,
            accelerator_model NULLS FIRST, currency NULLS FIRST, provider NULLS FIRST,
            region NULLS FIRST
    ) AS BIGINT) AS x_RecordNumber
FROM together
ORDER BY x_RecordNumber
