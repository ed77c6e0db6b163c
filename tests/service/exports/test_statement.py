"""A statement refuses what would mislead, and sums its lines by kind and currency."""

from dataclasses import replace
from datetime import date

import pytest

from service.domain.closing import PeriodState
from service.domain.money import Money
from service.domain.policy import CostBasis
from service.exports.rounding_rows import rounding_by_kind
from service.exports.shown import day, shown
from tests.service.statements import HEAD, VISION, line, usd


def test_kinds_sum_to_the_total() -> None:
    """100.004 + 50.004 direct, 25.004 shared and -7.50 of September are 167.512."""
    kinds = {total.kind: total.amount for total in VISION.totals_by_kind("USD")}

    total = VISION.total("USD")

    assert list(kinds) == ["direct", "shared", "restatement"]
    assert kinds == {
        "direct": usd("150.008"),
        "shared": usd("25.004"),
        "restatement": usd("-7.50"),
    }
    assert (total.amount, total.lines, total.unpriced, total.cost_lines) == (
        usd("167.512"),
        4,
        0,
        12,
    )


def test_a_line_of_an_unheard_kind_is_told_as_other() -> None:
    """``=1+1`` is no kind that files build formulas with."""
    statement = replace(VISION, lines=(line(1, usd("1"), line="=1+1"),))

    assert [total.kind for total in statement.totals_by_kind("USD")] == ["other"]


def test_where_no_price_is_known_effective_cost_is_charged_and_the_line_counted() -> None:
    """At list cost, 5.00 for one line and unknown for 25.004 and 0.50: 30.504, 2 without price."""
    priced = line(1, usd("3"), list=usd("5"), charged=usd("5"))
    lines = (priced, line(2, usd("25.004")), line(3, usd("0.5")))
    statement = replace(VISION, lines=lines, cost=CostBasis.LIST)

    total = statement.total("USD")

    assert (total.amount, total.lines, total.unpriced) == (usd("30.504"), 3, 2)


def test_currencies_stay_apart_and_the_statements_own_comes_first() -> None:
    """1 EUR and 2 USD have no sum; a currency of no line has the sum 0."""
    lines = (line(1, Money.parse("1", "EUR")), line(2, usd("2")))
    statement = replace(VISION, lines=lines, currency="JPY")

    assert statement.currencies == ("JPY", "EUR", "USD")
    assert [statement.total(code).amount.text() for code in statement.currencies] == [
        "0.00",
        "1.00",
        "2.00",
    ]
    assert [one.currency for one in statement.sorted_lines()] == ["EUR", "USD"]


def test_lines_come_in_one_order_whatever_came_in() -> None:
    """By kind, then by size: 100.004, 50.004 direct, 25.004 shared, the correction last."""
    turned = replace(VISION, lines=VISION.lines[::-1])

    assert turned.sorted_lines() == VISION.sorted_lines() == VISION.lines


def test_corrections_are_summed_by_month_and_reason() -> None:
    """-7.50 and -2.50 for late bills of September are -10.00."""
    second = line(5, usd("-2.5"), origin_period="2026-09", reason="late bill")

    found = replace(VISION, lines=(*VISION.lines, second)).corrections()

    assert found == {("2026-09", "late bill"): {"USD": usd("-10")}}


def test_a_line_of_another_team_is_refused() -> None:
    """A line of nlp does not stand on the statement of vision."""
    with pytest.raises(ValueError, match="is of team nlp, not of vision"):
        replace(VISION, lines=(line(1, usd("1"), team="nlp"),))


def test_there_is_no_statement_before_an_allocation() -> None:
    """An open period has bills, but nobody bears them yet."""
    with pytest.raises(ValueError, match="nothing is allocated yet"):
        replace(VISION, state=PeriodState.OPEN, head=None)


@pytest.mark.parametrize(
    ("state", "head"), [(PeriodState.CLOSED, None), (PeriodState.PROVISIONAL, HEAD)]
)
def test_a_head_stands_on_closed_statements_only(state: PeriodState, head: str | None) -> None:
    """Closed without a head, or a head before the close, is refused."""
    with pytest.raises(ValueError, match="a statement has a head once it is closed"):
        replace(VISION, state=state, head=head)


@pytest.mark.parametrize("currency", ["", "DOLLAR", "U/D"])
def test_what_is_no_currency_is_refused(currency: str) -> None:
    """Three letters or digits, as ISO 4217 has them."""
    with pytest.raises(ValueError, match="is no currency; accepted are codes of ISO 4217"):
        replace(VISION, currency=currency)


@pytest.mark.parametrize(
    ("amount", "text"),
    [
        (usd("1234567.895"), "1,234,567.90"),
        (usd("-1234.5"), "-1,234.50"),
        (usd("-0.001"), "0.00"),
        (Money.parse("1234.6", "JPY"), "1,235"),
        (Money.parse("0.0005", "KWD"), "0.000"),
    ],
)
def test_people_read_whole_coins_with_thousands_apart(amount: Money, text: str) -> None:
    """The yen has no smaller coin, the dinar has thousandths; half goes to even."""
    assert shown(amount) == text


def test_days_are_written_out() -> None:
    """The eighth of the eleventh month."""
    assert day(date(2026, 11, 8)) == "8 November 2026"


def test_rounded_lines_and_their_rounding_add_up_to_the_rounded_sum() -> None:
    """0.004 + 0.004 shows 0.00 + 0.00, the kind 0.01; both kinds 0.012 also 0.01."""
    amounts = [("a", usd("0.004")), ("a", usd("0.004")), ("b", usd("0.004")), ("b", None)]

    assert rounding_by_kind(amounts, "USD") == {"a": usd("0.01")}


def test_rounded_kinds_and_their_rounding_add_up_to_the_rounded_total() -> None:
    """0.004 of each of two kinds shows 0.00 and 0.00, and 0.01 in all."""
    amounts = [("a", usd("0.004")), ("b", usd("0.004"))]

    assert rounding_by_kind(amounts, "USD") == {"rounding": usd("0.01")}
