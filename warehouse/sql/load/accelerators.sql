-- Which of a bill's machines have accelerators: one row for each seller, machine type and SKU that there is, because
-- rows that all find a partner are joined faster than rows of which some do not.
-- each is what one machine-hour of the line counts: nothing where another line of the same machine counts already.
-- input machine_type(provider VARCHAR, machine_type VARCHAR, accelerator_model VARCHAR, accelerator_count INTEGER)  known machines
-- input accelerator_sku(provider VARCHAR, pattern VARCHAR, accelerator_model VARCHAR, accelerators_per_unit INTEGER)  sold apart
-- input accelerator_family(provider VARCHAR, prefix VARCHAR)  machine types that have accelerators for certain
WITH told AS (
    SELECT _seller, _machine, _sku, count(*) AS lines
    FROM machine_line
    GROUP BY ALL
),

named AS (
    SELECT *, provider_of(_seller) AS provider,
        CASE
            WHEN _machine <> '' THEN lower(_machine)
            WHEN provider_of(_seller) = 'azure' THEN machine_of_meter(_sku)
        END AS machine
    FROM told
),

machine AS (
    SELECT provider, lower(machine_type) AS machine, any_value(machine_type) AS spelled,
        any_value(accelerator_model) AS model, any_value(accelerator_count) AS many
    FROM machine_type
    GROUP BY ALL
),

sku AS (
    SELECT named._seller, named._sku, arg_max(accelerator_sku.accelerator_model, strlen(pattern)) AS model,
        arg_max(accelerators_per_unit, strlen(pattern)) AS many
    FROM (SELECT DISTINCT _seller, _sku, provider FROM named WHERE _sku <> '') AS named
    JOIN accelerator_sku ON accelerator_sku.provider = named.provider AND named._sku LIKE accelerator_sku.pattern
    GROUP BY ALL
)

SELECT
    named._seller, named._machine, named._sku, named.lines,
    coalesce(machine.spelled, nullif(named._machine, '')) AS spelled,
    coalesce(sku.model, machine.model) AS model,
    coalesce(machine.many, sku.many) AS many,
    CASE
        WHEN sku.many IS NOT NULL THEN sku.many
        WHEN named.provider NOT IN (SELECT provider FROM accelerator_sku) THEN machine.many
    END AS each,
    machine.model IS NULL AND sku.model IS NULL AND EXISTS (
        FROM accelerator_family
        WHERE accelerator_family.provider = named.provider
            AND starts_with(named.machine, lower(accelerator_family.prefix))
    ) AS is_unknown
FROM named
LEFT JOIN machine ON machine.provider = named.provider AND machine.machine = named.machine
LEFT JOIN sku ON sku._seller = named._seller AND sku._sku = named._sku
