"""How pools serve jobs and how spot machines are taken back."""

from datetime import date
from itertools import pairwise

import numpy as np
import pytest

from service.demo.bursts import attempts_of
from service.demo.fleet import POOLS, Offer
from service.demo.jobs import Job, pool_jobs
from service.demo.sharing import Sharing, share
from service.demo.timeline import Timeline

TIMELINE = Timeline(date(2026, 3, 16), 14)


def job(arrival: int, hours: int, gpus: int) -> Job:
    """A job of the search team."""
    return Job("j", "", "search", "ranker-2", "b.costa", "search", arrival, hours * 100, gpus)


@pytest.fixture(params=range(5), scope="module")
def sharing(request: pytest.FixtureRequest) -> Sharing:
    """Each pool over two weeks."""
    pool, rng = POOLS[request.param], np.random.default_rng(3)
    return share(pool, pool_jobs(pool, TIMELINE, rng), TIMELINE, rng)


def test_no_gpu_is_held_twice_at_once(sharing: Sharing) -> None:
    """On each GPU one stay ends before the next begins."""
    stays = sorted(sharing.stays, key=lambda stay: (stay.gpu, stay.start))

    pairs = [(a, b) for a, b in pairwise(stays) if a.gpu == b.gpu]

    assert pairs
    assert all(a.end <= b.start for a, b in pairs)


def test_nothing_runs_on_a_machine_that_is_out(sharing: Sharing) -> None:
    """All hours that a stay touches are hours in which its machine was up."""
    width = sharing.pool.offer.type.accelerators

    touched = [
        sharing.up[stay.gpu // width, stay.start // 100 : -(-stay.end // 100)]
        for stay in sharing.stays
    ]

    assert all(up.all() for up in touched)
    assert not sharing.up.all()


def test_a_gang_starts_together_on_whole_machines(sharing: Sharing) -> None:
    """A job's stays begin and end together, as many as it asked for, on the fewest machines."""
    width = sharing.pool.offer.type.accelerators
    by_attempt: dict[int, list[tuple[int, int, int]]] = {}
    for stay in sharing.stays:
        by_attempt.setdefault(stay.attempt, []).append((stay.start, stay.end, stay.gpu))

    for number, stays in by_attempt.items():
        attempt = sharing.attempts[number]
        assert {stay[:2] for stay in stays} == {(attempt.start, attempt.end)}
        assert len(stays) == attempt.job.gpus
        assert len({gpu // width for _, _, gpu in stays}) == attempt.nodes


def test_who_would_wait_for_more_than_half_a_day_goes_elsewhere() -> None:
    """16 GPUs are held for 20 h, so the second job for all 16 is turned away."""
    pool = next(one for one in POOLS if one.name == "azure-h100")
    timeline = Timeline(date(2026, 3, 3), 1)

    done = share(pool, (job(0, 20, 16), job(10, 1, 16)), timeline, np.random.default_rng(1))

    assert [attempt.job.ticks for attempt in done.attempts] == [2000]
    assert [one.ticks for one in done.turned_away] == [100]


def test_a_job_that_would_start_after_the_window_is_not_seen() -> None:
    """The GPUs are free after 20 h; who arrives in hour 19 and needs all starts in hour 20: seen.

    With 30 h of work the start lies behind the day's end, so nothing tells of the second job.
    """
    pool = next(one for one in POOLS if one.name == "azure-h100")
    timeline = Timeline(date(2026, 3, 3), 1)

    seen = share(pool, (job(0, 20, 16), job(1900, 1, 16)), timeline, np.random.default_rng(1))
    unseen = share(pool, (job(0, 30, 16), job(1900, 1, 16)), timeline, np.random.default_rng(1))

    assert len(seen.attempts) == 2
    assert len(unseen.attempts) == 1
    assert unseen.attempts[0].state in ("running", "failed")
    assert unseen.turned_away == ()


def test_spot_machines_are_taken_back_and_the_work_goes_on() -> None:
    """Over 40 long jobs: attempts follow each other, the fifth and later are on demand."""
    offer = Offer("p4d.24xlarge", "us-east-1", "use1-az4", "spot")
    rng = np.random.default_rng(5)

    runs = [list(attempts_of(job(0, 96, 8), offer, 1, TIMELINE, rng)) for _ in range(40)]

    assert max(map(len, runs)) >= 5
    for run in runs:
        assert [one.offer.model for one in run] == [
            "spot" if one.number <= 4 else "on_demand" for one in run
        ]
        assert all(a.end < b.start for a, b in pairwise(run))
        assert {one.state for one in run[:-1]} <= {"preempted"}
        assert run[-1].state in ("completed", "failed", "running")


def test_the_window_ends_every_attempt() -> None:
    """A job of 96 h on demand, begun two hours before the end, still runs then."""
    offer = Offer("p4d.24xlarge", "us-east-1", "use1-az4")
    late = TIMELINE.ticks - 200

    [attempt] = attempts_of(job(late, 96, 8), offer, 1, TIMELINE, np.random.default_rng(5))
    never = list(
        attempts_of(job(TIMELINE.ticks - 1, 1, 8), offer, 1, TIMELINE, np.random.default_rng(5))
    )

    assert (attempt.end, attempt.state) == (TIMELINE.ticks, "running")
    assert attempt.checkpoint is not None
    assert never == []
