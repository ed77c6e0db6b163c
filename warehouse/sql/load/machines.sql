-- How a bill's line says which machine it is about, and what its quantity means in hours.
-- The kinds of usage of EC2 whose hours are a machine's, as USE1-BoxUsage:p5.48xlarge; those of a reservation and of a
-- reserved instance's fee are about the same hours as the instances' own lines. SageMaker's types begin with ml.
CREATE TEMP MACRO machine_of_usage(words) AS
    coalesce(
        nullif(regexp_extract(words, ':(ml\.[a-z0-9.-]+)$', 1), ''),
        nullif(
            regexp_extract(
                words,
                '(?:^|-)(?:BoxUsage|SpotUsage|DedicatedUsage|HeavyUsage|Reservation|DedicatedRes|UnusedBox|UnusedDed|CapacityBlock[A-Za-z]*):([a-z0-9-]+\.[a-z0-9-]+)$',
                1
            ),
            ''
        )
    );
CREATE TEMP MACRO counts_hours(words) AS
    regexp_matches(words, '(^|-)(BoxUsage|SpotUsage|DedicatedUsage|UnusedBox|UnusedDed|CapacityBlock[A-Za-z]*)(:|$)')
    OR contains(words, ':ml.')
    OR NOT contains(words, ':');

-- What the details of a price say: FOCUS's own InstanceType, Google's machine_spec, Azure's ServiceType of virtual
-- machines. It is looked for in the text: that is done once for each of its values, which reading JSON is not.
CREATE TEMP MACRO machine_of_details(words) AS
    coalesce(
        nullif(regexp_extract(words, '"(?:(?:x_)?InstanceType|[a-z./]*machine_spec)" *: *"([^"\\]+)"', 1), ''),
        nullif(regexp_extract(words, '"(?:x_)?ServiceType" *: *"((?:Standard|Basic)_[^"\\]+)"', 1), '')
    );

-- A meter of Azure, as ND96isr H100 v5 Spot, is the virtual machine Standard_ND96isr_H100_v5.
CREATE TEMP MACRO machine_of_meter(words) AS
    'standard_' || replace(lower(regexp_replace(trim(words), ' (Spot|Low Priority)$', '')), ' ', '_');

CREATE TEMP MACRO is_amazon(words) AS coalesce(starts_with(words, 'AWS') OR starts_with(words, 'Amazon'), false);
CREATE TEMP MACRO provider_of(words) AS
    CASE
        WHEN is_amazon(words) THEN 'aws'
        WHEN starts_with(lower(words), 'microsoft') OR starts_with(lower(words), 'azure') THEN 'azure'
        WHEN starts_with(lower(words), 'google') THEN 'gcp'
        ELSE lower(trim(words))
    END;

-- Units of time, also in blocks as 100 Hours; those that count accelerators instead of machines say so.
CREATE TEMP MACRO unit_word(words) AS regexp_replace(lower(trim(words)), '^[0-9]+ +', '');
CREATE TEMP MACRO unit_is_accelerators(words) AS
    regexp_full_match(unit_word(words), '(accelerator|gpu|chip)[ -]?hours?');
CREATE TEMP MACRO unit_seconds(words) AS
    CASE
        WHEN regexp_full_match(unit_word(words), '((accelerator|gpu|chip|machine|instance)[ -])?hours?|hrs?|h|units/hour')
            THEN 3600
        WHEN regexp_full_match(unit_word(words), 'seconds?|s') THEN 1
        WHEN regexp_full_match(unit_word(words), 'minutes?') THEN 60
    END
    * CASE
        WHEN regexp_matches(words, '^ *[0-9]{1,6} ') THEN regexp_extract(words, '[0-9]+')::BIGINT
        ELSE 1
    END;

-- Whole hours are multiplied exactly; seconds are divided, so they are rounded.
CREATE TEMP MACRO hours_of(quantity, seconds, each) AS
    CASE
        WHEN abs(quantity) >= 1000000000000 THEN NULL
        WHEN seconds % 3600 = 0 THEN (quantity * (each * (seconds // 3600))::DECIMAL(12, 0))::DECIMAL(38, 12)
        ELSE decimal_of_double(quantity::DOUBLE * each * seconds / 3600.0::DOUBLE)
    END;
