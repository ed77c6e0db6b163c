"""Dividing an origin: four costs, none lost."""

from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from service.domain.allocation import Costs, divide
from service.domain.money import Money, sum_money
from service.domain.pools import Method, Shares

PICO = st.integers(-(10**37), 10**37)
COSTS = st.builds(
    Costs,
    *[st.builds(Money, PICO, st.just("USD"))] * 2,
    *[st.none() | st.builds(Money, PICO, st.just("USD"))] * 2,
)
KEYS = st.tuples(
    st.sampled_from(["vision", "nlp", "ads", "platform"]), st.sampled_from(["shared", "idle"])
)
WEIGHTS = st.dictionaries(KEYS, st.integers(0, 10**12), min_size=1).filter(
    lambda weights: sum(weights.values()) > 0
)


def usd(text: str) -> Money:
    """Return an amount of US dollars."""
    return Money.parse(text, "USD")


def test_an_origin_is_divided_once_for_all_four_costs() -> None:
    """Weights 3 to 1: 100 is 75 + 25, 80 is 60 + 20, 120 is 90 + 30; ratios 0.75 and 0.25."""
    shares = Shares({("vision", "shared"): 3, ("platform", "idle"): 1}, Method.BY_USE)

    idle, vision = divide(Costs(usd("100"), usd("80"), usd("120"), None), shares)

    assert (vision.team, vision.line, vision.ratio) == ("vision", "shared", Decimal("0.75"))
    assert vision.costs == Costs(usd("75"), usd("60"), usd("90"), None)
    assert (idle.team, idle.line, idle.ratio) == ("platform", "idle", Decimal("0.25"))
    assert idle.costs == Costs(usd("25"), usd("20"), usd("30"), None)
    assert {vision.method, idle.method} == {Method.BY_USE}


@given(COSTS, WEIGHTS)
def test_the_parts_sum_to_the_origin_in_every_cost(
    costs: Costs, weights: dict[tuple[str, str], int]
) -> None:
    """Zero, negative, huge: the sum is the origin; what is unknown stays unknown in every part."""
    parts = divide(costs, Shares(weights, Method.BY_USE))

    for name in ("billed", "effective", "contracted", "list"):
        total, of_parts = getattr(costs, name), [getattr(part.costs, name) for part in parts]
        if total is None:
            assert set(of_parts) == {None}
        else:
            assert sum_money(of_parts, "USD") == total
    assert sum(part.ratio for part in parts) == 1


@given(COSTS, WEIGHTS)
def test_the_same_origin_gives_the_same_rows_in_any_order(
    costs: Costs, weights: dict[tuple[str, str], int]
) -> None:
    """Allocating again, with the weights the other way round, gives the same parts in order."""
    backwards = dict(reversed(weights.items()))

    assert divide(costs, Shares(weights, Method.BY_USE)) == divide(
        costs, Shares(backwards, Method.BY_USE)
    )
