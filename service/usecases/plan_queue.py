"""Plans the queue: instance, solver, referee, reasons, baselines, and one atomic publication."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC
from typing import TYPE_CHECKING

from optimizer.referee import violations
from optimizer.solve import Solution, solve
from service.domain.exchange import Exchange
from service.domain.horizon import SLOT_MINUTES, Horizon
from service.domain.plans import StoredPlan
from service.errors import ComptrollerError
from service.usecases.build_instance import Market, Problem, build_instance, requests_of
from service.usecases.current_prices import current_prices
from service.usecases.plan_baselines import baselines
from service.usecases.store_plan import OPEN, placed_workloads, publish, write_files
from service.usecases.stored_documents import capacity_in_effect

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from datetime import datetime
    from decimal import Decimal
    from pathlib import Path
    from uuid import UUID

    from service.config import Settings
    from service.store.store import Store
    from warehouse.lake import Lake
    from warehouse.port import Engine, Guard


class RefusedPlan(ComptrollerError):
    """The referee found a rule broken; nothing was stored."""

    code = "refused-plan"


@dataclass(frozen=True, slots=True)
class PlanSettings:
    """Everything that changes a plan beside the facts; ``folder`` is where its files go."""

    currency: str
    exchange_rates: Mapping[str, Decimal]
    horizon_hours: int
    time_limit_s: float
    seed: int
    workers: int
    default_capacity_machines: int
    folder: Path

    @classmethod
    def of(cls, settings: Settings) -> PlanSettings:
        """Take them from the settings."""
        return cls(
            currency=settings.planning_currency,
            exchange_rates=settings.exchange_rates,
            horizon_hours=settings.plan_horizon_hours,
            time_limit_s=settings.plan_time_limit_s,
            seed=settings.plan_seed,
            workers=settings.plan_workers,
            default_capacity_machines=settings.default_capacity_machines,
            folder=settings.data_dir.expanduser() / "plans",
        )


@dataclass(frozen=True, slots=True)
class Planned:
    """A stored plan, the folder of its files, and what was assumed or left out on the way."""

    plan: StoredPlan
    folder: Path
    notes: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class Planner:
    """Makes plans out of what is stored and loaded."""

    lake: Lake
    engine: Engine
    store: Store
    settings: PlanSettings
    clock: Callable[[], datetime]
    new_id: Callable[[], UUID]
    solver: Callable[..., Solution] = solve

    def plan(
        self,
        *,
        actor: str,
        guard: Guard,
        run_id: UUID | None = None,
        stale_inputs: Sequence[str] = (),
    ) -> Planned:
        """Make a plan and store it; a run that has one already gets it back.

        Raises:
            RefusedPlan: When the referee finds a rule broken; nothing is stored then.
            MissingRate: When an amount is in a currency without a rate.
        """
        known = None if run_id is None else self._plan_of(run_id)
        if known is not None:
            return Planned(known, self.settings.folder / str(known.id), {})
        now = self.clock().astimezone(UTC)
        market, notes = self._market(now)
        problem = self._problem(market, now)
        solution = self._solved(problem)
        plan_id = self.new_id()
        folder = self.settings.folder / str(plan_id)
        plan = StoredPlan(
            id=plan_id,
            run_id=run_id,
            created_at=now,
            horizon_start=problem.horizon.start,
            slot_minutes=SLOT_MINUTES,
            status=str(solution.plan.status),
            cost_micros=solution.plan.cost,
            bound_micros=solution.plan.bound,
            currency=self.settings.currency,
            instance_sha256=write_files(problem, solution, folder),
            baselines=baselines(problem, market),
            stale_inputs=tuple(stale_inputs),
            placements=tuple(placed_workloads(problem, solution, market.exchange)),
        )
        publish(plan, store=self.store, actor=actor, guard=guard)
        return Planned(plan, folder, {**notes, **problem.notes})

    def _plan_of(self, run_id: UUID) -> StoredPlan | None:
        with self.store.work() as work:
            return work.plans.of_run(run_id)

    def _market(self, now: datetime) -> tuple[Market, Mapping[str, int]]:
        exchange = Exchange(self.settings.currency, self.settings.exchange_rates)
        found = current_prices(now, exchange, lake=self.lake, engine=self.engine)
        capacity = capacity_in_effect(self.store, now.date())
        default = self.settings.default_capacity_machines
        return Market(found.prices, capacity, exchange, default), found.notes

    def _problem(self, market: Market, now: datetime) -> Problem:
        with self.store.work() as work:
            requests = requests_of(work.workloads.in_states(OPEN))
        return build_instance(requests, market, Horizon.after(now, self.settings.horizon_hours))

    def _solved(self, problem: Problem) -> Solution:
        solution = self.solver(
            problem.instance,
            time_limit_s=self.settings.time_limit_s,
            seed=self.settings.seed,
            workers=self.settings.workers,
        )
        broken = violations(problem.instance, solution.plan)
        if broken:
            raise RefusedPlan(f"the plan breaks {len(broken)} rules, the first: {broken[0]}")
        return solution


def plan_queue(  # noqa: PLR0913  (every long-lived part comes by name)
    *,
    lake: Lake,
    engine: Engine,
    store: Store,
    settings: PlanSettings,
    clock: Callable[[], datetime],
    new_id: Callable[[], UUID],
    run_id: UUID | None = None,
    stale_inputs: Sequence[str] = (),
    guard: Guard = lambda: None,
    actor: str = "nightly",
) -> StoredPlan:
    """Make and store a plan of the queue; a run that has one already gets it back."""
    planner = Planner(lake, engine, store, settings, clock, new_id)
    made = planner.plan(actor=actor, guard=guard, run_id=run_id, stale_inputs=stale_inputs)
    return made.plan
