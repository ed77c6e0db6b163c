"""What the nightly job does: one load per source, then allocate, plan, report."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any
from uuid import UUID

from ingest.registry import source_of
from ingest.settings import SourceSettings
from service.config import Settings
from service.domain.periods import Period
from service.domain.plans import StoredPlan
from service.domain.records import AllocationRun
from service.store.store import Store
from service.usecases.allocate_period import allocate_period
from service.usecases.holders import is_gone, this_process
from service.usecases.load_source import failures, load_source
from service.usecases.plan_queue import Planner, PlanSettings
from service.usecases.report_costs import CostReport, report_costs
from service.usecases.report_run import report_run
from service.usecases.run_nightly import JOB, Nightly, NightlyStep, Result, Situation
from service.usecases.stale_periods import loaded_periods, stale_periods
from warehouse.lake import Lake
from warehouse.port import Engine

LOAD = "load "
"""What the name of a load's step begins with; the source's name follows."""


def nightly_job(  # noqa: PLR0913  (every long-lived part comes by name)
    settings: Settings,
    *,
    lake: Lake,
    engine: Engine,
    store: Store,
    clock: Callable[[], datetime],
    new_id: Callable[[], UUID],
) -> Nightly:
    """Build the job over the configured sources."""
    night = _Night(settings, lake, engine, store, clock, new_id)
    loads = (
        NightlyStep(LOAD + source.name, partial(night.load, source), needed=False)
        for source in settings.sources
    )
    return Nightly(
        steps=(
            *loads,
            NightlyStep("allocate", night.allocate),
            NightlyStep("plan", night.plan),
            NightlyStep("report", night.report),
        ),
        store=store,
        clock=clock,
        new_id=new_id,
        holder=this_process(),
        holder_is_gone=is_gone,
    )


@dataclass(frozen=True, slots=True)
class _Night:
    """The work of each step."""

    settings: Settings
    lake: Lake
    engine: Engine
    store: Store
    clock: Callable[[], datetime]
    new_id: Callable[[], UUID]

    def load(self, setting: SourceSettings, at: Situation) -> Result:
        """Load what a source has now; what is in the lake already is left alone."""
        done = load_source(
            source_of(setting, clock=self.clock),
            lake=self.lake,
            engine=self.engine,
            store=self.store,
            new_id=self.new_id,
            clock=self.clock,
            temp_folder=self.settings.data_dir.expanduser() / "temp",
            guard=at.guard,
        )
        return {"loads": [one.as_json() for one in done]}

    def allocate(self, at: Situation) -> Result:
        """Allocate every period whose facts or policy changed since its last allocation."""
        stale = stale_periods(lake=self.lake, store=self.store)
        runs = [
            allocate_period(
                period,
                lake=self.lake,
                engine=self.engine,
                store=self.store,
                new_id=self.new_id,
                clock=self.clock,
                guard=at.guard,
            )
            for period in stale
        ]
        return {"allocated": {run.period: str(run.id) for run in runs}}

    def plan(self, at: Situation) -> Result:
        """Plan the queue; sources that failed tonight are named in the plan."""
        planner = Planner(
            lake=self.lake,
            engine=self.engine,
            store=self.store,
            settings=PlanSettings.of(self.settings),
            clock=self.clock,
            new_id=self.new_id,
        )
        planned = planner.plan(
            actor=JOB,
            guard=at.guard,
            run_id=at.run.id,
            stale_inputs=_stale(at),
        )
        return {"plan": str(planned.plan.id), "notes": dict(planned.notes)}

    def report(self, at: Situation) -> Result:
        """Put the night's numbers together from what is stored."""
        loads = _loads(at)
        return report_run(
            scheduled_at=at.run.scheduled_at,
            loads=loads,
            runs=self._runs(),
            plan=self._plan(at.run.id),
            failed={**at.failed, **failures(loads)},
            ask=self._costs,
        )

    def _runs(self) -> dict[Period, AllocationRun]:
        with self.store.work() as work:
            found = {
                period: work.allocations.latest(str(period)) for period in loaded_periods(self.lake)
            }
        return {period: run for period, run in found.items() if run is not None}

    def _plan(self, run_id: UUID) -> StoredPlan | None:
        with self.store.work() as work:
            return work.plans.of_run(run_id)

    def _costs(self, period: Period, by: str) -> CostReport:
        return report_costs(period, by, lake=self.lake, engine=self.engine, store=self.store)


def _loads(at: Situation) -> list[dict[str, Any]]:
    return [one for name, r in at.results.items() if name.startswith(LOAD) for one in r["loads"]]


def _stale(at: Situation) -> list[str]:
    """Name the sources that failed tonight, wholly or in part."""
    partly = {one["source"] for one in _loads(at) if one["outcome"] == "failed"}
    return sorted(partly | {step.removeprefix(LOAD) for step in at.failed})
