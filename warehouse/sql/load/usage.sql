-- Rows of GPU usage: one hour of one GPU or slice and one holder. A signal that is missing stays absent; a row with
-- more allocated or active than there is would make idle time negative, so it is set aside.
SELECT
    *,
    coalesce(strftime(hour, '%Y-%m-%d'), '') AS _period,
    'XXX' AS _currency,
    NULL::DECIMAL(38, 12) AS _billed_cost,
    NULL::DECIMAL(38, 12) AS _effective_cost,
    0 AS _rounding,
    CASE
        WHEN hour IS NULL OR hour <> date_trunc('hour', hour)
            THEN complaint('hour', _value_hour, 'the full hour that it begins with, as 2026-10-01T13:00:00Z')
        WHEN gpu_uuid IS NULL THEN complaint('gpu_uuid', NULL, 'the id of a GPU')
        WHEN host IS NULL THEN complaint('host', NULL, 'the name of a machine')
        WHEN capacity_ms IS NULL OR capacity_ms < 0 OR capacity_ms > 3600000
            THEN complaint('capacity_ms', _value_capacity_ms, 'milliseconds, 0 to 3600000')
        WHEN observed_ms IS NULL OR observed_ms < 0 OR observed_ms > 3600000
            THEN complaint('observed_ms', _value_observed_ms, 'milliseconds, 0 to 3600000')
        WHEN allocated_ms IS NULL OR allocated_ms < 0 OR allocated_ms > capacity_ms
            THEN complaint('allocated_ms', _value_allocated_ms, 'milliseconds, 0 to capacity_ms')
        WHEN _given_activity_ms AND (activity_ms IS NULL OR activity_ms < 0 OR activity_ms > capacity_ms)
            THEN complaint('activity_ms', _value_activity_ms, 'milliseconds, 0 to capacity_ms, or nothing where not measured')
        WHEN _given_memory_mean AND (memory_mean IS NULL OR memory_mean < 0)
            THEN complaint('memory_mean', _value_memory_mean, 'MiB, 0 or more, or nothing')
        WHEN _given_memory_max AND (memory_max IS NULL OR memory_max < 0)
            THEN complaint('memory_max', _value_memory_max, 'MiB, 0 or more, or nothing')
        WHEN _given_energy AND (energy IS NULL OR energy < 0)
            THEN complaint('energy', _value_energy, 'joules, 0 or more, or nothing')
        WHEN _given_tokens_in AND (tokens_in IS NULL OR tokens_in < 0)
            THEN complaint('tokens_in', _value_tokens_in, 'a whole number, 0 or more, or nothing')
        WHEN _given_tokens_out AND (tokens_out IS NULL OR tokens_out < 0)
            THEN complaint('tokens_out', _value_tokens_out, 'a whole number, 0 or more, or nothing')
        WHEN _given_xid_count AND (xid_count IS NULL OR xid_count < 0 OR xid_count > 2147483647)
            THEN complaint('xid_count', _value_xid_count, 'a whole number, 0 or more, or nothing')
        WHEN _given_no_process_ms AND (no_process_ms IS NULL OR no_process_ms < 0 OR no_process_ms > capacity_ms)
            THEN complaint('no_process_ms', _value_no_process_ms, 'milliseconds, 0 to capacity_ms, or nothing where not known')
        WHEN _given_sm_activity_ms AND (sm_activity_ms IS NULL OR sm_activity_ms < 0 OR sm_activity_ms > capacity_ms)
            THEN complaint('sm_activity_ms', _value_sm_activity_ms, 'milliseconds, 0 to capacity_ms, or nothing where not measured')
        WHEN _given_tensor_activity_ms AND (tensor_activity_ms IS NULL OR tensor_activity_ms < 0 OR tensor_activity_ms > capacity_ms)
            THEN complaint('tensor_activity_ms', _value_tensor_activity_ms, 'milliseconds, 0 to capacity_ms, or nothing where not measured')
        WHEN _given_dram_activity_ms AND (dram_activity_ms IS NULL OR dram_activity_ms < 0 OR dram_activity_ms > capacity_ms)
            THEN complaint('dram_activity_ms', _value_dram_activity_ms, 'milliseconds, 0 to capacity_ms, or nothing where not measured')
        WHEN _given_memory_total AND (memory_total IS NULL OR memory_total < 0)
            THEN complaint('memory_total', _value_memory_total, 'MiB, 0 or more, or nothing')
        WHEN _given_requests AND (requests IS NULL OR requests < 0)
            THEN complaint('requests', _value_requests, 'a whole number, 0 or more, or nothing')
        WHEN mode IS NOT NULL AND mode NOT IN ('whole', 'mig', 'time_slicing', 'fraction')
            THEN complaint('mode', mode, 'whole, mig, time_slicing or fraction, or nothing')
    END AS _reason
FROM delivered
