"""The page of a statement shows what a team lead asks, and runs nothing that people wrote."""

from dataclasses import replace
from io import BytesIO

import pytest
from pypdf import PdfReader

from service.domain.closing import PeriodState
from service.domain.money import Money
from service.domain.policy import CostBasis
from service.exports.pdf_file import statement_pdf
from service.exports.statement import Statement
from tests.service.statements import HEAD, VISION, line, usd


def text_of(statement: Statement) -> str:
    """Return the text of all pages, as a reader's search finds it."""
    pages = PdfReader(BytesIO(statement_pdf(statement))).pages
    return "\n".join(page.extract_text() for page in pages)


def test_the_page_tells_team_total_change_and_head() -> None:
    """167.512 shows 167.51, which is 17.51 more than 150.00."""
    text = text_of(VISION)

    assert "Example Corp" in text
    assert "Computer Vision" in text
    assert "Statement for October 2026" in text
    assert "167.51" in text
    assert "17.51 more than the month before (150.00)." in text
    assert "Closed: these figures stay." in text
    assert "late bill" in text
    assert "the difference is 0." in text
    assert HEAD in text
    assert "other lines" not in text


def test_the_page_of_a_provisional_statement_says_until_when_figures_are_final() -> None:
    """Figures may still move; there is no head yet; 167.51 is 32.49 less than 200.00."""
    previous = {"USD": usd("200")}
    open_one = replace(VISION, state=PeriodState.PROVISIONAL, head=None, previous=previous)

    text = text_of(open_one)

    assert "Provisional: figures may still move; they are final through 31 October 2026." in text
    assert "32.49 less than the month before" in text
    assert "Head of this close" not in text
    assert "they are not final yet." in text_of(replace(open_one, final_through=None))


def test_ten_lines_are_shown_and_the_others_summed() -> None:
    """Of 1.004 to 12.004 the ten largest show; 3.008 is left, and 0.04 of rounding in ten."""
    lines = tuple(line(number, usd(f"{number}.004")) for number in range(1, 13))

    text = text_of(replace(VISION, lines=lines, previous=None))

    assert "2 other lines" in text
    assert "3.01" in text
    assert "Rounding" in text
    assert "78.05" in text
    assert "month before" not in text


def test_lines_without_a_price_are_told() -> None:
    """At list cost nothing is known: 4 lines say so, and effective cost, 167.51, is charged."""
    text = text_of(replace(VISION, cost=CostBasis.LIST, previous=None))

    assert "Charged at effective cost, as no list cost is known: 4 lines." in text
    assert "167.51" in text
    assert "at list cost" in text


def test_each_currency_has_its_own_part() -> None:
    """1,235 JPY and 2.00 USD; the correction is in yen only."""
    yen = line(1, Money.parse("1234.6", "JPY"), origin_period="2026-09", reason="credit")

    text = text_of(replace(VISION, lines=(yen, line(2, usd("2")))))

    assert "1,235" in text
    assert "2.00" in text
    assert text.count("Corrections to earlier months") == 2
    assert text.count("late bill") == 0


@pytest.mark.parametrize(
    "text", ["#panic(1)", "$x$ *b* _i_ @ref <label>", '"]) #eval("1+1")', "= head \\ `raw`"]
)
def test_what_people_wrote_is_shown_and_never_run(text: str) -> None:
    """A team called ``#panic(1)`` is a heading, not an error."""
    lines = (line(1, usd("1"), service=text, origin_period="2026-09", reason=text),)
    statement = replace(VISION, lines=lines, company=text, team_title=text, reconciliation=text)

    shown = "".join(text_of(statement).split())

    assert shown.count("".join(text.split())) >= 5


def test_long_names_are_cut_and_a_commitment_is_called_by_the_end_of_its_id() -> None:
    """50 letters become 43 and an ellipsis; ``arn:aws:…:savingsplan/sp-1`` becomes ``sp-1``."""
    one = line(1, usd("1"), service="x" * 50, commitment="arn:aws:savingsplans::1:plan/sp-1")

    text = "".join(text_of(replace(VISION, lines=(one,))).split())

    assert "x" * 43 + "…" in text
    assert "x" * 44 not in text
    assert "sp-1" in text
    assert "arn:aws" not in text


def test_the_file_is_dated_by_the_statement() -> None:
    """Its moment is 8 November 2026, 06:00 UTC, whenever it is written."""
    facts = PdfReader(BytesIO(statement_pdf(VISION))).metadata

    assert facts is not None
    assert facts.creation_date == VISION.created
    assert facts.title == "Example Corp: statement of Computer Vision for 2026-10"
