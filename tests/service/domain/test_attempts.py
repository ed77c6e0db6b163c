"""What attempts at jobs held, and what of it was thrown away."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.domain.attempts import Attempt, parts_of_hour
from service.domain.gpu_accounts import HOUR_MS
from service.domain.periods import Window


def at(hour: int, minute: int = 0, day: int = 5) -> datetime:
    """Return a moment of October 2026."""
    return datetime(2026, 10, day, hour, minute, tzinfo=UTC)


DAY = Window(at(0), at(0, day=6))


def attempt(
    number: int = 1,
    start: datetime | None = None,
    end: datetime | None = None,
    columns: Mapping[str, Any] | None = None,
) -> Attempt:
    """Return an attempt with 4 GPUs from 02:00 to 06:00, which failed."""
    usual = Attempt("j", number, gpus=4, state="failed", started=start or at(2), ended=end or at(6))
    return replace(usual, **(columns or {}))


@pytest.mark.parametrize(
    ("gpus", "expected"), [(9, [5, 4, 0]), (8, [4, 4, 0]), (1, [1, 0, 0]), (0, [0, 0, 0])]
)
def test_gpus_are_divided_among_the_hosts(gpus: int, expected: list[int]) -> None:
    """9 GPUs on n1 and n2 are 5 and 4, together no more than it has; n3 is none of its hosts."""
    spread = attempt(columns={"gpus": gpus, "hosts": frozenset(("n2", "n1"))})

    assert [spread.gpus_on(host) for host in ("n1", "n2", "n3")] == expected


@pytest.mark.parametrize(
    ("columns", "expected"),
    [
        ({}, True),
        ({"ended": None, "state": "running"}, True),
        ({"ended": None, "state": "completed"}, False),
        ({"ended": None, "state": None}, False),
        ({"job_id": "vision/serve-a"}, False),
        ({"hosts": frozenset()}, False),
        ({"gpus": 0}, False),
        ({"started": None}, False),
    ],
)
def test_who_may_have_gpus_of_its_hosts(columns: Mapping[str, Any], *, expected: bool) -> None:
    """It began on known hosts with 4 GPUs, ended or runs, and is no pod (namespace/pod)."""
    assert attempt(columns={"hosts": frozenset(("n1",)), **columns}).claims_hosts is expected


@pytest.mark.parametrize(
    ("columns", "hours"),
    [
        ({}, 16),
        ({"checkpoint_at": at(5)}, 4),
        ({"checkpoint_at": at(1)}, 16),
        ({"checkpoint_at": at(7)}, 0),
        ({"state": "preempted"}, 16),
        ({"state": "timeout"}, 16),
        ({"state": "succeeded"}, 0),
        ({"state": "cancelled"}, 0),
        ({"state": None}, 0),
        ({"ended": None}, 0),
        ({"started": None}, 0),
        ({"started": at(20, day=4)}, 24),
    ],
)
def test_work_since_the_last_checkpoint_is_lost(columns: Mapping[str, Any], hours: int) -> None:
    """4 GPUs from 02:00, or the last checkpoint if it is later, to 06:00, within the day."""
    assert attempt(columns=columns).lost_ms(DAY) == hours * HOUR_MS


@pytest.mark.parametrize(
    ("columns", "hours"),
    [
        ({}, 16),
        ({"ended": None}, 88),
        ({"started": None}, 0),
        ({"started": at(6)}, 0),
        ({"started": at(0, day=7), "ended": at(1, day=7)}, 0),
        ({"gpus": 0}, 0),
    ],
)
def test_an_attempt_holds_its_gpus_while_it_runs(columns: Mapping[str, Any], hours: int) -> None:
    """4 GPUs for 4 hours; one without an end runs to the end of the window."""
    assert attempt(columns=columns).held_ms(DAY) == hours * HOUR_MS


def test_an_hour_is_divided_by_the_time_for_which_attempts_ran() -> None:
    """10 of 50 minutes are the first one's: 12 of 60; the other 48 are the second one's."""
    attempts = [attempt(1, at(1), at(2, 10)), attempt(2, at(2, 20), at(4))]

    parts = parts_of_hour(attempts, "host-1", at(2), {"utilised": 60, "unused": 1})

    assert parts == {1: {"utilised": 12, "unused": 0}, 2: {"utilised": 48, "unused": 1}}


def test_attempts_that_ran_on_the_host_go_before_others() -> None:
    """The second is known to have run there, so that all is its own."""
    attempts = [
        attempt(1, columns={"hosts": frozenset(["host-2"])}),
        attempt(2, columns={"hosts": frozenset(["host-1"])}),
    ]

    assert parts_of_hour(attempts, "host-1", at(2), {"utilised": 60}) == {2: {"utilised": 60}}
    assert set(parts_of_hour(attempts, "host-3", at(2), {"utilised": 60})) == {1, 2}


def test_time_without_a_millisecond_of_any_attempt_is_the_last_ones() -> None:
    """Neither ran in this hour by its own record."""
    attempts = [attempt(1), attempt(2)]

    assert parts_of_hour(attempts, None, at(20), {"utilised": 9}) == {2: {"utilised": 9}}


def test_an_attempt_without_a_number_of_gpus_counts_as_one() -> None:
    """Both ran for the whole hour, one with 1 GPU, one with nobody knows how many."""
    attempts = [attempt(1, columns={"gpus": 0}), attempt(2, columns={"gpus": 1})]

    assert parts_of_hour(attempts, None, at(2), {"utilised": 8}) == {
        1: {"utilised": 4},
        2: {"utilised": 4},
    }


@given(
    st.lists(st.tuples(st.integers(0, 59), st.integers(1, 60), st.integers(0, 8)), min_size=1),
    st.integers(0, 8 * HOUR_MS),
)
def test_parts_of_an_hour_add_up(times: list[tuple[int, int, int]], value: int) -> None:
    """Whatever the attempts, what was measured is divided to the last millisecond."""
    attempts = [
        attempt(
            number,
            at(2, start),
            at(2 + (start + length) // 60, (start + length) % 60),
            {"gpus": gpus},
        )
        for number, (start, length, gpus) in enumerate(times, start=1)
    ]

    parts = parts_of_hour(attempts, None, at(2), {"utilised": value})

    assert sum(part["utilised"] for part in parts.values()) == value
