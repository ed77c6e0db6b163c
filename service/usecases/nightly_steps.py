"""What the nightly job does: load, allocate, post, account, rightsize, plan, report, maintain."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any
from uuid import UUID

from ingest.carbon import region_carbon
from ingest.registry import source_of
from ingest.settings import SourceSettings
from service.config import Settings
from service.domain.periods import Period
from service.domain.plans import StoredPlan
from service.domain.records import AllocationRun, PeriodRun
from service.errors import ConflictError, NotFoundError
from service.store.store import Store
from service.usecases.allocate_period import allocate_period
from service.usecases.gpu_time.account_period import account_period
from service.usecases.gpu_time.report_waste import WasteReport, report_waste
from service.usecases.gpu_time.rightsize import rightsize
from service.usecases.gpu_time.state import unaccounted_periods
from service.usecases.holders import is_gone, this_process
from service.usecases.ledger.close_period import closer_of
from service.usecases.ledger.post_period import post_period
from service.usecases.load_source import failures, load_source
from service.usecases.maintain_lake import maintain_lake
from service.usecases.plan_queue import Planner, PlanSettings
from service.usecases.report_costs import CostReport, report_costs, told_run
from service.usecases.report_run import books_of_night, report_run
from service.usecases.run_nightly import JOB, Nightly, NightlyStep, Result, Situation
from service.usecases.stale_periods import loaded_periods, open_periods, stale_periods
from warehouse.lake import Lake
from warehouse.port import Engine

LOAD = "load "
"""What the name of a load's step begins with; the source's name follows."""

MAINTAIN = "maintain"
"""The step that keeps the lake small; the night's numbers stand without it."""


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
            NightlyStep("post", night.post, needed=False),
            *([NightlyStep("close", night.close, needed=False)] if settings.close_by_rule else []),
            NightlyStep("account", night.account, needed=False),
            NightlyStep("rightsize", night.rightsize, needed=False),
            NightlyStep("plan", night.plan),
            NightlyStep("report", night.report),
            NightlyStep(MAINTAIN, night.maintain, needed=False),
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

    def post(self, at: Situation) -> Result:
        """Bring the ledger of every open period to what its allocation says."""
        posted = [
            post_period(
                period,
                lake=self.lake,
                engine=self.engine,
                store=self.store,
                actor=JOB,
                new_id=self.new_id,
                clock=self.clock,
                guard=at.guard,
            )
            for period in open_periods(lake=self.lake, store=self.store)
        ]
        return {"posted": {one.period: one.as_json() for one in posted}}

    def close(self, at: Situation) -> Result:
        """Close the periods that nothing hinders."""
        closed = closer_of(
            self.settings,
            lake=self.lake,
            engine=self.engine,
            store=self.store,
            new_id=self.new_id,
            clock=self.clock,
            guard=at.guard,
        ).close_by_rule()
        return {"closed": {one.period: one.head for one in closed}}

    def account(self, at: Situation) -> Result:
        """Account every period whose facts or policy changed since it was accounted last."""
        carbon = {place: float(one.g_per_kwh) for place, one in region_carbon().items()}
        runs = [
            account_period(
                period,
                lake=self.lake,
                engine=self.engine,
                store=self.store,
                carbon=carbon,
                new_id=self.new_id,
                clock=self.clock,
                guard=at.guard,
            )
            for period in unaccounted_periods(lake=self.lake, store=self.store)
        ]
        return {"accounted": {run.period: _accounted(run) for run in runs}}

    def rightsize(self, at: Situation) -> Result:
        """Say which work would do with fewer or smaller GPUs."""
        at.guard()
        run = rightsize(
            lake=self.lake,
            engine=self.engine,
            store=self.store,
            clock=self.clock,
            new_id=self.new_id,
        )
        return {"run": str(run.id), "works": run.works, "recommended": len(run.recommendations)}

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
            usage=self._nothing if "account" in at.failed else self._usage,
            books=self._books(at),
        )

    def maintain(self, at: Situation) -> Result:
        """Put small files together and take away what nobody can need any more."""
        done = maintain_lake(
            self.lake,
            self.engine,
            clock=self.clock,
            new_id=self.new_id,
            keep_days=self.settings.snapshot_keep_days,
            guard=at.guard,
        )
        return done.as_json()

    def _runs(self) -> dict[Period, AllocationRun]:
        with self.store.work() as work:
            found = {period: told_run(period, work) for period in loaded_periods(self.lake)}
        return {period: run for period, run in found.items() if run is not None}

    def _books(self, at: Situation) -> dict[str, Any]:
        posted, closed = (at.results.get(step, {}) for step in ("post", "close"))
        with self.store.work() as work:
            newest = work.closes.latest()
        return books_of_night(posted.get("posted", {}), closed.get("closed", {}), newest)

    def _plan(self, run_id: UUID) -> StoredPlan | None:
        with self.store.work() as work:
            return work.plans.of_run(run_id)

    def _nothing(self, _period: Period) -> None:
        """A night whose accounting failed tells nothing of GPU time: what is stored is older."""

    def _usage(self, period: Period) -> WasteReport | None:
        """The accounts of a period, if there are any."""
        try:
            return report_waste(
                period, "kind", lake=self.lake, engine=self.engine, store=self.store
            )
        except (ConflictError, NotFoundError):
            return None

    def _costs(self, period: Period, by: str) -> CostReport:
        return report_costs(period, by, lake=self.lake, engine=self.engine, store=self.store)


def _loads(at: Situation) -> list[dict[str, Any]]:
    return [one for name, r in at.results.items() if name.startswith(LOAD) for one in r["loads"]]


def _accounted(run: PeriodRun) -> dict[str, Any]:
    """Write an accounting for the record of its step."""
    return {"run": str(run.id), "policy_version": run.policy_version, **run.proof}


def _stale(at: Situation) -> list[str]:
    """Name the sources that failed tonight, wholly or in part."""
    partly = {one["source"] for one in _loads(at) if one["outcome"] == "failed"}
    whole = {step.removeprefix(LOAD) for step in at.failed if step.startswith(LOAD)}
    return sorted(partly | whole)
