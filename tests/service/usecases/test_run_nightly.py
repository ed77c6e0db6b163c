"""The nightly job as resumable steps under one lease, on a real store."""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from service.domain.runs import RunState
from service.errors import ComptrollerError, InputError, LeaseLostError
from service.store.store import Store
from service.usecases.holders import is_gone, this_process
from service.usecases.keep_lease import TTL, LeaseHeldError, keep_lease
from service.usecases.run_nightly import JOB, Nightly, NightlyStep, Result, Situation

DEAD = this_process().rsplit("/", 1)[0] + "/1.00"
"""A process of this machine that had our number before us."""


class Watch:
    """Notes what an observer is told."""

    def __init__(self) -> None:
        self.told: list[str] = []

    def started(self, step: str) -> None:
        self.told.append(f"{step} started")

    def finished(self, step: str, result: Result, *, resumed: bool) -> None:
        assert isinstance(result, dict)
        self.told.append(f"{step} {'resumed' if resumed else 'finished'}")

    def failed(self, step: str, error: Exception) -> None:
        self.told.append(f"{step} failed: {error}")


class Night:
    """Steps that say what they saw and fail on demand."""

    def __init__(
        self, store: Store, clock: Callable[[], datetime], new_id: Callable[[], UUID]
    ) -> None:
        self.parts: dict[str, Any] = {"store": store, "clock": clock, "new_id": new_id}
        self.broken: set[str] = set()
        self.done: list[str] = []
        self.seen: dict[str, Situation] = {}

    def job(self, *names: str, optional: str = "load a") -> Nightly:
        steps = (NightlyStep(name, self.work_of(name), needed=name != optional) for name in names)
        return Nightly(tuple(steps), holder=this_process(), holder_is_gone=is_gone, **self.parts)

    def work_of(self, name: str) -> Callable[[Situation], Result]:
        def work(situation: Situation) -> Result:
            situation.guard()
            self.seen[name] = situation
            if name in self.broken:
                raise InputError(f"{name} is broken")
            self.done.append(name)
            return {"did": name}

        return work


@pytest.fixture
def night(store: Store, clock: Callable[[], datetime], new_id: Callable[[], UUID]) -> Night:
    """A night whose steps can be broken."""
    return Night(store, clock, new_id)


def test_every_step_is_done_once_in_order_and_recorded(
    night: Night, store: Store, clock: Callable[[], datetime]
) -> None:
    """Three steps leave three results, a finished run and a free lease."""
    ended = night.job("load a", "plan", "report").run(clock(), Watch())

    with store.work() as work:
        steps = {step.name: step.state for step in work.runs.steps(ended.run.id)}
        lease = work.leases.current(JOB)
    assert night.done == ["load a", "plan", "report"]
    assert ended.run.state is RunState.SUCCEEDED
    assert set(steps.values()) == {RunState.SUCCEEDED}
    assert night.seen["report"].results == {"load a": {"did": "load a"}, "plan": {"did": "plan"}}
    assert lease is None


def test_a_finished_run_is_only_read(night: Night, clock: Callable[[], datetime]) -> None:
    """The second start of the same night does nothing and says the same."""
    job = night.job("plan", "report")
    first = job.run(clock(), Watch())

    second = job.run(clock(), Watch())

    assert night.done == ["plan", "report"]
    assert second.results == first.results
    assert second.run.id == first.run.id


def test_a_needed_step_that_fails_ends_the_run_and_is_where_the_next_start_goes_on(
    night: Night, store: Store, clock: Callable[[], datetime]
) -> None:
    """The plan fails once; the second start takes the load over and does plan and report."""
    job, night.broken = night.job("load a", "plan", "report"), {"plan"}
    with pytest.raises(InputError, match="plan is broken"):
        job.run(clock(), Watch())
    with store.work() as work:
        failed = work.runs.latest(JOB, 1)[0]
    night.broken, watch = set(), Watch()

    ended = job.run(clock(), watch)

    assert failed.state is RunState.FAILED
    assert ended.run.id == failed.id
    assert night.done == ["load a", "plan", "report"]
    assert watch.told == [
        "load a resumed",
        "plan started",
        "plan finished",
        "report started",
        "report finished",
    ]


def test_a_source_that_fails_does_not_stop_the_others(
    night: Night, clock: Callable[[], datetime]
) -> None:
    """Source a is broken: the run succeeds without it, and later steps are told."""
    night.broken, watch = {"load a"}, Watch()

    ended = night.job("load a", "plan").run(clock(), watch)

    assert ended.run.state is RunState.SUCCEEDED
    assert ended.failed == {"load a": "load a is broken"}
    assert night.seen["plan"].failed == {"load a": "load a is broken"}
    assert watch.told[1] == "load a failed: load a is broken"


def test_a_failed_source_is_not_tried_again_once_its_absence_was_used(
    night: Night, clock: Callable[[], datetime]
) -> None:
    """Source a was missing for the plan, so it stays missing for the report that failed once."""
    job, night.broken = night.job("load a", "plan", "report"), {"load a", "report"}
    with pytest.raises(InputError):
        job.run(clock(), Watch())
    night.broken = set()

    ended = job.run(clock(), Watch())

    assert night.done == ["plan", "report"]
    assert ended.failed == {"load a": "load a is broken"}


def test_the_last_step_may_fail_and_the_night_stands(
    night: Night, store: Store, clock: Callable[[], datetime]
) -> None:
    """Maintenance is broken: the run succeeds with 1 result, and says so whenever it is read."""
    job, night.broken = night.job("report", "maintain", optional="maintain"), {"maintain"}

    ended, read = job.run(clock(), Watch()), job.run(clock(), Watch())

    with store.work() as work:
        recorded = {step.name: step.error for step in work.runs.steps(ended.run.id)}
    assert ended.run.state is read.run.state is RunState.SUCCEEDED
    assert ended.results == read.results == {"report": {"did": "report"}}
    assert ended.failed == read.failed == {"maintain": "maintain is broken"}
    assert recorded == {"report": None, "maintain": "maintain is broken"}


def test_a_last_step_that_was_killed_is_done_by_the_next_start(
    night: Night, clock: Callable[[], datetime]
) -> None:
    """A bug ends the process in maintenance; the second start does that step and no other."""
    job, watch = night.job("load a", "report", "maintain", optional="maintain"), Watch()
    *before, _ = job.steps

    def bug(_: Situation) -> Result:
        raise ZeroDivisionError

    killed = replace(job, steps=(*before, NightlyStep("maintain", bug, needed=False)))
    with pytest.raises(ZeroDivisionError):
        killed.run(clock(), Watch())

    ended = job.run(clock(), watch)

    assert night.done == ["load a", "report", "maintain"]
    assert ended.run.state is RunState.SUCCEEDED
    assert watch.told == [
        "load a resumed",
        "report resumed",
        "maintain started",
        "maintain finished",
    ]


def test_two_runs_at_once_are_refused(
    night: Night, store: Store, clock: Callable[[], datetime]
) -> None:
    """While a living process holds the lease, a second start says who it is and does nothing."""
    with (
        keep_lease(JOB, "elsewhere/1/2.00", store=store, clock=clock, holder_is_gone=is_gone),
        pytest.raises(LeaseHeldError, match=r"elsewhere/1/2\.00"),
    ):
        night.job("plan").run(clock(), Watch())

    assert night.done == []


def test_the_lease_of_a_dead_process_is_taken_over_at_once(
    night: Night, store: Store, clock: Callable[[], datetime]
) -> None:
    """Our number with another birth is another process, and dead: its epoch 1 becomes 2."""
    with store.work() as work:
        dead = work.leases.acquire(JOB, DEAD, TTL, clock())
    assert dead is not None
    assert dead.epoch == 1

    night.job("plan").run(clock(), Watch())

    assert night.done == ["plan"]
    with store.work() as work, pytest.raises(LeaseLostError):
        work.leases.check(dead, clock())


def test_whoever_lost_the_lease_cannot_write(
    night: Night, store: Store, clock: Callable[[], datetime]
) -> None:
    """Another process takes the lease during the plan: the step is not recorded as done."""

    def plan(situation: Situation) -> Result:
        with store.work() as work:
            held = work.leases.current(JOB)
            assert held is not None
            work.leases.release(held)
            work.leases.acquire(JOB, "elsewhere/1/2.00", TTL, clock())
        with pytest.raises(LeaseLostError):
            situation.guard()
        return {}

    job = Nightly(
        (NightlyStep("plan", plan),),
        holder=this_process(),
        holder_is_gone=is_gone,
        **night.parts,
    )
    with pytest.raises(LeaseLostError):
        job.run(clock(), Watch())

    with store.work() as work:
        run = work.runs.latest(JOB, 1)[0]
        assert [step.state for step in work.runs.steps(run.id)] == [RunState.RUNNING]


def test_a_lease_is_renewed_while_work_goes_on_and_its_loss_is_noticed(
    store: Store, clock: Callable[[], datetime], monkeypatch: pytest.MonkeyPatch
) -> None:
    """With a life of 90 ms the thread renews every 30 ms, and finds out when another takes over."""
    monkeypatch.setattr("service.usecases.keep_lease.TTL", timedelta(milliseconds=90))
    renewed = _Ticks(clock())

    with keep_lease(JOB, "me/1/2.00", store=store, clock=renewed, holder_is_gone=is_gone) as held:
        renewed.wait_for(5)
        held.guard()
        with store.work() as work:
            current = work.leases.current(JOB)
            assert current is not None
            work.leases.release(current)
        held._lost.wait()

        with pytest.raises(LeaseLostError, match="taken over"):
            held.guard()


class _Ticks:
    """A clock that advances by a millisecond at each look and tells how often it was looked at."""

    def __init__(self, start: datetime) -> None:
        self._now = start
        self._looks = 0

    def __call__(self) -> datetime:
        self._now += timedelta(milliseconds=1)
        self._looks += 1
        return self._now

    def wait_for(self, looks: int) -> None:
        while self._looks < looks:
            pass


def test_of_a_process_elsewhere_nothing_is_known() -> None:
    """A holder on another machine counts as alive; one with no such number here is gone."""
    here = this_process().split("/")[0]

    assert not is_gone("another-host-1-2/3/4.00")
    assert is_gone(f"{here}/no-number/4.00")
    assert is_gone(f"{here}/4194399/4.00")
    assert not is_gone(this_process())


def test_a_step_with_a_bug_is_not_hidden(night: Night, clock: Callable[[], datetime]) -> None:
    """An error that is no refusal goes up as it is, and the step stays open for the next start."""

    def bug(_: Situation) -> Result:
        raise ZeroDivisionError

    job = Nightly(
        (NightlyStep("plan", bug),), holder="me/1/2.00", holder_is_gone=is_gone, **night.parts
    )

    with pytest.raises(ZeroDivisionError):
        job.run(clock(), Watch())
    assert not issubclass(ZeroDivisionError, ComptrollerError)
