"""Runs the night of a small company, and dies by SIGKILL at the moment that it is told."""

import json
import os
import signal
import sys
from dataclasses import replace
from datetime import UTC, datetime

from service.bootstrap import Wiring, settings_from_environment, wire
from service.domain.periods import Period
from service.usecases.gpu_time.report_waste import report_waste
from service.usecases.nightly_steps import nightly_job
from service.usecases.report_costs import report_costs
from service.usecases.run_nightly import NightlyStep, Result, Situation
from warehouse.port import Question

NIGHT = datetime(2026, 11, 3, 2, 30, tzinfo=UTC)


def night() -> datetime:
    """Stand still, so that the plans of two runs can be compared."""
    return NIGHT


def die() -> None:
    """End as by a power cut: nothing is flushed, closed or said."""
    os.kill(os.getpid(), signal.SIGKILL)


class Executioner:
    """Watches the run and ends it at ``step`` and ``moment``."""

    def __init__(self, step: str, moment: str) -> None:
        self.step, self.moment = step, moment

    def started(self, step: str) -> None:
        self._end_at(step, "begun")

    def finished(self, step: str, result: Result, *, resumed: bool) -> None:
        del result
        if not resumed:
            self._end_at(step, "recorded")

    def failed(self, step: str, error: Exception) -> None:
        sys.exit(f"{step}: {error}")

    def lethal(self, step: NightlyStep) -> NightlyStep:
        """Let a step be killed right before its first commit, or before it is recorded."""
        if step.name != self.step:
            return step

        def work(situation: Situation) -> Result:
            def guard() -> None:
                situation.guard()
                self._end_at(step.name, "committing")

            result = step.work(replace(situation, guard=guard))
            self._end_at(step.name, "worked")
            return result

        return replace(step, work=work)

    def _end_at(self, step: str, moment: str) -> None:
        if (step, moment) == (self.step, self.moment):
            die()


def main(step: str, moment: str) -> None:
    """Run or go on with the night; whoever survives says what is there now."""
    watch = Executioner(step, moment)
    with wire(settings_from_environment(), clock=night) as wiring:
        parts = {name: getattr(wiring, name) for name in ("lake", "engine", "store", "new_id")}
        job = nightly_job(wiring.settings, clock=night, **parts)
        job = replace(job, steps=tuple(watch.lethal(one) for one in job.steps))
        ended = job.run(NIGHT, watch)
        json.dump({"run": str(ended.run.id), **found(wiring)}, sys.stdout)


def found(wiring: Wiring) -> dict[str, object]:
    """Tell what lake and store hold, without names that every run makes anew."""
    lake, engine, store = wiring.lake, wiring.engine, wiring.store
    periods = sorted({Period(place.period) for place in lake.states("cost_line")})
    lines = engine.query(Question("ask/cost_by_source"), lake.view()).to_pylist()
    costs = {
        f"{period} by {by}": sorted(
            [row.key, row.currency, row.effective_cost.text(), row.billed_cost.text()]
            for row in report_costs(period, by, lake=lake, engine=engine, store=store).rows
        )
        for period in periods
        for by in ("team", "provider", "pool")
    }
    waste = {
        str(period): [
            [row.kind, row.team, row.gpu_ms, row.cost and row.cost.text()]
            for row in report_waste(period, "kind", lake=lake, engine=engine, store=store).rows
        ]
        for period in periods
    }
    with store.work() as work:
        plan = work.plans.latest()
        runs = work.runs.latest("nightly", 10)
    assert plan is not None
    return {
        "lines": json.loads(json.dumps(lines, default=str)),
        "costs": costs,
        "waste": waste,
        "runs": [[run.scheduled_at.isoformat(), str(run.state)] for run in runs],
        "plan of this run": plan.run_id == runs[0].id,
        "plan": [plan.cost_micros, plan.bound_micros, plan.status],
        "placed": sorted(
            [p.workload_name, p.offer or "", str(p.start), p.cost_micros] for p in plan.placements
        ),
    }


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2])
