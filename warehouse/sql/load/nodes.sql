-- Rows of a list of machines: which resource of a provider had which host name and GPUs, from when to when.
-- GPU ids come as a JSON list, or separated by semicolons or blanks.
SELECT
    * REPLACE (
        CASE
            WHEN gpu_uuids IS NULL THEN NULL
            WHEN starts_with(ltrim(gpu_uuids), '[') AND json_valid(gpu_uuids) THEN gpu_uuids
            ELSE to_json(
                list_filter(string_split_regex(gpu_uuids, '[;\s]+'), lambda one: one <> '')
            )::VARCHAR
        END AS gpu_uuids
    ),
    '*' AS _period,
    'XXX' AS _currency,
    NULL::DECIMAL(38, 12) AS _billed_cost,
    NULL::DECIMAL(38, 12) AS _effective_cost,
    0 AS _rounding,
    CASE
        WHEN provider IS NULL THEN complaint('provider', NULL, 'a name, as aws')
        WHEN resource_id IS NULL AND host IS NULL
            THEN complaint('resource_id', NULL, 'the provider''s id of the machine, unless there is a host name')
        WHEN starts_with(ltrim(gpu_uuids), '[') AND NOT json_valid(gpu_uuids)
            THEN complaint('gpu_uuids', gpu_uuids, 'a JSON list of ids, or ids separated by semicolons')
        WHEN _given_accelerator_count
            AND (accelerator_count IS NULL OR accelerator_count < 0 OR accelerator_count > 1000000)
            THEN complaint('accelerator_count', _value_accelerator_count, 'a whole number, 0 or more')
        WHEN _given_valid_from AND valid_from IS NULL
            THEN complaint('valid_from', _value_valid_from, 'a date and time, or nothing for always')
        WHEN _given_valid_to AND valid_to IS NULL
            THEN complaint('valid_to', _value_valid_to, 'a date and time, or nothing for ever')
        WHEN valid_to <= valid_from THEN complaint('valid_to', _value_valid_to, 'a time after valid_from')
    END AS _reason
FROM delivered
