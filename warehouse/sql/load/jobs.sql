-- Rows of job runs: one attempt at a job. Without an attempt number it is the first, without a number of nodes it is one.
-- Hosts come as a JSON list, or separated by commas, semicolons or blanks.
SELECT
    * REPLACE (
        CASE WHEN _given_attempt THEN attempt ELSE 1 END AS attempt,
        CASE WHEN _given_nodes THEN nodes ELSE 1 END AS nodes,
        lower(trim(state)) AS state,
        CASE
            WHEN hosts IS NULL THEN NULL
            WHEN starts_with(ltrim(hosts), '[') AND json_valid(hosts) THEN hosts
            ELSE to_json(list_filter(string_split_regex(hosts, '[,;\s]+'), lambda one: one <> ''))::VARCHAR
        END AS hosts
    ),
    coalesce(strftime(submitted, '%Y-%m'), '') AS _period,
    'XXX' AS _currency,
    NULL::DECIMAL(38, 12) AS _billed_cost,
    NULL::DECIMAL(38, 12) AS _effective_cost,
    0 AS _rounding,
    CASE
        WHEN job_id IS NULL THEN complaint('job_id', NULL, 'the id of a job')
        WHEN _given_attempt AND (attempt IS NULL OR attempt < 1 OR attempt > 2147483647)
            THEN complaint('attempt', _value_attempt, 'a whole number from 1')
        WHEN _given_nodes AND (nodes IS NULL OR nodes < 1 OR nodes > 2147483647)
            THEN complaint('nodes', _value_nodes, 'a whole number from 1')
        WHEN gpus IS NULL OR gpus < 0 OR gpus > 2147483647
            THEN complaint('gpus', _value_gpus, 'the number of GPUs of the whole job, 0 or more')
        WHEN submitted IS NULL
            THEN complaint('submitted', _value_submitted, 'a date and time, as 2026-10-01T09:30:00Z')
        WHEN _given_started AND started IS NULL
            THEN complaint('started', _value_started, 'a date and time, or nothing before the start')
        WHEN _given_ended AND ended IS NULL
            THEN complaint('ended', _value_ended, 'a date and time, or nothing before the end')
        WHEN _given_checkpoint_at AND checkpoint_at IS NULL
            THEN complaint('checkpoint_at', _value_checkpoint_at, 'a date and time, or nothing')
        WHEN starts_with(ltrim(hosts), '[') AND NOT json_valid(hosts)
            THEN complaint('hosts', hosts, 'a JSON list of host names, or names separated by commas')
        WHEN ended < started THEN complaint('ended', _value_ended, 'a time that is not before started')
        WHEN state IS NULL
            OR NOT list_contains(
                ['queued', 'running', 'completed', 'succeeded', 'failed', 'preempted', 'cancelled', 'timeout'],
                lower(trim(state))
            )
            THEN complaint('state', state, 'queued, running, completed, succeeded, failed, preempted, cancelled or timeout')
    END AS _reason
FROM delivered
