"""A solved plan as it is kept: files for everyone to check, and one record in the store."""

from __future__ import annotations

import shutil
from hashlib import sha256
from typing import TYPE_CHECKING

from optimizer.files import write_instance, write_plan
from optimizer.reasons import explain
from service.domain.plans import PlacedWorkload
from service.domain.records import AuditEntry
from service.domain.workloads import WorkloadState

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from optimizer.reasons import Reason
    from optimizer.solve import Solution
    from service.domain.exchange import Exchange
    from service.domain.plans import StoredPlan
    from service.store.store import Store
    from service.usecases.build_instance import Problem
    from warehouse.port import Guard

INSTANCE_FILE, PLAN_FILE = "instance.json", "plan.json"
"""What lies below the plans' folder, in a folder named after the plan's id."""

OPEN = (WorkloadState.QUEUED, WorkloadState.PLANNED)
"""What a plan takes up: what waits, and what an earlier plan placed and nobody claimed yet."""


def write_files(problem: Problem, solution: Solution, folder: Path) -> str:
    """Write instance and plan for ``comptroller check-plan``; both or none are there.

    Returns the SHA-256 of the instance.
    """
    building = folder.with_name(f"{folder.name}.new")
    shutil.rmtree(building, ignore_errors=True)
    building.mkdir(parents=True, mode=0o700)
    write_instance(problem.instance, building / INSTANCE_FILE)
    write_plan(solution.plan, building / PLAN_FILE)
    building.rename(folder)
    return sha256((folder / INSTANCE_FILE).read_bytes()).hexdigest()


def publish(plan: StoredPlan, *, store: Store, actor: str, guard: Guard) -> None:
    """Store the plan and move its workloads, all in one transaction.

    What was cancelled or claimed while the plan was made stays as it is.
    """
    placed = {one.workload_id for one in plan.placements if one.offer is not None}
    waiting = {one.workload_id for one in plan.placements if one.offer is None}
    detail = {"cost_micros": plan.cost_micros, "placed": len(placed), "unplaced": len(waiting)}
    with store.work() as work:
        work.plans.add(plan)
        still_open = {workload.id for workload in work.workloads.in_states(OPEN)}
        work.workloads.set_state(placed & still_open, WorkloadState.PLANNED)
        work.workloads.set_state(waiting & still_open, WorkloadState.QUEUED)
        work.audit.add(AuditEntry(plan.created_at, actor, "plan.store", f"plan {plan.id}", detail))
        guard()


def placed_workloads(
    problem: Problem, solution: Solution, exchange: Exchange
) -> Iterator[PlacedWorkload]:
    """Placed workloads by start, then those without a place, then those not taken up."""
    jobs = {job.id: job for job in problem.instance.jobs}
    prices = {offer.id: offer.price for offer in problem.instance.offers}
    explained = explain(problem.instance, solution, amount=exchange.text)
    reasons = {reason.job: reason for reason in explained}
    for placement in sorted(solution.plan.placements, key=lambda item: (item.start, item.job)):
        job = jobs[placement.job]
        option = next(option for option in job.options if option.offer == placement.offer)
        end = placement.start + option.slots
        cost = sum(prices[placement.offer][placement.start : end]) * job.gang + option.fixed_cost
        slots = (placement.start, end)
        yield _placed(problem, reasons[placement.job], cost, placement.offer, slots)
    for job_id in solution.plan.unplaced:
        yield _placed(problem, reasons[job_id], jobs[job_id].unplaced_cost)
    for left in problem.left_out:
        workload = left.request.workload
        yield PlacedWorkload(
            workload.id, workload.name, workload.team, None, None, None, 0, left.code, left.reason
        )


def _placed(
    problem: Problem,
    reason: Reason,
    cost: int,
    offer: str | None = None,
    slots: tuple[int, int] | None = None,
) -> PlacedWorkload:
    workload = problem.requests[reason.job].workload
    start, end = (None, None) if slots is None else map(problem.horizon.moment, slots)
    return PlacedWorkload(
        workload_id=workload.id,
        workload_name=workload.name,
        team=workload.team,
        offer=offer,
        start=start,
        end=end,
        cost_micros=cost,
        reason_code=reason.code,
        reason=reason.text,
    )
