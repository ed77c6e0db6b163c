"""The balance of a commitment over its term."""

from datetime import UTC, datetime

import pytest

from service.domain.commitment_balance import CommitmentBalance
from service.domain.money import Money


def usd(amount: str) -> Money:
    """Return an amount of dollars."""
    return Money.parse(amount, "USD")


def balance(billed: str, used: str, unused: str) -> CommitmentBalance:
    """Return a plan of which so much was billed, used and unused."""
    day = datetime(2026, 10, 1, tzinfo=UTC)
    effective = usd(used) + usd(unused)
    sums = (usd(billed), usd(used), usd(unused), usd(billed), effective)
    return CommitmentBalance("sp-1", "AWS", *sums, day, day, 3)


@pytest.mark.parametrize(
    ("billed", "used", "unused", "remaining", "settled"),
    [
        ("100", "75", "25", "0.00", "settled"),
        ("100", "30", "10", "60.00", ""),
        ("0", "30", "10", "-40.00", ""),
        ("100", "75", "24.999999999999", "0.000000000001", ""),
    ],
)
def test_what_was_billed_is_used_unused_or_remains(
    billed: str, used: str, unused: str, remaining: str, settled: str
) -> None:
    """100 - 75 - 25 = 0 is settled; 100 - 30 - 10 = 60 remain; without the purchase it is less."""
    one = balance(billed, used, unused)

    assert (one.remaining.text(), one.is_settled) == (remaining, bool(settled))
    assert one.currency == "USD"


@pytest.mark.parametrize(
    ("used", "unused", "ppm"),
    [
        ("75", "25", 750_000),
        ("0", "3", 0),
        ("2", "1", 666_667),
        ("0", "0", None),
        ("-1", "0", None),
    ],
)
def test_utilisation_is_of_what_ran(used: str, unused: str, ppm: int | None) -> None:
    """75 of 75 + 25 is 75 %; before anything ran, or where credits outweigh it, there is none."""
    assert balance("100", used, unused).utilisation_ppm == ppm
