"""Every file tells the total in the reporting currency, with the rates used and their source."""

import csv
import json
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from io import BytesIO, StringIO

import pyarrow.parquet as pq
import pytest
from openpyxl.reader.excel import load_workbook
from pypdf import PdfReader

from service.domain.bookkeeping import MonthRate
from service.domain.money import Money
from service.domain.reporting import RateKey, Reporting
from service.exports.csv_file import statement_csv
from service.exports.json_file import statement_json
from service.exports.parquet_file import statement_parquet
from service.exports.pdf_file import statement_pdf
from service.exports.statement import Statement
from service.exports.xlsx_file import statement_xlsx
from tests.docs_examples import page, section
from tests.service.statements import VISION, line, usd

NOW = datetime(2026, 11, 2, 9, 0, tzinfo=UTC)
SOURCE = "=ECB monthly average"
LINES = (
    line(1, usd("50.004")),
    line(2, Money.parse("100", "EUR")),
    line(3, Money.parse("-10", "EUR"), origin_period="2026-09", reason="late bill"),
)


def rate(month: str, text: str) -> MonthRate:
    """Return what a euro is worth in dollars."""
    return MonthRate(month, "EUR", "USD", Decimal(text), SOURCE, NOW, "cli:ann")


RATES = {
    RateKey(month, "EUR", "USD"): rate(month, text)
    for month, text in (("2026-09", "1.2"), ("2026-10", "1.0845"))
}


def told(*lines: object) -> Statement:
    """Return a statement that also tells its total in dollars."""
    told_lines = tuple(one for one in LINES if one in lines) if lines else LINES
    reported = Reporting("2026-10", "USD", RATES).reported(
        (one.origin_period, one.effective) for one in told_lines
    )
    return replace(VISION, lines=told_lines, previous=None, reported=reported)


def test_json_tells_the_total_its_parts_and_the_rates() -> None:
    """50.004 USD + 100 EUR x 1.0845 - 10 EUR x 1.2 = 146.454 USD."""
    content = json.loads(statement_json(told()))["reported"]

    assert (content["currency"], content["amount"]) == ("USD", "146.454")
    assert [tuple(part.values()) for part in content["parts"]] == [
        ("USD", "50.004", "50.004", None, None, None),
        ("EUR", "-10.00", "-12.00", "1.20", "2026-09", SOURCE),
        ("EUR", "100.00", "108.45", "1.0845", "2026-10", SOURCE),
    ]
    assert json.loads(statement_json(VISION))["reported"] is None


def test_csv_tells_the_total_on_every_line_and_the_rate_of_the_line() -> None:
    """A correction of September has September's rate; a source cannot run as a formula."""
    rows = list(csv.DictReader(StringIO(statement_csv(told()).decode())))

    assert {(row["reporting_currency"], row["reported_total"]) for row in rows} == {
        ("USD", "146.454")
    }
    assert [(row["rate"], row["rate_month"], row["rate_source"]) for row in rows] == [
        ("", "", ""),
        ("1.0845", "2026-10", f"'{SOURCE}"),
        ("1.20", "2026-09", f"'{SOURCE}"),
    ]


def test_parquet_tells_the_same() -> None:
    """The total is a DECIMAL; of a statement without a reporting currency it is null."""
    rows = pq.read_table(BytesIO(statement_parquet(told()))).to_pylist()
    none = pq.read_table(BytesIO(statement_parquet(VISION))).to_pylist()

    assert {row["reported_total"] for row in rows} == {Decimal("146.454")}
    assert [row["rate"] for row in rows] == [None, "1.0845", "1.20"]
    assert {row["reported_total"] for row in none} == {None}


def test_the_workbook_adds_worths_and_rounding_to_the_total() -> None:
    """50.00 - 12.00 + 108.45 = 146.45, which is 146.454 rounded once."""
    book = load_workbook(BytesIO(statement_xlsx(told())))  # type: ignore[no-untyped-call]
    results = load_workbook(  # type: ignore[no-untyped-call]
        BytesIO(statement_xlsx(told())), data_only=True
    )

    rows = [[one.value for one in row] for row in results["Statement"].iter_rows()]
    begin = next(place for place, row in enumerate(rows) if row[0] == "In USD")

    assert rows[begin:] == [
        ["In USD", "Amount", "Rate", "USD", "Source of the rate"],
        ["USD, 2026-10", 50, None, 50, None],
        ["EUR, 2026-09", -10, "1.20", -12, f"'{SOURCE}"],
        ["EUR, 2026-10", 100, "1.0845", 108.45, f"'{SOURCE}"],
        ["Rounding", None, None, 0, None],
        ["Total", None, None, 146.45, None],
    ]
    total = book["Statement"].cell(begin + 6, 4).value
    assert total == f"=ROUND(SUM(D{begin + 2}:D{begin + 5}),2)"


def test_the_page_shows_the_total_and_the_rates() -> None:
    """Amounts, rates with their month, the source and 146.45."""
    text = "\n".join(one.extract_text() for one in PdfReader(BytesIO(statement_pdf(told()))).pages)

    assert "All of it in USD" in text
    assert "1.0845 in 2026-10" in text
    assert "1.20 in 2026-09" in text
    assert SOURCE in text
    assert "146.45" in text


def test_page_and_workbook_tell_no_total_twice() -> None:
    """All of it is in dollars already: the file for programs says so, people see it once."""
    dollars = told(LINES[0])

    text = PdfReader(BytesIO(statement_pdf(dollars))).pages[0].extract_text()
    book = load_workbook(BytesIO(statement_xlsx(dollars)))  # type: ignore[no-untyped-call]

    assert json.loads(statement_json(dollars))["reported"]["amount"] == "50.004"
    assert "All of it in" not in text
    assert "In USD" not in {row[0].value for row in book["Statement"].iter_rows()}


def test_amounts_of_others_are_refused() -> None:
    """The parts are those of 100 EUR less, so the total would be another team's."""
    with pytest.raises(ValueError, match="not its own amounts were converted"):
        replace(told(), lines=LINES[:1])


def test_every_key_stands_in_the_page() -> None:
    """Keys of the total in the reporting currency and of its parts."""
    content = json.loads(statement_json(told()))["reported"]
    text = section(page("statements.md"), "In the reporting currency")

    keys = {*content, *content["parts"][0]}

    assert [key for key in keys if f"`{key}`" not in text] == []
