"""CSV, JSON and Parquet say exactly what the statement says."""

import csv
import json
from dataclasses import replace
from decimal import Decimal
from io import BytesIO, StringIO

import pyarrow as pa
import pyarrow.parquet as pq
from hypothesis import given, settings
from hypothesis import strategies as st

from service.domain.money import Money
from service.exports.csv_file import COLUMNS, csv_bytes, statement_csv
from service.exports.json_file import statement_json
from service.exports.parquet_file import statement_parquet
from tests.docs_examples import page, section, table_rows
from tests.service.statements import HEAD, VISION, line, usd

TEXTS = st.text(st.characters(exclude_categories=["Cs"]), min_size=1)
PICO = st.integers(min_value=-(10**38) + 1, max_value=10**38 - 1)
SMALLEST = usd("-0.000000000001")
LARGEST = Money(10**38 - 1, "USD")


def original(cell: str) -> str:
    """Take the apostrophe away that keeps a text from being run."""
    return cell.removeprefix("'")


def read_csv(content: bytes) -> list[dict[str, str]]:
    """Read a file as any program would."""
    return list(csv.DictReader(StringIO(content.decode(), newline="")))


@settings(deadline=None)
@given(st.lists(st.tuples(TEXTS, PICO), max_size=5))
def test_csv_keeps_every_text_and_every_amount(rows: list[tuple[str, int]]) -> None:
    """One apostrophe less at the beginning of a text is the text, whatever it holds."""
    lines = tuple(
        line(number, Money(pico, "USD"), service=text, pool=text[::-1])
        for number, (text, pico) in enumerate(rows)
    )

    read = read_csv(statement_csv(replace(VISION, lines=lines)))

    assert sorted(
        (original(row["service"]), original(row["pool"]), Decimal(row["billed_cost"]))
        for row in read
    ) == sorted((one.service, one.pool, one.billed.decimal) for one in lines)


@settings(deadline=None)
@given(TEXTS, TEXTS)
def test_no_field_of_a_csv_begins_a_formula(left: str, right: str) -> None:
    """Neither a text nor a name with spaces before begins with = + - @; negative numbers do."""
    (row,) = read_csv(csv_bytes(["left", "right"], [(left, right)]))

    assert not any(text.lstrip(" \t\r\n").startswith(("=", "+", "-", "@")) for text in row.values())
    assert [original(text) for text in row.values()] == [left, right]


def test_csv_says_of_every_line_how_final_it_is() -> None:
    """Period, team, state, last final day and head stand before each line."""
    rows = read_csv(statement_csv(VISION))

    heading = ("period", "team", "state", "final_through", "head")
    assert {tuple(row[name] for name in heading) for row in rows} == {
        ("2026-10", "vision", "closed", "2026-10-31", HEAD)
    }
    assert [row["amount"] for row in rows] == ["100.004", "50.004", "25.004", "-7.50"]
    assert {row["list_cost"] for row in rows} == {""}


def test_json_holds_every_digit() -> None:
    """The smallest and the largest amount come back; their sum is exact; unknown is null."""
    statement = replace(VISION, lines=(line(1, SMALLEST), line(2, LARGEST)))

    content = json.loads(statement_json(statement))

    assert [one["amount"] for one in content["lines"]] == [
        "99999999999999999999999999.999999999999",
        "-0.000000000001",
    ]
    assert content["totals"][0]["amount"] == "99999999999999999999999999.999999999998"
    assert content["lines"][0]["list_cost"] is None
    assert content["lines"][0]["pool"] is None
    assert content["head"] == HEAD
    assert content["previous"] == [{"currency": "USD", "amount": "150.00"}]


def test_json_keeps_text_as_it_is() -> None:
    """No spreadsheet reads it, so ``=1+1`` stays; a missing day is null."""
    lines = (line(1, usd("1"), service="=1+1"),)

    content = json.loads(statement_json(replace(VISION, lines=lines, final_through=None)))

    assert content["lines"][0]["service"] == "=1+1"
    assert content["final_through"] is None


def test_parquet_holds_amounts_as_decimals_of_38_digits() -> None:
    """All five amounts are DECIMAL(38,12); the smallest and the largest come back."""
    statement = replace(VISION, lines=(line(1, SMALLEST), line(2, LARGEST)))

    table = pq.read_table(BytesIO(statement_parquet(statement)))

    amounts = ("amount", "billed_cost", "effective_cost", "contracted_cost", "list_cost")
    assert {table.schema.field(name).type for name in amounts} == {pa.decimal128(38, 12)}
    assert table.schema.field("cost_lines").type == pa.int64()
    assert table["amount"].to_pylist() == [LARGEST.decimal, SMALLEST.decimal]
    assert table["list_cost"].to_pylist() == [None, None]
    assert table["pool"].to_pylist() == [None, None]
    assert table.schema.metadata[b"head"] == HEAD.encode()


def test_a_statement_without_lines_has_its_columns_all_the_same() -> None:
    """No row, the same columns and types."""
    empty = replace(VISION, lines=())

    assert read_csv(statement_csv(empty)) == []
    assert statement_csv(empty).splitlines() == statement_csv(VISION).splitlines()[:1]
    whole = pq.read_schema(BytesIO(statement_parquet(VISION)))
    assert pq.read_schema(BytesIO(statement_parquet(empty))).equals(whole)


def test_the_page_has_the_example_and_every_column() -> None:
    """Columns in their order with their types, and the CSV of the statement that tests use."""
    text = section(page("statements.md"), "Columns of the lines")
    first = text[: text.index("### CSV")]

    assert [(row[0].strip("`"), row[1]) for row in table_rows(first)] == [
        (column.name, column.kind.name.lower()) for column in COLUMNS
    ]
    assert statement_csv(VISION).decode() in text


def test_every_key_of_the_json_stands_in_the_page() -> None:
    """Keys of the document and of its totals."""
    text = section(page("statements.md"), "JSON")
    content = json.loads(statement_json(VISION))

    keys = {*content, *content["totals"][0]}

    assert [key for key in keys if f"`{key}`" not in text] == []
