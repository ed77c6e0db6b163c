-- How a bill's line says which machine it is about, and what its quantity means in hours.
-- The kinds of usage of EC2 whose hours are a machine's, as USE1-BoxUsage:p5.48xlarge; those of a reservation and of a
-- reserved instance's fee are about the same hours as the instances' own lines. SageMaker's types begin with ml.
CREATE TEMP MACRO machine_of_usage(words) AS
    CASE
        WHEN contains(words, ':ml.') THEN nullif(regexp_extract(words, ':(ml\.[a-z0-9.-]+)$', 1), '')
        WHEN contains(words, ':')
            THEN nullif(
                regexp_extract(
                    words,
                    '(?:^|-)(?:BoxUsage|SpotUsage|DedicatedUsage|HeavyUsage|Reservation|DedicatedRes|UnusedBox|UnusedDed|CapacityBlock[A-Za-z]*):([a-z0-9-]+\.[a-z0-9-]+)$',
                    1
                ),
                ''
            )
    END;
CREATE TEMP MACRO counts_hours(words) AS
    machine_of_usage(words) IS NOT NULL
    AND NOT regexp_matches(words, '(^|-)(HeavyUsage|Reservation|DedicatedRes):');

-- What a price's details say: FOCUS's own InstanceType, Azure's ServiceType of virtual machines, Google's machine_spec.
CREATE TEMP MACRO machine_of_values(found) AS
    coalesce(
        nullif(found[1], ''),
        nullif(found[2], ''),
        CASE WHEN starts_with(found[3], 'Standard_') OR starts_with(found[3], 'Basic_') THEN found[3] END,
        CASE WHEN starts_with(found[4], 'Standard_') OR starts_with(found[4], 'Basic_') THEN found[4] END,
        nullif(found[5], ''),
        nullif(found[6], '')
    );
CREATE TEMP MACRO machine_of_details(words) AS
    CASE
        WHEN contains(words, 'Type') OR contains(words, 'machine_spec')
            THEN machine_of_values(
                json_extract_string(
                    words,
                    [
                        '$.InstanceType', '$.x_InstanceType', '$.ServiceType', '$.x_ServiceType', '$.machine_spec',
                        '$."compute.googleapis.com/machine_spec"'
                    ]
                )
            )
    END;

-- A meter of Azure, as ND96isr H100 v5 Spot, is the virtual machine Standard_ND96isr_H100_v5.
CREATE TEMP MACRO machine_of_meter(words) AS
    'standard_' || replace(lower(regexp_replace(trim(words), ' (Spot|Low Priority)$', '')), ' ', '_');

CREATE TEMP MACRO is_amazon(words) AS starts_with(upper(words), 'AWS') OR starts_with(upper(words), 'AMAZON');
CREATE TEMP MACRO provider_of(words) AS
    CASE
        WHEN is_amazon(words) THEN 'aws'
        WHEN starts_with(lower(words), 'microsoft') OR starts_with(lower(words), 'azure') THEN 'azure'
        WHEN starts_with(lower(words), 'google') THEN 'gcp'
        ELSE lower(trim(words))
    END;

-- Units of time, also in blocks as 100 Hours; those that count accelerators instead of machines say so.
CREATE TEMP MACRO unit_word(words) AS regexp_replace(lower(trim(words)), '^[0-9]+ +', '');
CREATE TEMP MACRO word_seconds(word) AS
    CASE
        WHEN list_contains(['hours', 'hour', 'hrs', 'hr', 'h', 'machine-hours', 'instance-hours', 'units/hour'], word)
            THEN 3600
        WHEN list_contains(['accelerator-hours', 'gpu-hours', 'chip-hours'], word) THEN 3600
        WHEN list_contains(['seconds', 'second', 's'], word) THEN 1
        WHEN list_contains(['minutes', 'minute'], word) THEN 60
    END;
CREATE TEMP MACRO unit_seconds(words) AS
    word_seconds(unit_word(words))
    * CASE
        WHEN regexp_matches(words, '^ *[0-9]{1,6} ') THEN regexp_extract(words, '[0-9]+')::BIGINT
        ELSE 1
    END;
CREATE TEMP MACRO unit_is_accelerators(words) AS
    list_contains(['accelerator-hours', 'gpu-hours', 'chip-hours'], unit_word(words));

-- Whole hours are multiplied exactly; seconds are divided, so they are rounded.
CREATE TEMP MACRO hours_of(quantity, seconds, each) AS
    CASE
        WHEN abs(quantity) >= 1000000000000 THEN NULL
        WHEN seconds % 3600 = 0 THEN (quantity * (each * (seconds // 3600)))::DECIMAL(38, 12)
        ELSE decimal_of_double(quantity::DOUBLE * each * seconds / 3600.0::DOUBLE)
    END;
CREATE TEMP MACRO accelerator_hours(quantity, unit, each) AS
    hours_of(quantity, unit_seconds(unit), CASE WHEN unit_is_accelerators(unit) THEN 1 ELSE each END);
CREATE TEMP MACRO line_hours(consumed, consumed_unit, priced, pricing_unit, each) AS
    CASE
        WHEN consumed IS NOT NULL AND unit_seconds(consumed_unit) IS NOT NULL
            THEN accelerator_hours(consumed, consumed_unit, each)
        ELSE accelerator_hours(priced, pricing_unit, each)
    END;

-- Lines of AWS that name a machine and are about a service on top of it, or about a reservation, count no hours of it.
CREATE TEMP MACRO is_own_time(service, words) AS
    NOT contains(coalesce(service, ''), 'MapReduce')
    AND (words IS NULL OR NOT contains(words, ':') OR counts_hours(words));

CREATE TEMP MACRO purchase_model(hint, category, commitment, reservation, words, meter, description) AS
    CASE
        WHEN list_contains(['on_demand', 'spot', 'committed', 'capacity_block', 'flex_start'], lower(trim(hint)))
            THEN lower(trim(hint))
        WHEN reservation IS NOT NULL
            AND (contains(words, 'CapacityBlock') OR contains(lower(description), 'capacity block'))
            THEN 'capacity_block'
        WHEN category = 'Dynamic' OR contains(words, 'SpotUsage') OR regexp_matches(meter, ' (Spot|Low Priority)$')
            THEN 'spot'
        WHEN category = 'Committed' OR commitment IS NOT NULL THEN 'committed'
        WHEN category = 'Standard' THEN 'on_demand'
    END;
