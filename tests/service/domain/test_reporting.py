"""Totals of several currencies in one: each converted once, at a stored rate, never derived."""

from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from itertools import permutations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.domain.bookkeeping import MonthRate
from service.domain.money import Money, convert, money_sums, sum_money
from service.domain.reporting import (
    MissingRatesError,
    RateKey,
    Reporting,
    header_currency,
    header_keys,
    rate_faults,
    together,
)
from tests.service.books import euro, usd

NOW = datetime(2026, 11, 21, 2, 30, tzinfo=UTC)
PICO = st.integers(min_value=-(10**30), max_value=10**30)
RATES = st.decimals("0.000000000001", 10_000, places=12)
AMOUNTS = st.lists(
    st.tuples(
        st.sampled_from(["", "2026-08", "2026-09"]),
        st.builds(Money, PICO, st.sampled_from(["USD", "EUR", "GBP", "JPY"])),
    )
)


def rate(month: str, from_currency: str, to_currency: str, text: str) -> MonthRate:
    """Return a stored rate."""
    return MonthRate(month, from_currency, to_currency, Decimal(text), "ECB", NOW, "cli:ann")


def reporting(*rates: MonthRate, currency: str = "USD") -> Reporting:
    """Return what October is told in, with these rates stored."""
    return Reporting(
        "2026-10",
        currency,
        {RateKey(one.month, one.from_currency, one.to_currency): one for one in rates},
    )


OCTOBER = rate("2026-10", "EUR", "USD", "1.0845")
SEPTEMBER = rate("2026-09", "EUR", "USD", "1.2")


def test_each_currency_is_converted_once_at_the_rate_of_the_month() -> None:
    """100 EUR x 1.0845 = 108.45 USD; with 50 USD they are 158.45 USD."""
    found = reporting(OCTOBER).reported([("", usd("50")), ("", euro("60")), ("", euro("40"))])

    assert found.total == usd("158.45")
    assert [(one.amount, one.worth, one.rate) for one in found.parts] == [
        (usd("50"), usd("50"), None),
        (euro("100"), usd("108.45"), OCTOBER),
    ]
    assert found.rates == (OCTOBER,)
    assert not found.rounding.pico


def test_a_correction_is_worth_what_the_original_was() -> None:
    """-10 EUR of September at 1.2 are -12 USD, whatever October's rate is."""
    found = reporting(OCTOBER, SEPTEMBER).reported([("", euro("100")), ("2026-09", euro("-10"))])

    assert [(one.month, one.worth) for one in found.parts] == [
        ("2026-09", usd("-12")),
        ("2026-10", usd("108.45")),
    ]
    assert found.rate_of("EUR", "2026-09") == SEPTEMBER
    assert found.rate_of("EUR", "") == OCTOBER
    assert found.rate_of("USD", "2026-09") is None


def test_a_correction_of_a_month_that_was_told_in_no_other_currency_takes_the_rate_of_its_own() -> (
    None
):
    """September was closed without a rate: 100 - 10 EUR at October's 1.0845 are 97.605 USD."""
    found = reporting(OCTOBER).reported([("", euro("100")), ("2026-09", euro("-10"))])

    assert found.total == usd("97.605")
    assert found.rate_of("EUR", "2026-09") == OCTOBER


def test_no_rate_is_derived_from_another() -> None:
    """USD/EUR turned round, EUR over GBP and the month before are all there; EUR/USD is not."""
    others = [
        rate("2026-10", "USD", "EUR", "0.92"),
        rate("2026-10", "EUR", "GBP", "0.87"),
        rate("2026-10", "GBP", "USD", "1.25"),
        SEPTEMBER,
    ]

    with pytest.raises(MissingRatesError) as refused:
        reporting(*others).reported([("", euro("1"))])

    assert str(refused.value) == (
        "2026-10 has no rate from EUR to USD"
        " (comptroller rates set 2026-10 EUR USD RATE --source WHERE-FROM)"
    )


def test_everything_that_is_missing_is_said_at_once() -> None:
    """Euros and yen are; dollars need no rate."""
    needed = [("USD", ""), ("JPY", ""), ("EUR", "2026-09"), ("EUR", "")]

    assert [str(one.pair) for one in reporting().missing(needed)] == ["EUR/USD", "JPY/USD"]
    with pytest.raises(MissingRatesError, match=r"EUR to USD .*; 2026-10 has no rate from JPY"):
        reporting().used(needed)


def test_the_header_keeps_rates_as_exact_texts() -> None:
    """The month's own by pair, September's with its month; the dollar itself is worth 1."""
    found = reporting(OCTOBER, SEPTEMBER).used([("EUR", ""), ("EUR", "2026-09"), ("USD", "")])

    assert found == {"USD/USD": "1.00", "2026-09 EUR/USD": "1.20", "EUR/USD": "1.0845"}
    assert header_currency(found) == "USD"
    assert header_keys("2026-10", found) == {
        RateKey("2026-09", "EUR", "USD"): "1.20",
        RateKey("2026-10", "EUR", "USD"): "1.0845",
    }
    assert header_currency({}) is None


def test_rates_that_are_not_those_of_the_header_are_named() -> None:
    """1.09 stands where 1.0845 was closed; September's is gone."""
    closed = {"USD/USD": "1.00", "2026-09 EUR/USD": "1.20", "EUR/USD": "1.0845"}
    altered = replace(OCTOBER, rate=Decimal("1.09"))

    kept = rate_faults("2026-10", closed, reporting(OCTOBER, SEPTEMBER).rates)
    found = rate_faults("2026-10", closed, reporting(altered).rates)

    assert kept == ()
    assert found == (
        "the rate EUR/USD of 2026-09 is none, and was 1.20 when closed",
        "the rate EUR/USD of 2026-10 is 1.09, and was 1.0845 when closed",
    )


def test_what_shown_parts_lack_is_said() -> None:
    """0.004 USD and 0.004 EUR at 1 show as 0.00 twice, and as 0.01 together."""
    even = rate("2026-10", "EUR", "USD", "1")

    found = reporting(even).reported([("", usd("0.004")), ("", euro("0.004"))])

    assert found.total == usd("0.008")
    assert found.rounding == usd("0.01")


@pytest.mark.parametrize(
    ("amount", "text", "worth"),
    [
        ("1", "1.0845", "1.0845"),
        ("0.000000000001", "0.5", "0"),
        ("0.000000000003", "0.5", "0.000000000002"),
        ("-0.000000000003", "0.5", "-0.000000000002"),
        ("99999999999999999999999999", "1", "99999999999999999999999999"),
    ],
)
def test_a_conversion_is_rounded_half_to_even_once(amount: str, text: str, worth: str) -> None:
    """Half a trillionth goes to the even neighbour, of credits as of charges."""
    assert convert(euro(amount), Decimal(text), "USD") == usd(worth)


@given(AMOUNTS, st.lists(RATES, min_size=9, max_size=9))
def test_the_total_is_the_sum_of_its_parts_and_no_amount_is_lost(
    amounts: list[tuple[str, Money]], rates: list[Decimal]
) -> None:
    """Worths add up to the total; amounts by currency are what came in; each within half 1e-12."""
    found = _all_rates(rates).reported(amounts)

    assert found.total == sum_money((one.worth for one in found.parts), "USD")
    assert money_sums(one.amount for one in found.parts) == money_sums(one for _, one in amounts)
    for one in found.parts:
        price = 10**12 if one.rate is None else int(one.rate.rate.scaleb(12))
        assert abs(2 * (one.worth.pico * 10**12 - one.amount.pico * price)) <= 10**12


@given(AMOUNTS, st.lists(RATES, min_size=9, max_size=9), st.randoms(use_true_random=False))
def test_the_order_of_amounts_changes_nothing(
    amounts: list[tuple[str, Money]], rates: list[Decimal], random: object
) -> None:
    """Turned round and shuffled, the same parts in the same order come out."""
    shuffled = list(amounts)
    random.shuffle(shuffled)  # type: ignore[attr-defined]

    found = _all_rates(rates).reported(amounts)

    assert _all_rates(rates).reported(shuffled) == found
    assert _all_rates(rates).reported(amounts[::-1]) == found


@given(st.lists(AMOUNTS, min_size=1, max_size=4), st.lists(RATES, min_size=9, max_size=9))
def test_teams_together_are_worth_what_all_their_amounts_are(
    teams: list[list[tuple[str, Money]]], rates: list[Decimal]
) -> None:
    """Whatever the teams; what each team's own rounding misses is below 1e-12 a part and team."""
    all_rates = _all_rates(rates)
    parts = [all_rates.reported(amounts) for amounts in teams]

    found = together("USD", parts)

    assert found == all_rates.reported(one for amounts in teams for one in amounts)
    missed = found.total - sum_money((one.total for one in parts), "USD")
    assert abs(missed.pico) <= sum(len(one.parts) for one in (found, *parts))


def test_teams_and_their_company_come_in_any_order() -> None:
    """1 EUR, 2 EUR and 3 USD at 1.0845 are 6.2535 USD for every order of the three teams."""
    told = reporting(OCTOBER)
    teams = [told.reported([("", one)]) for one in (euro("1"), euro("2"), usd("3"))]

    found = {together("USD", order).total for order in permutations(teams)}

    assert found == {usd("6.2535")}


def _all_rates(rates: list[Decimal]) -> Reporting:
    """Return a rate to the dollar for each of three currencies in each of three months."""
    months, currencies = ("2026-08", "2026-09", "2026-10"), ("EUR", "GBP", "JPY")
    keys = [(month, currency) for month in months for currency in currencies]
    texts = [format(one, "f") for one in rates]
    return reporting(*(rate(*key, "USD", text) for key, text in zip(keys, texts, strict=True)))
