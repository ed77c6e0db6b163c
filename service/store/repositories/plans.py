"""Stored plans; the session's teams decide which placements are seen."""

from dataclasses import asdict
from uuid import UUID

from sqlalchemy import insert, select
from sqlalchemy.orm import Session

from service.domain.plans import Baseline, PlacedWorkload, StoredPlan
from service.store.models import PlacementRow, PlanRow


class Plans:
    """Plans with their placements."""

    def __init__(self, session: Session) -> None:
        """Read and write inside the session's transaction."""
        self._session = session

    def add(self, plan: StoredPlan) -> None:
        """Store a plan for good; a run has at most one."""
        self._session.add(
            PlanRow(
                id=plan.id,
                run_id=plan.run_id,
                created_at=plan.created_at,
                horizon_start=plan.horizon_start,
                slot_minutes=plan.slot_minutes,
                status=plan.status,
                cost_micros=plan.cost_micros,
                bound_micros=plan.bound_micros,
                currency=plan.currency,
                baselines={name: asdict(one) for name, one in plan.baselines.items()},
                instance_sha256=plan.instance_sha256,
                stale_inputs=list(plan.stale_inputs),
            )
        )
        self._session.flush()
        rows = [_values(plan.id, position, p) for position, p in enumerate(plan.placements)]
        if rows:
            self._session.execute(insert(PlacementRow), rows)

    def latest(self) -> StoredPlan | None:
        """Give the plan that was made last."""
        query = select(PlanRow).order_by(PlanRow.created_at.desc(), PlanRow.id).limit(1)
        return self._plan(self._session.scalar(query))

    def of_run(self, run_id: UUID) -> StoredPlan | None:
        """Give the plan that a run made, if it has come so far."""
        return self._plan(self._session.scalar(select(PlanRow).where(PlanRow.run_id == run_id)))

    def _plan(self, row: PlanRow | None) -> StoredPlan | None:
        if row is None:
            return None
        query = (
            select(PlacementRow)
            .where(PlacementRow.plan_id == row.id)
            .order_by(PlacementRow.position)
        )
        return StoredPlan(
            id=row.id,
            run_id=row.run_id,
            created_at=row.created_at,
            horizon_start=row.horizon_start,
            slot_minutes=row.slot_minutes,
            status=row.status,
            cost_micros=row.cost_micros,
            bound_micros=row.bound_micros,
            currency=row.currency,
            instance_sha256=row.instance_sha256,
            baselines={name: Baseline(**one) for name, one in row.baselines.items()},
            stale_inputs=tuple(row.stale_inputs),
            placements=tuple(_placement(placed) for placed in self._session.scalars(query)),
        )


def _values(plan_id: UUID, position: int, placed: PlacedWorkload) -> dict[str, object]:
    return {
        "plan_id": plan_id,
        "position": position,
        "workload_id": placed.workload_id,
        "workload_name": placed.workload_name,
        "team": placed.team,
        "offer": placed.offer,
        "starts_at": placed.start,
        "ends_at": placed.end,
        "cost_micros": placed.cost_micros,
        "reason_code": placed.reason_code,
        "reason": placed.reason,
    }


def _placement(row: PlacementRow) -> PlacedWorkload:
    return PlacedWorkload(
        workload_id=row.workload_id,
        workload_name=row.workload_name,
        team=row.team,
        offer=row.offer,
        start=row.starts_at,
        end=row.ends_at,
        cost_micros=row.cost_micros,
        reason_code=row.reason_code,
        reason=row.reason,
    )
