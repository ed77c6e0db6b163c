"""Passing a team's cost on: who receives, and that nothing is lost."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.domain.allocation import Costs, pass_on
from service.domain.distribution import Distribution
from service.domain.money import Money, sum_money
from service.domain.pools import Method, Shares, Sharing

TEAMS = ("ads", "nlp", "ops", "vision")
PICO = st.integers(-(10**37), 10**37)
COSTS = st.builds(
    Costs,
    *[st.builds(Money, PICO, st.just("USD"))] * 2,
    *[st.none() | st.builds(Money, PICO, st.just("USD"))] * 2,
)
WEIGHTS = st.dictionaries(st.sampled_from(TEAMS[:2]), st.integers(1, 10**20), min_size=1)
RATIOS = st.integers(0, 10**12).map(lambda pico: Decimal(pico).scaleb(-12))


def usd(text: str) -> Money:
    """Return an amount of US dollars."""
    return Money.parse(text, "USD")


def test_in_proportion_to_what_teams_bear_and_never_to_who_passed_on_before() -> None:
    """Vision bears 6 and nlp 2; a credit of -1 counts as 0, ops gives and ads gave before."""
    base = {"vision": 6, "nlp": 2, "legal": -1, "ops": 9, "ads": 5, "unallocated": 7}

    found = Distribution("ops", Sharing.PROPORTIONAL).shares(base, [*TEAMS, "legal"], {"ads"})

    assert found == Shares(
        {("vision", "shared"): 6, ("nlp", "shared"): 2}, Method.DISTRIBUTE_PROPORTIONAL
    )


def test_evenly_among_all_or_among_the_teams_named() -> None:
    """Of four teams ops gives to three, or to nlp alone."""
    all_others = Distribution("ops", Sharing.EVENLY).shares({}, TEAMS, set())
    one = Distribution("ops", Sharing.EVENLY, teams=("nlp",)).shares({}, TEAMS, set())

    assert all_others is not None
    assert one is not None
    assert all_others.weights == {(team, "shared"): 1 for team in ("ads", "nlp", "vision")}
    assert (one.weights, one.method) == ({("nlp", "shared"): 1}, Method.DISTRIBUTE_EVENLY)


def test_by_fixed_shares() -> None:
    """3 parts for vision, 1 for nlp; 0 is none."""
    parts = {"vision": 3, "nlp": 1, "ads": 0}

    found = Distribution("ops", Sharing.FIXED, parts=parts).shares({}, TEAMS, set())

    assert found == Shares({("vision", "shared"): 3, ("nlp", "shared"): 1}, Method.DISTRIBUTE_FIXED)


def test_where_nobody_bears_anything_the_team_keeps_its_cost() -> None:
    """There is no base in this currency: better one owner than an invented share."""
    assert Distribution("ops", Sharing.PROPORTIONAL).shares({"ops": 5}, TEAMS, set()) is None


def test_a_distribution_that_would_pass_nothing_on_is_refused() -> None:
    """By use, by no share at all, or to the team itself."""
    with pytest.raises(ValueError, match="the cost of ops cannot be passed on by_use"):
        Distribution("ops", Sharing.BY_USE)
    with pytest.raises(ValueError, match="needs a share of at least 1"):
        Distribution("ops", Sharing.FIXED, parts={"nlp": 0})
    with pytest.raises(ValueError, match="ops would pass its cost on to itself"):
        Distribution("ops", Sharing.EVENLY, teams=("nlp", "ops"))


def test_a_part_of_an_origin_is_passed_on_with_its_ratio() -> None:
    """Ops has 40 of an origin of 160 (0.25); 3 to 1 makes 30 (0.1875) and 10 (0.0625)."""
    shares = Shares({("vision", "shared"): 3, ("nlp", "shared"): 1}, Method.DISTRIBUTE_FIXED)

    ops, nlp, vision = pass_on(
        "ops", Costs(usd("40"), usd("40"), None, usd("80")), Decimal("0.25"), shares
    )

    assert (ops.team, ops.line, ops.ratio) == ("ops", "distributed", Decimal("-0.25"))
    assert ops.costs == Costs(usd("-40"), usd("-40"), None, usd("-80"))
    assert (nlp.team, nlp.line, nlp.ratio) == ("nlp", "shared", Decimal("0.0625"))
    assert (vision.costs.effective, vision.costs.list) == (usd("30"), usd("60"))
    assert {ops.method, nlp.method, vision.method} == {Method.DISTRIBUTE_FIXED}


@given(COSTS, WEIGHTS, RATIOS)
def test_what_is_passed_on_sums_to_nothing(
    costs: Costs, weights: dict[str, int], ratio: Decimal
) -> None:
    """Given and received cancel out in every cost that is known, and in the ratio."""
    receivers = {(team, "shared"): weight for team, weight in weights.items()}

    parts = pass_on("ops", costs, ratio, Shares(receivers, Method.DISTRIBUTE_PROPORTIONAL))

    assert sum(part.ratio for part in parts) == 0
    for name in ("billed", "effective", "contracted", "list"):
        amounts = [getattr(part.costs, name) for part in parts]
        known = getattr(costs, name) is not None
        assert (sum_money(amounts, "USD") == usd("0")) if known else (set(amounts) == {None})
