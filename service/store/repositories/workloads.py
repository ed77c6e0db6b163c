"""The queue of workloads; the session's teams decide what is seen."""

from collections.abc import Iterable, Sequence
from uuid import UUID

from sqlalchemy import func, select, tuple_, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from service.domain.workloads import Workload, WorkloadState
from service.errors import ConflictError
from service.store.models import WorkloadRow

_BATCH = 1000


class Workloads:
    """Submitted workloads."""

    def __init__(self, session: Session) -> None:
        """Read and write inside the session's transaction."""
        self._session = session

    def add_all(self, workloads: Sequence[Workload]) -> list[Workload]:
        """Store what is new and give back, in the same order, what is stored for each.

        Raises:
            ConflictError: When an idempotency key came before with another body.
        """
        for start in range(0, len(workloads), _BATCH):
            self._insert(workloads[start : start + _BATCH])
        stored = self._by_key(workloads)
        return [_same(workload, stored) for workload in workloads]

    def get(self, workload_id: UUID) -> Workload | None:
        """Give one workload, if it exists and may be seen."""
        row = self._session.get(WorkloadRow, workload_id)
        return None if row is None else _workload(row)

    def queued(self, limit: int | None = None) -> list[Workload]:
        """Give the workloads that wait for a plan, first come first."""
        return self.in_states([WorkloadState.QUEUED], limit)

    def in_states(
        self, states: Iterable[WorkloadState], limit: int | None = None
    ) -> list[Workload]:
        """Give the workloads in any of ``states``, first come first."""
        query = (
            select(WorkloadRow)
            .where(WorkloadRow.state.in_([state.value for state in states]))
            .order_by(WorkloadRow.submitted_at, WorkloadRow.id)
            .limit(limit)
        )
        return [_workload(row) for row in self._session.scalars(query)]

    def of_team(self, team: str, limit: int | None = None) -> list[Workload]:
        """Give a team's workloads, latest first."""
        query = (
            select(WorkloadRow)
            .where(WorkloadRow.team == team)
            .order_by(WorkloadRow.submitted_at.desc(), WorkloadRow.id)
            .limit(limit)
        )
        return [_workload(row) for row in self._session.scalars(query)]

    def set_state(self, ids: Iterable[UUID], state: WorkloadState) -> int:
        """Move workloads to ``state`` and say how many were found."""
        change = (
            update(WorkloadRow)
            .where(WorkloadRow.id.in_(list(ids)))
            .values(state=state.value)
            .returning(WorkloadRow.id)
        )
        return len(self._session.scalars(change).all())

    def count_by_state(self) -> dict[WorkloadState, int]:
        """Count the workloads in each state that has any."""
        query = select(WorkloadRow.state, func.count()).group_by(WorkloadRow.state)
        return {WorkloadState(state): count for state, count in self._session.execute(query)}

    def _insert(self, workloads: Sequence[Workload]) -> None:
        """Leave out those whose key is taken, also by a transaction at the same moment."""
        keyed = insert(WorkloadRow).on_conflict_do_nothing(
            index_elements=["team", "idempotency_key"],
            index_where=WorkloadRow.idempotency_key.is_not(None),
        )
        self._session.execute(keyed, [_values(workload) for workload in workloads])

    def _by_key(self, workloads: Sequence[Workload]) -> dict[tuple[str, str], Workload]:
        keys = [(w.team, w.idempotency_key) for w in workloads if w.idempotency_key is not None]
        found: dict[tuple[str, str], Workload] = {}
        for start in range(0, len(keys), _BATCH):
            pair = tuple_(WorkloadRow.team, WorkloadRow.idempotency_key)
            query = select(WorkloadRow).where(pair.in_(keys[start : start + _BATCH]))
            for row in self._session.scalars(query):
                found[row.team, row.idempotency_key or ""] = _workload(row)
        return found


def _same(workload: Workload, stored: dict[tuple[str, str], Workload]) -> Workload:
    if workload.idempotency_key is None:
        return workload
    first = stored[workload.team, workload.idempotency_key]
    if first.body_sha256 != workload.body_sha256:
        raise ConflictError(
            f"workload {workload.name}: the idempotency key {workload.idempotency_key} of team "
            f"{workload.team} was used for another workload ({first.name}, {first.id})"
        )
    return first


def _values(workload: Workload) -> dict[str, object]:
    return {
        "id": workload.id,
        "name": workload.name,
        "team": workload.team,
        "project": workload.project,
        "user": workload.user,
        "state": workload.state.value,
        "submitted_at": workload.submitted_at,
        "idempotency_key": workload.idempotency_key,
        "body_sha256": workload.body_sha256,
        "document": dict(workload.document),
    }


def _workload(row: WorkloadRow) -> Workload:
    return Workload(
        id=row.id,
        name=row.name,
        team=row.team,
        project=row.project,
        user=row.user,
        state=WorkloadState(row.state),
        submitted_at=row.submitted_at,
        idempotency_key=row.idempotency_key,
        body_sha256=row.body_sha256,
        document=row.document,
    )
