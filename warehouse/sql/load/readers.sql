-- (No IN with more than a few values: DuckDB makes a join of it, which is then computed even where it is not asked for.)
-- How one delivered value is read, by the type that is wanted and the type that came; NULL where it cannot be.
-- Decimals are rounded once, half-even to 12 decimals. DuckDB rounds half away from zero, so an exact tie
-- whose twelfth decimal is even is cut instead. Doubles go through their shortest text, which is what was meant.
-- The cast through DECIMAL(18,12) is fifty times faster than the plain one and covers nearly every amount.
CREATE TEMP MACRO fast_decimal(value) AS
    coalesce(try_cast(value AS DECIMAL(18, 12))::DECIMAL(38, 12), try_cast(value AS DECIMAL(38, 12)));

-- A number below one as programs write it, 2.5e-07, is written out as text: casts of exponents are slow.
CREATE TEMP MACRO written_out(words) AS
    CASE WHEN starts_with(words, '-') THEN '-0.' ELSE '0.' END
    || repeat('0', try_cast(split_part(words, 'e-', 2) AS INTEGER) - 1)
    || ltrim(replace(split_part(words, 'e-', 1), '.', ''), '-');
CREATE TEMP MACRO without_exponent(words) AS
    CASE
        WHEN NOT contains(words, 'e') THEN words
        WHEN regexp_full_match(words, '-?[0-9](\.[0-9]+)?e-(0[1-9]|[1-9][0-9]?)') THEN written_out(words)
        ELSE coalesce(try_cast(words AS DECIMAL(38, 30))::VARCHAR, words)
    END;

CREATE TEMP MACRO is_tie_to_even(words) AS
    contains(words, '5') AND regexp_full_match(words, '[-+]?[0-9]*\.[0-9]{11}[02468]50*');

CREATE TEMP MACRO cut_after_12(words) AS fast_decimal(left(words, strpos(words, '.') + 12));

CREATE TEMP MACRO decimal_of_plain(words) AS
    CASE
        WHEN contains(words, '_') THEN NULL
        WHEN strlen(words) - strpos(words, '.') > 12 AND is_tie_to_even(words) THEN cut_after_12(words)
        ELSE fast_decimal(words)
    END;

-- The shortest text of a double has no zeros at its end, so a tie ends in 5 with exactly 13 decimals.
-- DuckDB casts '8e-14' to 1e-12 (it looks at the first digit only), so what is that small is 0 here.
CREATE TEMP MACRO decimal_of_small(words, exponent) AS
    CASE
        WHEN exponent >= 14 THEN 0::DECIMAL(38, 12)
        WHEN contains(words, '5e-')
            AND (strpos(words, '5e-') - strpos(words, '.') + exponent = 13 OR ltrim(words, '-') = '5e-13')
            THEN decimal_of_plain(without_exponent(words))
        ELSE fast_decimal(words)
    END;

CREATE TEMP MACRO decimal_of_double_text(words) AS
    CASE
        WHEN ends_with(words, '5')
            AND strlen(words) - strpos(words, '.') = 13
            AND contains('02468', substr(words, -2, 1))
            THEN fast_decimal(left(words, -1))
        WHEN contains(words, 'e-')
            THEN decimal_of_small(words, try_cast(substr(words, strpos(words, 'e-') + 2) AS INTEGER))
        ELSE fast_decimal(words)
    END;

-- Most doubles need no text: double and product are each off by at most 2^-53 of the value, so a product that is
-- farther from a half than that rounds as the text would, and as the cast does. Tested against the text for every kind
-- of number.
CREATE TEMP MACRO is_clear(pico) AS abs(pico - round(pico)) + abs(pico) * 2.3e-16 < 0.5;
CREATE TEMP MACRO decimal_of_double(value) AS
    CASE
        WHEN is_clear(value * 1e12::DOUBLE) THEN value::DECIMAL(38, 12)
        ELSE decimal_of_double_text(value::VARCHAR)
    END;

CREATE TEMP MACRO decimal_of_text(words) AS decimal_of_plain(without_exponent(lower(trim(words))));
CREATE TEMP MACRO decimal_of_exact(value) AS try_cast(value AS DECIMAL(38, 12));

-- What rounding added to an amount, in units of the twelfth decimal: 0.3 for a value that ends in ...7. It is told
-- from the twelfth decimal and what follows it (0 to 10); a tie was rounded so that the twelfth became even.
CREATE TEMP MACRO tail_of(words) AS
    CASE
        WHEN strlen(words) - strpos(words, '.') > 12 AND contains(words, '.')
            THEN try_cast(
                substr(words, strpos(words, '.') + 12, 1) || '.' || substr(words, strpos(words, '.') + 13, 16)
                AS DECIMAL(18, 16)
            )
        ELSE 0
    END;
CREATE TEMP MACRO rounding_up(tail) AS
    CASE
        WHEN round(tail, 0) - tail = 0.5 AND floor(tail) % 2 = 0 THEN -0.5
        ELSE round(tail, 0) - tail
    END;
CREATE TEMP MACRO with_sign(words, rounding) AS rounding * CASE WHEN starts_with(words, '-') THEN -1 ELSE 1 END;
CREATE TEMP MACRO rounding_of_plain(words) AS with_sign(words, rounding_up(tail_of(words)));

CREATE TEMP MACRO rounding_of_words(words, plain, tail) AS
    CASE
        WHEN strlen(words) <= 13 AND NOT contains(words, 'e') THEN 0
        ELSE with_sign(plain, rounding_up(tail))
    END;
CREATE TEMP MACRO rounding_of_text(amount, words) AS
    rounding_of_words(words, without_exponent(words), tail_of(without_exponent(words)));

-- The product of a double below 100 is exact enough: to a hundredth of the twelfth decimal.
CREATE TEMP MACRO rounding_of_small(amount, pico) AS
    CASE
        WHEN round(pico) = pico THEN 0
        ELSE try_cast(round(amount::DOUBLE * 1e12::DOUBLE) - pico AS DECIMAL(18, 4))
    END;
-- A double below 2^53 units that comes back from 12 decimals was meant to have no more of them: nothing was rounded.
CREATE TEMP MACRO has_12_decimals(value) AS
    abs(value) < 9007 AND try_cast(value AS DECIMAL(18, 12))::DOUBLE = value;
CREATE TEMP MACRO rounding_of_double(amount, value) AS
    CASE
        WHEN has_12_decimals(value) THEN 0
        WHEN abs(value) < 100 THEN rounding_of_small(amount, value * 1e12::DOUBLE)
        ELSE rounding_of_plain(value::VARCHAR)
    END;

CREATE TEMP MACRO text_of_text(value) AS nullif(value, '');
CREATE TEMP MACRO text_of_other(value) AS value::VARCHAR;
CREATE TEMP MACRO text_of_nested(value) AS to_json(value)::VARCHAR;

CREATE TEMP MACRO sane_time(value) AS
    CASE
        WHEN value >= TIMESTAMPTZ '1970-01-01 00:00:00+00' AND value < TIMESTAMPTZ '9999-01-01 00:00:00+00'
            THEN value
    END;
CREATE TEMP MACRO time_of_moment(value) AS sane_time(value::TIMESTAMPTZ);
CREATE TEMP MACRO time_of_text(words) AS
    sane_time(
        coalesce(
            try_cast(trim(words) AS TIMESTAMPTZ),
            timezone('UTC', try_strptime(trim(words), ['%Y-%m-%dT%H:%MZ', '%Y-%m-%d %H:%MZ']))
        )
    );

CREATE TEMP MACRO long_of_number(value) AS CASE WHEN value = trunc(value) THEN try_cast(value AS BIGINT) END;
CREATE TEMP MACRO long_of_text(words) AS
    CASE WHEN regexp_full_match(words, '\s*[-+]?[0-9]+(\.0*)?\s*') THEN try_cast(words AS BIGINT) END;

CREATE TEMP MACRO double_of_number(value) AS CASE WHEN isfinite(value::DOUBLE) THEN value::DOUBLE END;
CREATE TEMP MACRO double_of_text(words) AS double_of_number(try_cast(words AS DOUBLE));

CREATE TEMP MACRO json_of_text(words) AS
    CASE WHEN starts_with(ltrim(words), '{') AND json_valid(words) THEN words END;
CREATE TEMP MACRO json_of_nested(value) AS json_of_text(to_json(value)::VARCHAR);

-- A sentence for the quarantine: what stood in a column and what is accepted there.
CREATE TEMP MACRO complaint(name, value, accepted) AS
    CASE
        WHEN value IS NULL THEN name || ' is empty; accepted is ' || accepted
        ELSE name || ' ''' || left(value::VARCHAR, 80) || ''' cannot be read; accepted is ' || accepted
    END;

-- A sentence for the quarantine: the row belongs to another period than the one that is delivered.
CREATE TEMP MACRO other_period(its, delivered) AS
    'the record is of ' || its || ', but ' || delivered || ' is delivered; accepted are records of that period only';

-- One value of a JSON object by its key; NULL where there is none, or where the text is no JSON.
CREATE TEMP MACRO json_field(words, name) AS
    nullif(try(json_extract_string(words, '$."' || name || '"')), '');
