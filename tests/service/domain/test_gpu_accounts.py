"""GPU time has a class and an owner, and nothing of it or its cost is lost."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.domain.gpu_accounts import (
    CAPACITY,
    CONTRACTED,
    DAY_MS,
    HELD,
    HOUR_MS,
    KWH_J,
    UNEXPLAINED,
    WASTE,
    Holder,
    Kind,
    MachineDay,
    Measures,
    Place,
    accounts,
    carbon_g,
    idle_owners,
    node_cost,
)
from service.domain.money import Money
from service.domain.policy import NodeSplit
from service.domain.pools import Pool, Sharing

PLACE = Place(date(2026, 10, 5), "host-1")
RESERVED = Pool("h100", "platform", Sharing.BY_RESERVATION, {"vision": 4, "nlp": 2}, 8)
MS = st.integers(0, 40 * DAY_MS)


def test_every_class_is_used_waste_or_not_explained() -> None:
    """1 used, 6 wasted, 5 not explained are all 12; 9 of them are time that there was."""
    assert {Kind.UTILISED, *WASTE, *UNEXPLAINED} == set(Kind)
    assert 1 + len(WASTE) + len(UNEXPLAINED) == len(Kind)
    assert len(CAPACITY) == 9
    assert {*WASTE, *CAPACITY} <= {*CONTRACTED} == set(Kind) - {Kind.UNMATCHED_NO_NODE}


def test_energy_goes_by_time_and_work_is_counted_once() -> None:
    """30 joules over 2 and 1 hours are 20 and 10; 7 tokens stand on the first class only."""
    measures = Measures(energy=30.0, tokens_in=5, tokens_out=2, requests=1, memory_max=9.0)
    parts = {(kind, Holder("vision")): 0 for kind in HELD}
    parts[Kind.UNUSED, Holder("vision")] = 2 * HOUR_MS
    parts[Kind.UNOBSERVED, Holder("vision")] = HOUR_MS

    first, second = accounts(PLACE, parts, measures)

    assert (first.kind, second.kind) == (Kind.UNUSED, Kind.UNOBSERVED)
    assert (first.measures.energy, second.measures.energy) == (20.0, 10.0)
    assert (first.measures.tokens_in, second.measures.tokens_in) == (5, None)
    assert (first.measures.tokens_out, second.measures.requests) == (2, None)
    assert second.measures.memory_max == 9.0


@pytest.mark.parametrize(
    ("pool", "machine", "owner"),
    [
        (None, MachineDay(), (Kind.UNRESERVED_IDLE, "unallocated")),
        (None, MachineDay("nlp", reserved=True), (Kind.RESERVED_IDLE, "nlp")),
        (
            Pool("a", "platform", Sharing.BY_USE),
            MachineDay("nlp"),
            (Kind.UNRESERVED_IDLE, "platform"),
        ),
        (
            Pool("a", "platform", Sharing.BY_USE),
            MachineDay("nlp", reserved=True),
            (Kind.RESERVED_IDLE, "platform"),
        ),
    ],
)
def test_idle_time_is_the_pool_owners_or_the_machines_teams(
    pool: Pool | None, machine: MachineDay, owner: tuple[str, str]
) -> None:
    """A commitment or capacity block makes it reserved."""
    assert idle_owners(pool, machine, {}, HOUR_MS) == {owner: 1}


def test_a_team_owns_what_it_reserved_and_did_not_hold() -> None:
    """Of 4 reserved GPUs vision held 1, and nlp 3 of its 2: of 4 idle ones 3 are vision's."""
    held = {"vision": DAY_MS, "nlp": 3 * DAY_MS}

    owners = idle_owners(RESERVED, MachineDay("x", reserved=True), held, 4 * DAY_MS)

    assert owners == {
        (Kind.RESERVED_IDLE, "vision"): 3 * DAY_MS,
        (Kind.UNRESERVED_IDLE, "platform"): DAY_MS,
    }


def test_reservations_that_others_held_shrink_alike() -> None:
    """4 and 2 reserved GPUs were not held by their teams, but only 3 were idle: 2 and 1."""
    owners = idle_owners(RESERVED, MachineDay(), {"guest": 5 * DAY_MS}, 3 * DAY_MS)

    assert owners == {
        (Kind.RESERVED_IDLE, "vision"): 2 * DAY_MS,
        (Kind.RESERVED_IDLE, "nlp"): DAY_MS,
    }


@given(
    st.dictionaries(st.sampled_from(["vision", "nlp", "guest"]), MS), st.integers(1, 40 * DAY_MS)
)
def test_owners_of_a_reserved_pool_own_all_of_its_idle_time(
    held: dict[str, int], idle_ms: int
) -> None:
    """Whatever was held, the parts are positive and add up to what was idle."""
    owners = idle_owners(RESERVED, MachineDay(), held, idle_ms)

    assert sum(owners.values()) == idle_ms
    assert min(owners.values()) > 0


@given(st.integers(-(10**30), 10**30), st.integers(1, 99), st.integers(0, 99), st.integers(0, 99))
def test_gpu_cpu_and_memory_are_the_whole_cost(pico: int, gpu: int, cpu: int, memory: int) -> None:
    """To the last digit, for charges and credits and any weights."""
    parts = node_cost(Money(pico, "USD"), NodeSplit(gpu, cpu, memory))

    assert parts.gpu + parts.cpu + parts.memory == parts.effective == Money(pico, "USD")


@pytest.mark.parametrize("weights", [(0, 1, 1), (1, -1, 0), (1, 0, -1)])
def test_weights_that_cannot_divide_are_refused(weights: tuple[int, int, int]) -> None:
    """A machine is accounted for its GPUs; no part is less than nothing."""
    with pytest.raises(ValueError, match="node_split needs"):
        NodeSplit(*weights)


def test_carbon_is_energy_by_the_factor_of_the_region() -> None:
    """2 kWh at 400 g are 800 g; without energy or region nobody knows."""
    assert carbon_g(2.0 * KWH_J, 400.0) == 800.0
    assert carbon_g(None, 400.0) is None
    assert carbon_g(1.0, None) is None
