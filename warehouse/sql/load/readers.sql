-- How one delivered value is read, by the type that is wanted and the type that came; NULL where it cannot be.
-- Decimals are rounded once, half-even to 12 decimals: DuckDB rounds half away from zero, so exact ties
-- whose twelfth decimal is even are cut instead. Doubles go through their shortest text, which is what was meant.
-- The cast through DECIMAL(18,12) is fifty times faster than the plain one and covers nearly every amount.
CREATE TEMP MACRO fast_decimal(value) AS
    coalesce(try_cast(value AS DECIMAL(18, 12))::DECIMAL(38, 12), try_cast(value AS DECIMAL(38, 12)));

CREATE TEMP MACRO without_exponent(words) AS
    CASE WHEN contains(lower(words), 'e') THEN coalesce(try_cast(words AS DECIMAL(38, 30))::VARCHAR, words) ELSE words END;

CREATE TEMP MACRO is_tie_to_even(words) AS
    contains(words, '5') AND regexp_full_match(words, '\s*[-+]?[0-9]*\.[0-9]{11}[02468]50*\s*');

CREATE TEMP MACRO rounded_decimal(words) AS
    CASE
        WHEN is_tie_to_even(words) THEN fast_decimal(left(trim(words), strpos(trim(words), '.') + 12))
        ELSE fast_decimal(words)
    END;

CREATE TEMP MACRO decimal_of_number_text(words) AS
    CASE
        WHEN strlen(words) <= 13 AND NOT contains(words, 'e') THEN fast_decimal(words)
        ELSE rounded_decimal(without_exponent(words))
    END;

CREATE TEMP MACRO text_of_text(value) AS CASE WHEN value NOT IN ('', 'NULL', 'null') THEN value END;
CREATE TEMP MACRO text_of_other(value) AS value::VARCHAR;
CREATE TEMP MACRO text_of_nested(value) AS to_json(value)::VARCHAR;

CREATE TEMP MACRO decimal_of_exact(value) AS try_cast(value AS DECIMAL(38, 12));
CREATE TEMP MACRO decimal_of_double(value) AS decimal_of_number_text(value::VARCHAR);
CREATE TEMP MACRO decimal_of_text(value) AS
    CASE WHEN NOT contains(value, '_') THEN decimal_of_number_text(lower(value)) END;

CREATE TEMP MACRO sane_time(value) AS
    CASE WHEN value >= TIMESTAMPTZ '1970-01-01 00:00:00+00' AND value < TIMESTAMPTZ '9999-01-01 00:00:00+00' THEN value END;
CREATE TEMP MACRO time_of_moment(value) AS sane_time(value::TIMESTAMPTZ);
CREATE TEMP MACRO time_of_text(value) AS
    sane_time(coalesce(
        try_cast(trim(value) AS TIMESTAMPTZ),
        timezone('UTC', try_strptime(trim(value), ['%Y-%m-%dT%H:%MZ', '%Y-%m-%d %H:%MZ']))
    ));

CREATE TEMP MACRO long_of_exact(value) AS try_cast(value AS BIGINT);
CREATE TEMP MACRO long_of_number(value) AS CASE WHEN value = trunc(value) THEN try_cast(value AS BIGINT) END;
CREATE TEMP MACRO long_of_text(value) AS
    CASE WHEN regexp_full_match(value, '\s*[-+]?[0-9]+(\.0*)?\s*') THEN try_cast(value AS BIGINT) END;

CREATE TEMP MACRO double_of_number(value) AS CASE WHEN isfinite(value::DOUBLE) THEN value::DOUBLE END;
CREATE TEMP MACRO double_of_text(value) AS double_of_number(try_cast(value AS DOUBLE));

CREATE TEMP MACRO json_of_text(value) AS
    CASE WHEN starts_with(ltrim(value), '{') AND json_valid(value) THEN value END;
CREATE TEMP MACRO json_of_nested(value) AS json_of_text(to_json(value)::VARCHAR);

-- A sentence for the quarantine: what stood in a column and what is accepted there.
CREATE TEMP MACRO complaint(name, words, accepted) AS
    CASE
        WHEN words IS NULL THEN name || ' is empty; accepted is ' || accepted
        ELSE name || ' ''' || left(words, 80) || ''' cannot be read; accepted is ' || accepted
    END;
