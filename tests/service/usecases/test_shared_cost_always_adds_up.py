"""However cost is shared and passed on: of each origin nothing is lost, made or left to chance."""

from collections import Counter
from collections.abc import Sequence
from datetime import date
from decimal import Decimal

import pyarrow as pa
from hypothesis import given, settings
from hypothesis import strategies as st

from service.domain.distribution import Distribution
from service.domain.money import Money
from service.domain.policy import Policy
from service.domain.pools import DayOfUse, Driver, Pool, Sharing
from service.usecases.allocation_table import COSTS, SCHEMA, in_order, shaped
from service.usecases.distribute_costs import distribute_costs
from service.usecases.split_origins import Signals, split_origins

DAY = date(2026, 10, 5)
TEAMS = ("ads", "legal", "nlp", "ops", "vision")
TEAM = st.sampled_from(TEAMS)
WEIGHTS = st.dictionaries(TEAM, st.integers(1, 10**12), min_size=1)
AMOUNTS = st.integers(-(10**24), 10**24).map(lambda pico: Money(pico, "USD").decimal)
POOLS = ("a", "b", "c", "d", "e", "f")
Row = dict[str, object]


def pool(name: str, kind: Sharing, weights: dict[str, int]) -> Pool:
    """Return a pool of any kind."""
    return Pool(
        name,
        "ops",
        kind,
        reservations=weights,
        capacity_gpus=10**12,
        teams=tuple(sorted(weights)),
        parts=weights,
        driver=Driver.TOKENS,
    )


def distributions(kinds: Sequence[Sharing], teams: Sequence[str]) -> tuple[Distribution, ...]:
    """Return one for each kind: each team in turn gives to all that come after it."""
    return tuple(
        Distribution(
            teams[place],
            kind,
            parts=dict.fromkeys(teams[place + 1 :], 3) if kind is Sharing.FIXED else {},
        )
        for place, kind in enumerate(kinds)
    )


WAYS = st.sampled_from([Sharing.PROPORTIONAL, Sharing.EVENLY, Sharing.FIXED])
POLICIES = st.builds(
    lambda kinds, weights, ways, teams: Policy(
        date(2026, 1, 1),
        frozenset(TEAMS),
        pools={
            name: pool(name, kind, one)
            for name, kind, one in zip(POOLS, kinds, weights, strict=True)
        },
        distributions=distributions(ways, teams),
    ),
    st.permutations(list(Sharing)),
    st.lists(WEIGHTS, min_size=6, max_size=6),
    st.lists(WAYS, max_size=3),
    st.permutations(TEAMS),
)
SIGNALS = st.builds(
    lambda capacity, held, tokens: Signals(
        {name: {DAY: DayOfUse(capacity, held)} for name in POOLS},
        {Driver.TOKENS: {DAY: Counter(tokens)}},
    ),
    st.integers(0, 10**12),
    st.dictionaries(st.sampled_from([*TEAMS, "unallocated"]), st.integers(0, 10**12)),
    st.dictionaries(TEAM, st.integers(0, 10**12)),
)
COST = st.fixed_dictionaries(
    {
        **dict.fromkeys(COSTS[:2], AMOUNTS),
        **dict.fromkeys(COSTS[2:], st.none() | AMOUNTS),
        "currency": st.sampled_from(["USD", "EUR", None]),
    }
)
SHARED = st.lists(st.tuples(COST, st.sampled_from(POOLS)), max_size=8)
OWNED = st.lists(
    st.tuples(COST, TEAM, st.sampled_from(["direct", "unused_commitment"])), max_size=8
)


def origins(shared: list[tuple[Row, str]]) -> pa.Table:
    """Return origins of pools; the SKU is their number."""
    rows = [cost | {"pool": name, "sku": f"s{n}"} for n, (cost, name) in enumerate(shared)]
    return _table(rows)


def owned(lines: list[tuple[Row, str, str]]) -> pa.Table:
    """Return rows with one owner; the SKU is their number."""
    rows = [
        cost | {"team": team, "line": line, "sku": f"o{n}", "allocated_ratio": Decimal(1)}
        for n, (cost, team, line) in enumerate(lines)
    ]
    return _table(rows)


def _table(rows: list[Row]) -> pa.Table:
    usual = {"charge_day": DAY, "charge_days": 1, "cost_lines": 2}
    return shaped(pa.Table.from_pylist([usual | row for row in rows], SCHEMA))


def allocated(shared: pa.Table, direct: pa.Table, policy: Policy, signals: Signals) -> pa.Table:
    """Share and pass on, as an allocation does."""
    parts = split_origins(shared, policy, signals, direct)
    rows, _ = distribute_costs(pa.concat_tables([direct, parts]), policy)
    return in_order(rows)


def sums(rows: pa.Table) -> dict[object, tuple[Decimal | None, ...]]:
    """Return the four costs, the ratio and the lines of each origin; unknown stays unknown."""
    found: dict[object, list[Decimal | None]] = {}
    for row in rows.to_pylist():
        values = [row[name] for name in (*COSTS, "allocated_ratio", "cost_lines")]
        before = found.setdefault(row["sku"], [None] * len(values))
        for place, value in enumerate(values):
            if value is not None:
                before[place] = (before[place] or 0) + value
    return {key: tuple(values) for key, values in found.items()}


@settings(max_examples=60, deadline=None)
@given(SHARED, OWNED, POLICIES, SIGNALS)
def test_the_parts_of_each_origin_are_the_origin(
    shared: list[tuple[Row, str]],
    lines: list[tuple[Row, str, str]],
    policy: Policy,
    signals: Signals,
) -> None:
    """All four costs, lines and a ratio of 1: whoever shares, and whoever passes on to whom."""
    pooled, direct = origins(shared), owned(lines)

    found = sums(allocated(pooled, direct, policy, signals))

    whole = pa.concat_tables([pooled, direct]).set_column(
        SCHEMA.get_field_index("allocated_ratio"),
        SCHEMA.field("allocated_ratio"),
        pa.array([Decimal(1)] * (pooled.num_rows + direct.num_rows), pa.decimal128(38, 12)),
    )
    assert found == sums(whole)


@settings(max_examples=40, deadline=None)
@given(SHARED, OWNED, POLICIES, SIGNALS)
def test_who_passed_its_cost_on_bears_nothing_but_what_it_kept(
    shared: list[tuple[Row, str]],
    lines: list[tuple[Row, str, str]],
    policy: Policy,
    signals: Signals,
) -> None:
    """Its rows sum to 0 in each currency in which anybody received; all passed on sums to 0."""
    rows = allocated(origins(shared), owned(lines), policy, signals).to_pylist()

    for one in policy.distributions:
        passed = [row for row in rows if row["distributed_from"] == one.team]
        currencies = {row["currency"] for row in passed}
        left = [row for row in rows if row["team"] == one.team and row["currency"] in currencies]
        assert sum(row["effective_cost"] for row in passed) == 0
        assert sum(row["effective_cost"] for row in left) == 0


@settings(max_examples=40, deadline=None)
@given(SHARED, OWNED, POLICIES, SIGNALS, st.randoms(use_true_random=False))
def test_the_order_of_the_facts_changes_no_row(
    shared: list[tuple[Row, str]],
    lines: list[tuple[Row, str, str]],
    policy: Policy,
    signals: Signals,
    random: object,
) -> None:
    """Origins and owned lines in any order give the same rows in the same order."""
    pooled, direct = origins(shared), owned(lines)

    first = allocated(pooled, direct, policy, signals)
    second = allocated(_shuffled(pooled, random), _shuffled(direct, random), policy, signals)

    assert first.equals(second)


def _shuffled(table: pa.Table, random: object) -> pa.Table:
    places = list(range(table.num_rows))
    random.shuffle(places)  # type: ignore[attr-defined]
    return table.take(pa.array(places, pa.int64()))
