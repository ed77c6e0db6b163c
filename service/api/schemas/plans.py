"""Plans on the wire."""

from datetime import datetime
from typing import Self
from uuid import UUID

from pydantic import BaseModel, Field

from service.api.schemas.amounts import Amount
from service.domain.plans import Baseline, PlacedWorkload
from service.usecases.read_plan import PlanReading


class PlacementOut(BaseModel):
    """Where and when one workload runs; without an offer, why it does not."""

    workload_id: UUID
    workload_name: str
    team: str
    offer: str | None
    start: datetime | None
    end: datetime | None
    cost: Amount = Field(description="of a workload left out: the price of leaving it out")
    reason_code: str
    reason: str

    @classmethod
    def of(cls, placement: PlacedWorkload, reading: PlanReading) -> Self:
        """Write it for the wire."""
        return cls(
            workload_id=placement.workload_id,
            workload_name=placement.workload_name,
            team=placement.team,
            offer=placement.offer,
            start=placement.start,
            end=placement.end,
            cost=reading.money(placement.cost_micros).text(),
            reason_code=placement.reason_code,
            reason=placement.reason,
        )


class UnplacedReasonOut(BaseModel):
    """A reason why workloads have no place, in the words of one of them."""

    reason_code: str
    reason: str
    workloads: int


class BaselineOut(BaseModel):
    """What another way to plan the same queue comes to."""

    spend: Amount = Field(description="of what it places")
    cost: Amount = Field(description="spend and the price of what has no place")
    placed: int
    unplaced: int

    @classmethod
    def of(cls, baseline: Baseline, reading: PlanReading) -> Self:
        """Write it for the wire."""
        return cls(
            spend=reading.money(baseline.spend_micros).text(),
            cost=reading.money(baseline.cost_micros).text(),
            placed=baseline.placed,
            unplaced=baseline.unplaced,
        )


class PlanOut(BaseModel):
    """The newest plan; a team's token sees its own placements and nothing of the whole."""

    id: UUID
    run: UUID | None
    created_at: datetime
    horizon_start: datetime
    slot_minutes: int
    status: str
    currency: str
    spend: Amount = Field(description="of the placements below that have an offer")
    left_out: Amount | None = Field(description="the price of what has no place, of all teams")
    cost: Amount | None = Field(description="spend of all teams, and left_out")
    bound: Amount | None = Field(description="no plan can cost less")
    gap: float | None = Field(description="(cost - bound) / cost")
    baselines: dict[str, BaselineOut] = Field(
        description="the same queue planned otherwise: greedy, all_on_demand, on_demand_list"
    )
    placed: int
    unplaced: int
    unplaced_reasons: list[UnplacedReasonOut]
    stale_inputs: list[str]
    placements: list[PlacementOut]

    @classmethod
    def of(cls, reading: PlanReading) -> Self:
        """Write it for the wire."""
        plan, whole = reading.plan, reading.whole
        return cls(
            id=plan.id,
            run=plan.run_id,
            created_at=plan.created_at,
            horizon_start=plan.horizon_start,
            slot_minutes=plan.slot_minutes,
            status=plan.status,
            currency=plan.currency,
            spend=reading.spend.text(),
            left_out=reading.money(plan.left_out_micros).text() if whole else None,
            cost=reading.money(plan.cost_micros).text() if whole else None,
            bound=reading.money(plan.bound_micros).text() if whole else None,
            gap=plan.gap if whole else None,
            baselines=_baselines(reading) if whole else {},
            placed=len(reading.placed),
            unplaced=len(reading.unplaced),
            unplaced_reasons=[
                UnplacedReasonOut(reason_code=r.code, reason=r.example, workloads=r.workloads)
                for r in reading.unplaced_reasons
            ],
            stale_inputs=list(plan.stale_inputs),
            placements=[PlacementOut.of(placement, reading) for placement in plan.placements],
        )


def _baselines(reading: PlanReading) -> dict[str, BaselineOut]:
    return {name: BaselineOut.of(one, reading) for name, one in reading.plan.baselines.items()}
