"""Runs of jobs and their steps."""

from collections.abc import Mapping
from datetime import datetime
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from service.domain.runs import Run, RunState, Step
from service.errors import ConflictError, NotFoundError
from service.store.models import RunRow, StepRow


class Runs:
    """What ran, how far it came, and what it found."""

    def __init__(self, session: Session) -> None:
        """Read and write inside the session's transaction."""
        self._session = session

    def open(self, job: str, scheduled_at: datetime, run_id: UUID, now: datetime) -> Run:
        """Give the run of ``job`` for ``scheduled_at``, begun under ``run_id`` if it is new."""
        self._session.execute(
            insert(RunRow)
            .values(
                id=run_id,
                job=job,
                scheduled_at=scheduled_at,
                state=RunState.RUNNING.value,
                started_at=now,
            )
            .on_conflict_do_nothing(index_elements=["job", "scheduled_at"])
        )
        query = select(RunRow).where(RunRow.job == job, RunRow.scheduled_at == scheduled_at)
        return _run(self._session.scalars(query).one())

    def reopen(self, run_id: UUID) -> Run:
        """Let a run that has ended go on, for another try at its failed steps."""
        row = self._row(run_id)
        row.state, row.ended_at = RunState.RUNNING.value, None
        self._session.flush()
        return _run(row)

    def finish(self, run_id: UUID, state: RunState, now: datetime) -> Run:
        """Note that a run ended in ``state``."""
        row = self._row(run_id)
        row.state, row.ended_at = state.value, now
        self._session.flush()
        return _run(row)

    def latest(self, job: str, n: int = 1) -> list[Run]:
        """Give the ``n`` runs of ``job`` that were scheduled last, newest first."""
        query = (
            select(RunRow).where(RunRow.job == job).order_by(RunRow.scheduled_at.desc()).limit(n)
        )
        return [_run(row) for row in self._session.scalars(query)]

    def steps(self, run_id: UUID) -> list[Step]:
        """Give the steps of a run that were started, in the order of their last start."""
        query = (
            select(StepRow)
            .where(StepRow.run_id == run_id)
            .order_by(StepRow.started_at, StepRow.name)
        )
        return [_step(row) for row in self._session.scalars(query)]

    def start_step(self, run_id: UUID, name: str, now: datetime) -> Step:
        """Note an attempt at a step.

        Raises:
            ConflictError: When the step has succeeded already.
        """
        row = self._session.get(StepRow, (run_id, name), with_for_update=True)
        if row is None:
            row = StepRow(run_id=run_id, name=name, attempt=0)
            self._session.add(row)
        elif row.state == RunState.SUCCEEDED:
            raise ConflictError(f"step {name} of run {run_id} has succeeded already")
        row.state, row.attempt, row.started_at = RunState.RUNNING.value, row.attempt + 1, now
        row.ended_at, row.result, row.error = None, {}, None
        self._session.flush()
        return _step(row)

    def end_step(
        self, run_id: UUID, name: str, result: Mapping[str, object], now: datetime
    ) -> Step:
        """Note that a step succeeded, with a result that JSON can hold."""
        row = self._running_step(run_id, name)
        row.state, row.ended_at, row.result = RunState.SUCCEEDED.value, now, dict(result)
        self._session.flush()
        return _step(row)

    def fail_step(self, run_id: UUID, name: str, error: str, now: datetime) -> Step:
        """Note that a step failed, and why."""
        row = self._running_step(run_id, name)
        row.state, row.ended_at, row.error = RunState.FAILED.value, now, error
        self._session.flush()
        return _step(row)

    def _row(self, run_id: UUID) -> RunRow:
        row = self._session.get(RunRow, run_id)
        if row is None:
            raise NotFoundError(f"there is no run {run_id}")
        return row

    def _running_step(self, run_id: UUID, name: str) -> StepRow:
        row = self._session.get(StepRow, (run_id, name))
        if row is None or row.state != RunState.RUNNING:
            raise ConflictError(f"step {name} of run {run_id} is not running")
        return row


def _run(row: RunRow) -> Run:
    return Run(
        id=row.id,
        job=row.job,
        scheduled_at=row.scheduled_at,
        state=RunState(row.state),
        started_at=row.started_at,
        ended_at=row.ended_at,
    )


def _step(row: StepRow) -> Step:
    return Step(
        run_id=row.run_id,
        name=row.name,
        state=RunState(row.state),
        attempt=row.attempt,
        started_at=row.started_at,
        ended_at=row.ended_at,
        result=row.result,
        error=row.error,
    )
