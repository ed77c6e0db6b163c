"""Runs over a billing period, of every kind."""

from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from service.domain.records import PeriodRun
from service.store.models import PeriodRunRow


class PeriodRuns:
    """Every run that was made, with what proves that it adds up."""

    def __init__(self, session: Session) -> None:
        """Read and write inside the session's transaction."""
        self._session = session

    def add(self, run: PeriodRun) -> None:
        """Store a run for good."""
        self._session.add(
            PeriodRunRow(
                id=run.id,
                kind=run.kind,
                period=run.period,
                policy_version=run.policy_version,
                at=run.at,
                snapshots=dict(run.snapshots),
                written=dict(run.written),
                rows=run.rows,
                proof=dict(run.proof),
            )
        )
        self._session.flush()

    def by_id(self, run_id: UUID) -> PeriodRun | None:
        """Give one run."""
        return _run(self._session.get(PeriodRunRow, run_id))

    def latest(self, kind: str, period: str) -> PeriodRun | None:
        """Give the run of ``kind`` over ``period`` that was made last."""
        query = (
            select(PeriodRunRow)
            .where(PeriodRunRow.kind == kind, PeriodRunRow.period == period)
            .order_by(PeriodRunRow.at.desc(), PeriodRunRow.id)
            .limit(1)
        )
        return _run(self._session.scalar(query))


def _run(row: PeriodRunRow | None) -> PeriodRun | None:
    if row is None:
        return None
    return PeriodRun(
        id=row.id,
        kind=row.kind,
        period=row.period,
        policy_version=row.policy_version,
        at=row.at,
        snapshots=row.snapshots,
        written=row.written,
        rows=row.rows,
        proof=row.proof,
    )
