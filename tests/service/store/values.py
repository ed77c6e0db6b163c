"""Values that tests of the store start from."""

from datetime import UTC, datetime
from uuid import UUID

from service.domain.plans import Baseline, PlacedWorkload, StoredPlan
from service.domain.workloads import Workload, WorkloadState

NOW = datetime(2026, 11, 21, 2, 30, tzinfo=UTC)


def workload(number: int, team: str = "vision", key: str | None = None) -> Workload:
    """A queued workload with the id ``number``."""
    return Workload(
        id=UUID(int=number),
        name=f"train-{number}",
        team=team,
        project="atlas",
        user="ann",
        state=WorkloadState.QUEUED,
        submitted_at=NOW.replace(second=number),
        idempotency_key=key,
        body_sha256=f"body-{number}",
        document={"name": f"train-{number}", "nodes": 2},
    )


def placed(one: Workload) -> PlacedWorkload:
    """A placement of ``one`` for an hour."""
    return PlacedWorkload(
        workload_id=one.id,
        workload_name=one.name,
        team=one.team,
        offer="aws/us-east-1/p5.48xlarge/spot",
        start=NOW,
        end=NOW.replace(hour=3),
        cost_micros=11_250_000,
        reason_code="cheapest",
        reason="the cheapest offer that ends in time",
    )


def plan(number: int, *placements: PlacedWorkload, run_id: UUID | None = None) -> StoredPlan:
    """A plan with the id ``number``; a higher number is made later."""
    return StoredPlan(
        id=UUID(int=number),
        run_id=run_id,
        created_at=NOW.replace(microsecond=number),
        horizon_start=NOW,
        slot_minutes=60,
        status="feasible",
        cost_micros=11_250_000,
        bound_micros=11_000_000,
        currency="USD",
        instance_sha256="00ff",
        baselines={
            "all_on_demand": Baseline(30_000_000, 10_000_000, placed=1, unplaced=1),
            "greedy": Baseline(12_000_000, 12_000_000, placed=2, unplaced=0),
        },
        stale_inputs=("prices",),
        placements=placements,
    )
