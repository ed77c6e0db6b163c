"""Pools: by use, by reservation, evenly; idle time is a line of its own."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.domain.pools import (
    DayOfUse,
    Driver,
    Method,
    Pool,
    Sharing,
    by_driver,
    proportional,
    shares,
)

HOUR = 3_600_000
DAY = date(2026, 10, 5)
NEXT = date(2026, 10, 6)
A100 = Pool("a100", "platform", Sharing.BY_USE)
TEAM_MS = st.dictionaries(
    st.sampled_from(["vision", "nlp", "platform", "unallocated"]), st.integers(0, 10**12)
)


def test_use_weighs_and_the_rest_is_the_owners_idle_time() -> None:
    """16 GPU-hours were there; vision held 9 and nlp 3, so 4 stay idle with the owner."""
    use = {DAY: DayOfUse(16 * HOUR, {"vision": 9 * HOUR, "nlp": 3 * HOUR})}

    found = shares(A100, use, DAY, 1)

    assert found.method == Method.BY_USE
    assert found.weights == {
        ("vision", "shared"): 9 * HOUR,
        ("nlp", "shared"): 3 * HOUR,
        ("platform", "idle"): 4 * HOUR,
    }


def test_a_charge_is_shared_by_the_use_within_its_own_window() -> None:
    """A line of the 5th sees only vision; one of both days sees 8 hours of each."""
    use = {
        DAY: DayOfUse(8 * HOUR, {"vision": 8 * HOUR}),
        NEXT: DayOfUse(8 * HOUR, {"nlp": 8 * HOUR}),
    }

    assert shares(A100, use, DAY, 1).weights == {("vision", "shared"): 8 * HOUR}
    assert shares(A100, use, DAY, 2).weights == {
        ("vision", "shared"): 8 * HOUR,
        ("nlp", "shared"): 8 * HOUR,
    }


def test_the_owner_may_use_its_pool_too() -> None:
    """Platform held 2 of 3 hours: 2 on its shared line, 1 on its idle line."""
    use = {DAY: DayOfUse(3 * HOUR, {"platform": 2 * HOUR})}

    found = shares(A100, use, DAY, 1)

    assert found.weights == {("platform", "shared"): 2 * HOUR, ("platform", "idle"): HOUR}


def test_use_without_a_team_stays_unallocated() -> None:
    """An hour that no job and no namespace explains is on the line unallocated."""
    use = {DAY: DayOfUse(HOUR, {"unallocated": HOUR})}

    assert shares(A100, use, DAY, 1).weights == {("unallocated", "unallocated"): HOUR}


@pytest.mark.parametrize("use", [{}, {NEXT: DayOfUse(HOUR, {"nlp": HOUR})}, {DAY: DayOfUse()}])
def test_without_a_signal_in_the_window_the_owner_pays(use: dict[date, DayOfUse]) -> None:
    """No sample of the day is no use of 0; the method says that there was no signal."""
    found = shares(A100, use, DAY, 1)

    assert found.weights == {("platform", "idle"): 1}
    assert found.method == Method.BY_USE_NO_SIGNAL


def test_idle_time_is_never_negative() -> None:
    """10 hours held of 8 that were there: idle is 0, and the excess of 2 hours is told."""
    day = DayOfUse(8 * HOUR, {"vision": 10 * HOUR})

    assert (day.idle_ms, day.excess_ms) == (0, 2 * HOUR)
    assert shares(A100, {DAY: day}, DAY, 1).weights == {("vision", "shared"): 10 * HOUR}


def test_excess_of_one_day_does_not_eat_the_idle_time_of_another() -> None:
    """8 of 8 with 2 too many, then 0 of 8: the second day's 8 hours stay idle."""
    use = {DAY: DayOfUse(8 * HOUR, {"vision": 10 * HOUR}), NEXT: DayOfUse(8 * HOUR)}

    found = shares(A100, use, DAY, 2)

    assert found.weights == {("vision", "shared"): 10 * HOUR, ("platform", "idle"): 8 * HOUR}


def test_reservations_weigh_whether_used_or_not() -> None:
    """Of 64 GPUs 40 and 16 are reserved and 8 are idle; who reserved none bears nothing."""
    pool = Pool("h100", "platform", Sharing.BY_RESERVATION, {"vision": 40, "nlp": 16, "ads": 0}, 64)

    found = shares(pool, {}, DAY, 1)

    assert found.method == Method.BY_RESERVATION
    assert found.weights == {
        ("vision", "shared"): 40,
        ("nlp", "shared"): 16,
        ("platform", "idle"): 8,
    }


def test_reservations_that_fill_the_pool_leave_nothing_idle() -> None:
    """40 of 40 are reserved."""
    pool = Pool("h100", "platform", Sharing.BY_RESERVATION, {"vision": 40}, 40)

    assert shares(pool, {}, DAY, 1).weights == {("vision", "shared"): 40}


def test_evenly_gives_every_team_the_same() -> None:
    """Two teams weigh 1 each."""
    pool = Pool("gateway", "platform", Sharing.EVENLY, teams=("vision", "nlp"))

    found = shares(pool, {}, DAY, 1)

    assert found.method == Method.EVENLY
    assert found.weights == {("vision", "shared"): 1, ("nlp", "shared"): 1}


def test_fixed_shares_are_the_policys_word() -> None:
    """Vision has 3 parts, nlp 1; who has 0 bears nothing."""
    pool = Pool("net", "platform", Sharing.FIXED, parts={"vision": 3, "nlp": 1, "ads": 0})

    found = shares(pool, {}, DAY, 1)

    assert found.method == Method.FIXED
    assert found.weights == {("vision", "shared"): 3, ("nlp", "shared"): 1}


def test_in_proportion_to_what_teams_bear() -> None:
    """6 to 2; a credit of -1 counts as 0, and of some teams only those that the pool names."""
    base = {"vision": 6, "nlp": 2, "ads": -1}
    all_, some = (
        Pool("support", "platform", Sharing.PROPORTIONAL, teams=teams)
        for teams in ((), ("nlp", "ads"))
    )

    assert proportional(all_, base).weights == {("vision", "shared"): 6, ("nlp", "shared"): 2}
    assert proportional(some, base).weights == {("nlp", "shared"): 2}
    assert proportional(all_, base).method == Method.PROPORTIONAL


def test_by_driver_what_was_measured_weighs() -> None:
    """9 tokens of vision, 3 of a job that nobody knows: those 3 stay unallocated."""
    pool = Pool("gateway", "platform", Sharing.BY_DRIVER, driver=Driver.TOKENS)

    found = by_driver(pool, {"vision": 9, "unallocated": 3, "nlp": 0})

    assert found.method == Method.BY_DRIVER
    assert found.weights == {("vision", "shared"): 9, ("unallocated", "unallocated"): 3}


def test_without_anything_to_go_by_the_owner_pays_by_another_method() -> None:
    """No team bears a cost, nothing was measured: the owner's shared line has it all."""
    support = Pool("support", "platform", Sharing.PROPORTIONAL)
    gateway = Pool("gateway", "platform", Sharing.BY_DRIVER, driver=Driver.REQUESTS)

    base, measured = proportional(support, {"vision": -5}), by_driver(gateway, {})

    assert base.weights == measured.weights == {("platform", "shared"): 1}
    assert base.method == Method.PROPORTIONAL_NO_BASE
    assert measured.method == Method.BY_DRIVER_NO_SIGNAL


def test_a_pool_that_nobody_would_pay_for_is_refused() -> None:
    """By reservation without GPUs, or evenly without teams, has nothing to go by."""
    with pytest.raises(ValueError, match="needs reservations or capacity"):
        Pool("h100", "platform", Sharing.BY_RESERVATION)
    with pytest.raises(ValueError, match="at least one team"):
        Pool("gateway", "platform", Sharing.EVENLY)
    with pytest.raises(ValueError, match="fixed needs a share of at least 1"):
        Pool("net", "platform", Sharing.FIXED, parts={"vision": 0})
    with pytest.raises(ValueError, match="by_driver needs a driver"):
        Pool("gateway", "platform", Sharing.BY_DRIVER)


@given(st.lists(st.builds(DayOfUse, st.integers(0, 10**12), TEAM_MS), min_size=1, max_size=4))
def test_weights_are_positive_and_cover_use_and_capacity(days: list[DayOfUse]) -> None:
    """Each day adds the larger of what was there and what was held; nothing is negative."""
    use = {date(2026, 10, number): day for number, day in enumerate(days, start=1)}

    found = shares(A100, use, date(2026, 10, 1), len(days))

    assert all(weight > 0 for weight in found.weights.values())
    if found.method is Method.BY_USE:
        larger = (max(day.capacity_ms, sum(day.allocated_ms.values())) for day in days)
        assert sum(found.weights.values()) == sum(larger)
