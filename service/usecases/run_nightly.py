"""The nightly job: resumable steps of one recorded run, under one lease."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol, TypeVar

from ingest.port import SourceError
from service.domain.runs import Run, RunState
from service.errors import ComptrollerError
from service.store.store import Store, UnitOfWork
from service.usecases.keep_lease import HeldLease, keep_lease
from warehouse.errors import WarehouseError

JOB = "nightly"

REFUSALS = (ComptrollerError, SourceError, WarehouseError)
"""Errors with a sentence for the user; anything else is a bug and ends the process."""

T = TypeVar("T")

Result = dict[str, Any]
"""What a step leaves behind: JSON, so that the next step may run in another process."""


@dataclass(frozen=True, slots=True)
class Situation:
    """What a step may know: its run, what the steps before said, which failed, and the guard.

    ``guard`` goes to every commit; it raises once another process holds the lease.
    """

    run: Run
    results: Mapping[str, Result]
    failed: Mapping[str, str]
    guard: Callable[[], None]


Work = Callable[[Situation], Result]


class Observer(Protocol):
    """Who watches a run: the terminal, the log, a test."""

    def started(self, step: str) -> None:
        """``step`` begins, or begins again."""

    def finished(self, step: str, result: Result, *, resumed: bool) -> None:
        """``step`` is done; ``resumed`` says that an earlier process did it."""

    def failed(self, step: str, error: Exception) -> None:
        """``step`` could not be done."""


@dataclass(frozen=True, slots=True)
class NightlyStep:
    """A named part of the run; where ``needed`` is false its failure does not stop the rest."""

    name: str
    work: Work
    needed: bool = True


@dataclass(frozen=True, slots=True)
class NightlyRun:
    """A run as it ended, with what each step said and which steps failed."""

    run: Run
    results: Mapping[str, Result]
    failed: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Nightly:
    """The job with everything it needs to be run, or run on, by any process."""

    steps: tuple[NightlyStep, ...]
    store: Store
    clock: Callable[[], datetime]
    new_id: Callable[[], Any]
    holder: str
    holder_is_gone: Callable[[str], bool]

    def run(self, scheduled_at: datetime, observer: Observer) -> NightlyRun:
        """Do what is left of the run scheduled for ``scheduled_at``; a finished run is only read.

        Raises:
            LeaseHeldError: When another process is at it.
            REFUSALS: When a needed step cannot be done.
        """
        with keep_lease(
            JOB, self.holder, store=self.store, clock=self.clock, holder_is_gone=self.holder_is_gone
        ) as lease:
            with self.store.work() as uow:
                run = uow.runs.open(JOB, scheduled_at, self.new_id(), self.clock())
                recorded = uow.runs.steps(run.id)
            results = {s.name: dict(s.result) for s in recorded if s.state is RunState.SUCCEEDED}
            failed = {s.name: s.error or "" for s in recorded if s.state is RunState.FAILED}
            if run.state is RunState.SUCCEEDED:
                return NightlyRun(run, results, failed)
            return self._run_on(run, results, failed, lease, observer)

    def _run_on(
        self,
        run: Run,
        results: dict[str, Result],
        failed: dict[str, str],
        lease: HeldLease,
        observer: Observer,
    ) -> NightlyRun:
        """Do what no earlier process recorded as done, in order.

        A source that failed is not tried again once a later step has used what there was: the
        steps of one run agree on their inputs.
        """
        for number, step in enumerate(self.steps):
            if step.name in results:
                observer.finished(step.name, results[step.name], resumed=True)
                continue
            used = any(later.name in results for later in self.steps[number:] if later.needed)
            if used and not step.needed:
                continue
            failed.pop(step.name, None)
            try:
                situation = Situation(run, dict(results), dict(failed), lease.guard)
                results[step.name] = self._step(step, situation, lease, observer)
            except REFUSALS as error:
                observer.failed(step.name, error)
                failed[step.name] = str(error)
                if step.needed:
                    self._finish(run, RunState.FAILED, lease)
                    raise
        return NightlyRun(self._finish(run, RunState.SUCCEEDED, lease), results, failed)

    def _step(
        self, step: NightlyStep, situation: Situation, lease: HeldLease, observer: Observer
    ) -> Result:
        """Do one step and record how it went."""
        run = situation.run
        self._record(lease, lambda uow: uow.runs.start_step(run.id, step.name, self.clock()))
        observer.started(step.name)
        try:
            result = step.work(situation)
        except REFUSALS as error:
            reason = str(error)
            self._record(
                lease, lambda uow: uow.runs.fail_step(run.id, step.name, reason, self.clock())
            )
            raise
        self._record(lease, lambda uow: uow.runs.end_step(run.id, step.name, result, self.clock()))
        observer.finished(step.name, result, resumed=False)
        return result

    def _finish(self, run: Run, state: RunState, lease: HeldLease) -> Run:
        """Close the run's record."""
        return self._record(lease, lambda uow: uow.runs.finish(run.id, state, self.clock()))

    def _record(self, lease: HeldLease, write: Callable[[UnitOfWork], T]) -> T:
        """Write in one transaction that stands or falls with the lease."""
        with self.store.work() as uow:
            lease.check_in(uow)
            return write(uow)
