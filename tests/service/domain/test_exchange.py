"""Amounts become millionths of the planning currency, exactly and once."""

from decimal import Decimal

import pytest

from service.domain.exchange import Exchange, MissingRate


def test_an_amount_in_the_planning_currency_is_counted_in_millionths() -> None:
    """11.25 USD are 11,250,000 millionths; half a millionth goes to the even neighbour."""
    exchange = Exchange("USD")

    assert exchange.micros(Decimal("11.25"), "USD") == 11_250_000
    assert exchange.micros(Decimal("0.0000005"), "USD") == 0
    assert exchange.micros(Decimal("0.0000015"), "USD") == 2


def test_a_product_is_rounded_once_after_the_exchange() -> None:
    """0.09 EUR a GB x 1,200 GB x 1.08 = 116.64 USD."""
    exchange = Exchange("USD", {"EUR": Decimal("1.08")})

    assert exchange.micros(Decimal("0.09"), "EUR", Decimal(1200)) == 116_640_000


def test_a_missing_rate_is_an_error_that_names_the_currency_and_the_setting() -> None:
    """Nobody said what a yen is worth, so nothing is guessed."""
    with pytest.raises(MissingRate, match=r"from JPY to USD; set exchange_rates = \{ JPY"):
        Exchange("USD").micros(Decimal(1), "JPY")


def test_millionths_are_written_for_people() -> None:
    """1,234,567 millionths are 1.23 USD."""
    assert Exchange("USD").text(1_234_567) == "1.23 USD"
