"""Savings against list prices."""

import pytest

from service.domain.money import CurrencyMismatch, Money, share_ppm
from service.domain.savings import Pair, Savings


def usd(text: str) -> Money:
    """Return an amount of US dollars."""
    return Money.parse(text, "USD")


def saved(list_: str | None, effective: str | None) -> Savings:
    """Return savings of which only the total is known."""
    unknown, none = Pair(None, None), usd("0")
    higher, lower = (None if text is None else usd(text) for text in (list_, effective))
    return Savings(unknown, unknown, Pair(higher, lower), none, none, none)


def test_the_savings_rate_is_what_was_saved_of_list() -> None:
    """100 at list cost 70 in effect: 30 saved are 30 %; a third is 333,333 millionths."""
    assert saved("100", "70").total.saved == usd("30")
    assert saved("100", "70").rate_ppm == 300_000
    assert saved("3", "2").rate_ppm == 333_333


def test_a_loss_stays_a_loss() -> None:
    """10 at list cost 12 in effect, as a commitment was not used: -2 are -20 %."""
    assert saved("10", "12").total.saved == usd("-2")
    assert saved("10", "12").rate_ppm == -200_000


@pytest.mark.parametrize(("list_", "effective"), [(None, None), ("0", "5"), ("-1", "0")])
def test_without_a_list_cost_there_is_no_rate(list_: str | None, effective: str | None) -> None:
    """What is not known is not 0, and nothing is no share of nothing."""
    assert saved(list_, effective).rate_ppm is None


def test_a_share_is_of_more_than_nothing_in_the_same_currency() -> None:
    """Half to even: 1 of 2,000,000 is half a millionth, which is 0; 3 of them are 2."""
    assert share_ppm(usd("1"), usd("2000000")) == 0
    assert share_ppm(usd("3"), usd("2000000")) == 2
    with pytest.raises(ValueError, match=r"0\.00 USD has no shares"):
        share_ppm(usd("1"), usd("0"))
    with pytest.raises(CurrencyMismatch):
        share_ppm(usd("1"), Money.parse("1", "EUR"))
