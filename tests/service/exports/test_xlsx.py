"""Formulas of a workbook add up to the statement, and no text of it runs."""

import re
from collections.abc import Iterable
from dataclasses import replace
from decimal import Decimal
from io import BytesIO

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from openpyxl.reader.excel import load_workbook
from openpyxl.utils.escape import unescape
from openpyxl.workbook.workbook import Workbook
from openpyxl.worksheet.worksheet import Worksheet

from service.domain.money import Money
from service.domain.policy import CostBasis
from service.errors import InputError
from service.exports import xlsx_file
from service.exports.statement import Statement
from service.exports.xlsx_file import statement_xlsx
from tests.service.statements import HEAD, VISION, line, usd

PICO = st.integers(min_value=-(10**20), max_value=10**20)
KINDS = ("direct", "shared", "idle")
DANGEROUS = ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "\n=1", " =1", "\uff1d1", "'=1"]


def opened(statement: Statement, *, results: bool = False) -> Workbook:
    """Open the workbook: its formulas, or the results that are kept beside them."""
    file = BytesIO(statement_xlsx(statement))
    book: Workbook = load_workbook(file, data_only=results)  # type: ignore[no-untyped-call]
    return book


def cell(book: Workbook, sheet: str, place: str) -> Decimal:
    """Return what a cell comes to, computed from the cells that its formula names."""
    value = book[sheet][place.replace("$", "")].value
    if not isinstance(value, str) or not value.startswith("="):
        return Decimal(str(value)) if isinstance(value, int | float) else Decimal(0)
    known = re.fullmatch(r"=ROUND\((.*),(\d)\)", value)
    assert known, value
    return round(compute(book, sheet, known[1]), int(known[2]))


def compute(book: Workbook, sheet: str, formula: str) -> Decimal:
    """Compute one of the three forms of formula that a statement has."""
    if known := re.fullmatch(r"SUM\((.*)\)", formula):
        return sum(
            (cell(book, sheet, place) for place in places(book[sheet], known[1])), Decimal(0)
        )
    if known := re.fullmatch(r"SUMIF\('(.*)'!(.*),\"(.*)\",'(.*)'!(.*)\)", formula):
        lines = book[known[1]]
        pairs = zip(places(lines, known[2]), places(lines, known[5]), strict=True)
        of_kind = [amount for kind, amount in pairs if lines[kind].value == known[3]]
        return sum((cell(book, known[4], place) for place in of_kind), Decimal(0))
    left, right = formula.split("-", 1)
    other, _, place = right.rpartition("!")
    return cell(book, sheet, left) - cell(book, other.strip("'") or sheet, place)


def places(sheet: Worksheet, area: str) -> list[str]:
    """Return the cells of a column's range."""
    return [one.coordinate for (one,) in sheet[area.replace("$", "")]]


def page_of(book: Workbook) -> dict[str, str]:
    """Return the place of each sum on the first sheet by the text before it."""
    return {str(row[0].value): str(row[3].coordinate) for row in book["Statement"].iter_rows()}


def texts(book: Workbook) -> Iterable[str]:
    """Yield every text of a workbook that is no formula of ours."""
    for sheet in book:
        for row in sheet.iter_rows():
            found = [one.value for one in row if one.data_type == "s"]
            yield from map(unescape, found)


def test_the_formulas_add_up_to_the_statement() -> None:
    """150.01 + 25.00 - 7.50 shows 167.51; lines of 100.00 and 50.00 need 0.01 of rounding."""
    book = opened(VISION)

    sums = {name: cell(book, "Statement", place) for name, place in page_of(book).items()}

    assert sums["Direct: owned by account, tag or resource"] == Decimal("150.01")
    assert sums["Shared: your part of pools and common services"] == Decimal("25.00")
    assert sums["Corrections to earlier months"] == Decimal("-7.50")
    assert sums["Rounding"] == 0
    assert sums["Total"] == Decimal("167.51")
    assert sums["Difference to the lines"] == 0
    assert sums["Month before"] == Decimal("150.00")
    assert sums["Change"] == Decimal("17.51")


@settings(max_examples=15, deadline=None)
@given(
    st.lists(
        st.tuples(PICO, st.sampled_from(KINDS), st.sampled_from(["USD", "JPY"])),
        max_size=12,
    )
)
def test_sums_from_the_cells_are_the_results_beside_them_and_the_exact_totals(
    parts: list[tuple[int, str, str]],
) -> None:
    """For any lines: formula = kept result = exact total, rounded once to its coin."""
    lines = tuple(
        line(number, Money(pico, currency), line=kind)
        for number, (pico, kind, currency) in enumerate(parts)
    )
    statement = replace(VISION, lines=lines)

    book, results = opened(statement), opened(statement, results=True)

    for currency in statement.currencies:
        sheet = book[f"Lines {currency}"]
        total = sheet.cell(sheet.max_row, 14)
        wanted = statement.total(currency).amount.rounded().decimal
        assert str(total.value).startswith("=ROUND(SUM(")
        assert cell(book, sheet.title, total.coordinate) == wanted
        kept = results[sheet.title][total.coordinate].value
        assert Decimal(str(kept)) == wanted
    for row in book["Statement"].iter_rows(min_col=4, max_col=4):
        (one,) = row
        if one.data_type == "f":
            kept = results["Statement"][one.coordinate].value
            assert Decimal(str(kept)) == cell(book, "Statement", one.coordinate)


def test_an_unknown_price_is_a_word_that_sums_pass_over() -> None:
    """No line knows its list cost: four times the word, a sum of 0; two direct lines say so."""
    book = opened(replace(VISION, cost=CostBasis.LIST))

    prices = [one.value for (one,) in book["Lines USD"]["R2:R5"]]
    place = page_of(book)["Direct: owned by account, tag or resource"]

    assert prices == ["unknown"] * 4
    assert cell(book, "Lines USD", "R7") == 0
    assert cell(book, "Statement", page_of(book)["Total"]) == Decimal("167.51")
    assert book["Statement"][place.replace("D", "C")].value == 2


def test_a_statement_without_lines_sums_to_nothing() -> None:
    """The total is a formula over an empty row, not over itself."""
    book = opened(replace(VISION, lines=(), previous=None))

    assert book["Lines USD"]["N3"].value == "=ROUND(SUM($N$2:$N$2),2)"
    assert cell(book, "Statement", page_of(book)["Total"]) == 0
    assert "Month before" not in page_of(book)


@pytest.mark.parametrize("text", DANGEROUS)
def test_no_text_of_a_team_a_bill_or_a_person_runs(text: str) -> None:
    """Team, company, service, pool, kind and reason stay texts that begin with an apostrophe."""
    evil = {"service": text, "pool": text, "account": text, "line": text, "method_id": text}
    lines = (
        line(1, usd("1"), team=text, **evil),
        line(2, usd("1"), team=text, origin_period="2026-09", reason=text),
    )
    statement = replace(
        VISION, lines=lines, team=text, team_title="", company=text, reconciliation=text
    )

    book = opened(statement)

    found = [one for one in texts(book) if one.strip("'\t\r\n ").startswith(text.strip("'\t\r\n "))]
    assert len(found) >= 9
    assert all(one.startswith("'") for one in found)
    formulas = [one.value for sheet in book for row in sheet for one in row if one.data_type == "f"]
    assert all(str(one).startswith(("=ROUND(SUM", "=ROUND(D")) for one in formulas)


def test_the_first_sheet_says_how_final_it_is_and_names_the_head() -> None:
    """State, last final day, head, cost and reconciliation stand above the sums."""
    book = opened(VISION)

    facts = {row[0].value: row[1].value for row in book["Statement"].iter_rows(max_row=8)}

    assert facts == {
        "Company": "Example Corp",
        "Period": "2026-10",
        "Team": "Computer Vision",
        "State": "closed",
        "Final through": "31 October 2026",
        "Charged by": "effective cost",
        "Head": HEAD,
        "Reconciliation": "All lines of all teams sum to all bills; the difference is 0.",
    }


def test_a_text_is_cut_at_what_a_cell_holds() -> None:
    """40,000 letters become 32,767, and the line stays."""
    book = opened(replace(VISION, lines=(line(1, usd("1"), service="x" * 40_000),)))

    assert book["Lines USD"]["G2"].value == "x" * 32_767


def test_more_lines_than_a_sheet_holds_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """With room for 3, a statement of 4 lines is refused by name, and told what would do."""
    monkeypatch.setattr(xlsx_file, "MOST_LINES", 3)

    with pytest.raises(InputError, match="vision for 2026-10 has 4 lines and a sheet holds 3"):
        statement_xlsx(VISION)
