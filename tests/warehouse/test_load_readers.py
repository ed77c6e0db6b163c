"""How single values are read: numbers to twelve decimals, half-even; times in UTC."""

from collections.abc import Iterator
from decimal import ROUND_HALF_EVEN, Context, Decimal
from importlib.resources import files

import duckdb
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

PICO = Decimal("1e-12")
WIDE = Context(prec=80)
BIGGEST = 10**25


@pytest.fixture(scope="module")
def readers() -> Iterator[duckdb.DuckDBPyConnection]:
    """A connection that knows the readers."""
    with duckdb.connect(":memory:") as connection:
        connection.execute("SET TimeZone = 'UTC'")
        text = files("warehouse").joinpath("sql", "load", "readers.sql").read_text("utf-8")
        connection.execute(text)
        yield connection


def _rounded(text: str) -> Decimal:
    return Decimal(text).quantize(PICO, ROUND_HALF_EVEN, WIDE)


def _read(readers: duckdb.DuckDBPyConnection, macro: str, values: list[object]) -> list[object]:
    kind = "DOUBLE" if isinstance(values[0], float) else "VARCHAR"
    call = macro if "(" in macro else f"{macro}(value"
    question = f"SELECT {call}) FROM (SELECT unnest(?::{kind}[]) AS value)"  # noqa: S608 - ours
    rows = readers.execute(question, [values]).fetchall()
    return [row[0] for row in rows]


numbers = st.one_of(
    st.floats(-1e15, 1e15),
    st.floats(-1e-3, 1e-3),
    st.floats(-1, 1).map(lambda x: x * 1e-12),
    st.builds(lambda n, p: n / 10**p, st.integers(-(10**9), 10**9), st.integers(0, 18)),
    st.builds(lambda n: n / 2e12, st.integers(-(10**7), 10**7)),
)


@settings(deadline=None)
@given(st.lists(numbers, min_size=1, max_size=300))
def test_a_double_is_what_its_shortest_text_says(
    readers: duckdb.DuckDBPyConnection, values: list[float]
) -> None:
    """0.1 + 0.2 is 0.30000000000000004, which is 0.3 to twelve decimals; 2.5e-12 goes to 2e-12."""
    found = _read(readers, "decimal_of_double", list(values))

    assert found == [_rounded(repr(value)) for value in values]


digits = st.text("0123456789", max_size=20)
texts = st.builds(
    lambda sign, whole, decimals, tie, zeros: f"{sign}{whole}.{decimals}{tie}{'0' * zeros}",
    st.sampled_from(["", "-", "+"]),
    st.integers(0, BIGGEST).map(str),
    st.one_of(digits, st.text("0123456789", min_size=12, max_size=12)),
    st.sampled_from(["", "5", "50", "51", "49"]),
    st.integers(0, 4),
)


@settings(deadline=None)
@given(st.lists(texts, min_size=1, max_size=300))
def test_a_text_is_rounded_half_even(readers: duckdb.DuckDBPyConnection, values: list[str]) -> None:
    """Thirteen decimals that end in 5 go to the even neighbour, whatever zeros follow."""
    found = _read(readers, "decimal_of_text", list(values))

    assert found == [_rounded(value) for value in values]


@settings(deadline=None)
@given(st.lists(numbers, min_size=1, max_size=300))
def test_a_text_with_an_exponent_means_the_number(
    readers: duckdb.DuckDBPyConnection, values: list[float]
) -> None:
    """2.5e-07 is 0.00000025, however small or negative, and 2.5e-12 goes to the even 2e-12."""
    found = _read(readers, "decimal_of_text", [repr(value) for value in values])

    assert found == [_rounded(repr(value)) for value in values]


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("0.0000000000025", "0.000000000002"),
        ("0.0000000000035", "0.000000000004"),
        ("-0.0000000000025", "-0.000000000002"),
        ("1e-7", "0.0000001"),
        ("1E-7", "0.0000001"),
        ("-1.25e-1", "-0.125"),
        ("12.5e-3", "0.0125"),
        ("3e-99", "0"),
        ("8e-14", "0"),
        ("2.5e-12", "0.000000000002"),
        (" 12 ", "12"),
        ("1e22", "10000000000000000000000"),
        ("99999999999999999999999999", "99999999999999999999999999"),
        ("1e26", None),
        ("1_000", None),
        ("1,5", None),
        ("$5", None),
        ("nan", None),
        ("inf", None),
    ],
)
def test_spellings_of_numbers(
    readers: duckdb.DuckDBPyConnection, text: str, wanted: str | None
) -> None:
    """Plain and scientific notation are read; separators, signs of money and infinity are not."""
    [found] = _read(readers, "decimal_of_text", [text])

    assert found == (None if wanted is None else Decimal(wanted))


@pytest.mark.parametrize("value", [float("nan"), float("inf"), -float("inf"), 1e26, -1e300])
def test_doubles_that_are_no_amounts(readers: duckdb.DuckDBPyConnection, value: float) -> None:
    """They become null, which the load then complains about."""
    assert _read(readers, "decimal_of_double", [value]) == [None]


@settings(deadline=None)
@given(st.lists(texts, min_size=1, max_size=300))
def test_the_rounding_of_a_text_is_known_exactly(
    readers: duckdb.DuckDBPyConnection, values: list[str]
) -> None:
    """1.0000000000003 is stored as 1.000000000000, so rounding took 0.3 of the twelfth decimal."""
    found = _read(readers, "rounding_of_text(0, value", [*values])

    for value, rounding in zip(values, found, strict=True):
        assert abs(_rounding(value) - Decimal(str(rounding))) < Decimal("1e-9")


@settings(deadline=None)
@given(st.lists(numbers, min_size=1, max_size=300))
def test_the_rounding_of_a_double_is_known_to_a_hundredth(
    readers: duckdb.DuckDBPyConnection, values: list[float]
) -> None:
    """Measured against the shortest text, in units of the twelfth decimal."""
    found = _read(readers, "rounding_of_double(decimal_of_double(value), value", [*values])

    for value, rounding in zip(values, found, strict=True):
        assert abs(_rounding(repr(value)) - Decimal(str(rounding or 0))) < Decimal("1e-2")


@settings(deadline=None)
@given(st.lists(st.integers(-9_006 * 10**12, 9_006 * 10**12), min_size=1, max_size=300))
def test_a_double_of_twelve_decimals_is_not_rounded(
    readers: duckdb.DuckDBPyConnection, pico: list[int]
) -> None:
    """The double next to 1404.123456789012 adds 0 to the rounding; its product would add 0.0001."""
    values = [number / 10**12 for number in pico]

    found = _read(readers, "rounding_of_double(decimal_of_double(value), value", [*values])

    assert [Decimal(str(rounding)) for rounding in found] == [0] * len(values)


def _rounding(text: str) -> Decimal:
    """What rounding adds, in units of the twelfth decimal."""
    return (_rounded(text) - WIDE.create_decimal(text)) * 10**12


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("2026-10-01T00:00:00Z", "2026-10-01 00:00:00+00"),
        ("2026-10-01 00:00:00", "2026-10-01 00:00:00+00"),
        ("2026-10-01", "2026-10-01 00:00:00+00"),
        (" 2026-10-01T02:00:00.250+02:00 ", "2026-10-01 00:00:00.25+00"),
        ("2026-10-01T00:00Z", "2026-10-01 00:00:00+00"),
        ("2026-10-01 00:00:00 UTC", "2026-10-01 00:00:00+00"),
        ("10/1/2026", None),
        ("2026-13-01", None),
        ("infinity", None),
        ("1969-12-31", None),
        ("1790812800", None),
    ],
)
def test_spellings_of_times(
    readers: duckdb.DuckDBPyConnection, text: str, wanted: str | None
) -> None:
    """ISO 8601 with or without T and zone is read, UTC where it says nothing; no other order."""
    row = readers.execute("SELECT time_of_text(?)::VARCHAR", [text]).fetchone()

    assert row == (wanted,)


@pytest.mark.parametrize(
    ("text", "wanted"), [("7", 7), (" -7.0 ", -7), ("7.5", None), ("x", None), ("1e3", None)]
)
def test_whole_numbers_are_not_rounded(
    readers: duckdb.DuckDBPyConnection, text: str, wanted: int | None
) -> None:
    """7.5 milliseconds or GPUs are an error, not 8."""
    assert _read(readers, "long_of_text", [text]) == [wanted]


@pytest.mark.parametrize(
    ("text", "wanted"),
    [('{"team": "a"}', '{"team": "a"}'), ("[1]", None), ("{team}", None), ("team=a", None)],
)
def test_only_json_objects_are_kept_as_such(
    readers: duckdb.DuckDBPyConnection, text: str, wanted: str | None
) -> None:
    """Tags that are something else would break whoever asks for one of them."""
    assert _read(readers, "json_of_text", [text]) == [wanted]
