"""Every way of sharing is told in a sentence whose numbers add up."""

from decimal import Decimal
from typing import Any

import pytest

from service.domain.money import Money
from service.domain.pools import Driver, Method, Pool, Shares, Sharing
from service.usecases.ledger.share_words import Share, shown

HOUR_MS = 3_600_000


def words(
    method: Method,
    *,
    team: str = "vision",
    line: str = "shared",
    amount: str = "25",
    whole: str = "100",
    pool: Pool | None = None,
    weights: dict[tuple[str, str], int] | None = None,
    passed_on_by: str | None = None,
) -> str:
    """Return the sentence of a quarter of 100 USD."""
    row: dict[str, Any] = {
        "method_id": str(method),
        "pool": "p",
        "commitment": "sp-1",
        "distributed_from": passed_on_by,
        "allocated_ratio": Decimal("0.25"),
    }
    divided = None if pool is None else (pool, Shares(weights or {}, method))
    costs = Money.parse(amount, "USD"), Money.parse(whole, "USD")
    return Share(row, team, line, *costs, divided).words


def test_fixed_shares() -> None:
    """One of four parts."""
    pool = Pool("p", "o", Sharing.FIXED, parts={"vision": 1, "nlp": 3})
    weights = {("vision", "shared"): 1, ("nlp", "shared"): 3}

    assert words(Method.FIXED, pool=pool, weights=weights) == (
        "vision has 1 of 4 fixed shares of pool p: 1/4 of 100.00 USD = 25.00 USD"
    )


def test_reservations() -> None:
    """Two of eight GPUs are reserved by vision; what nobody reserved is the owner's."""
    pool = Pool("p", "o", Sharing.BY_RESERVATION, reservations={"vision": 2}, capacity_gpus=8)
    weights = {("vision", "shared"): 2, ("o", "idle"): 6}

    used = words(Method.BY_RESERVATION, pool=pool, weights=weights)
    idle = words(
        Method.BY_RESERVATION, team="o", line="idle", amount="75", pool=pool, weights=weights
    )

    assert used == "vision reserved 2 of 8 GPUs of pool p: 1/4 of 100.00 USD = 25.00 USD"
    assert idle == (
        "nobody reserved 6 of 8 GPUs of pool p, which o owns: 3/4 of 100.00 USD = 75.00 USD"
    )


@pytest.mark.parametrize(
    ("driver", "one", "told"),
    [
        (Driver.GPU_HOURS, HOUR_MS, "1 of 4 GPU-hours"),
        (Driver.GPUS_RESERVED, 1, "1 of 4 GPUs reserved"),
        (Driver.TOKENS, 500, "500 of 2,000 tokens"),
    ],
)
def test_drivers(driver: Driver, one: int, told: str) -> None:
    """Each in its own unit."""
    pool = Pool("p", "o", Sharing.BY_DRIVER, driver=driver)
    weights = {("vision", "shared"): one, ("nlp", "shared"): 3 * one}

    assert words(Method.BY_DRIVER, pool=pool, weights=weights) == (
        f"vision counts for {told}, which pool p goes by: 1/4 of 100.00 USD = 25.00 USD"
    )


def test_all_of_a_pool_and_parts_that_are_no_small_fraction() -> None:
    """One team alone has all; 25,001 of 100,003 is told as a percentage."""
    pool = Pool("p", "o", Sharing.FIXED, parts={"vision": 1})
    odd = {("vision", "shared"): 25_001, ("nlp", "shared"): 75_002}

    alone = words(Method.FIXED, amount="100", pool=pool, weights={("vision", "shared"): 1})
    assert alone == "vision has 1 of 1 fixed shares of pool p: all of 100.00 USD = 100.00 USD"
    assert "25.00 % of 100.00 USD" in words(Method.FIXED, pool=pool, weights=odd)


@pytest.mark.parametrize(
    ("method", "told"),
    [
        (Method.DIRECT, "vision owns all of it: 25.00 USD"),
        (Method.UNALLOCATED, "no rule of the policy gives it to a team: 25.00 USD"),
        (Method.UNUSED_COMMITMENT, "vision owns what is unused of sp-1: 25.00 USD"),
        (
            Method.BY_USE_NO_SIGNAL,
            (
                "no use of pool p is known on these days, so its owner vision bears"
                " 25.00 % of 100.00 USD = 25.00 USD"
            ),
        ),
        (
            Method.PROPORTIONAL,
            "vision bears 25.00 % of 100.00 USD = 25.00 USD of pool p, by proportional.v1",
        ),
        (
            Method.DISTRIBUTE_EVENLY,
            "platform passes it on evenly; vision bears 25.00 % of 100.00 USD = 25.00 USD",
        ),
    ],
)
def test_ways_without_weights(method: Method, told: str) -> None:
    """The stored ratio tells the part."""
    assert words(method, passed_on_by="platform") == told


def test_who_passes_cost_on_bears_less() -> None:
    """The ratio of what goes away is below 0, and so is the amount."""
    told = words(Method.DISTRIBUTE_FIXED, team="platform", line="distributed", amount="-25")

    assert told == "platform passes it on by fixed shares: 25.00 % of 100.00 USD = -25.00 USD"


@pytest.mark.parametrize(
    ("amount", "told"),
    [
        ("1234.567", "1,234.57 USD"),
        ("0.004", "0.004 USD"),
        ("0", "0.00 USD"),
        ("-0.000000000001", "-0.000000000001 USD"),
    ],
)
def test_amounts_are_shown_to_cents_unless_nothing_would_be_left(amount: str, told: str) -> None:
    """A tenth of a cent is not nothing."""
    assert shown(Money.parse(amount, "USD")) == told


def test_what_has_no_price_is_no_zero() -> None:
    """A price that is not known is said to be so."""
    assert shown(None) == "an unknown price"
