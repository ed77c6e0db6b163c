"""What the serving commands share: the house they open and the parts they hand on."""

from __future__ import annotations

from contextlib import contextmanager
from functools import partial
from importlib.metadata import version
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from service.api.parts import Parts
    from service.bootstrap import Wiring
    from service.config import Settings
    from service.documents.workload import WorkloadDocument
    from service.domain.runs import Run
    from service.domain.workloads import Workload
    from service.jobs.scheduler import Nightly


def chosen_settings(*, demo: bool) -> Settings:
    """Return the settings of the environment, or those of the demo's own house."""
    from service import bootstrap

    settings = bootstrap.settings_from_environment()
    return bootstrap.demo_settings(settings) if demo else settings


@contextmanager
def wired(*, demo: bool) -> Iterator[Wiring]:
    """Open the configured house, or the demo's."""
    from service.bootstrap import wire

    with wire(chosen_settings(demo=demo)) as wiring:
        yield wiring


def api_parts(wiring: Wiring) -> Parts:
    """Bind the verbs that the API needs to this house."""
    from service.api.parts import Parts
    from service.usecases.authenticate import authenticate
    from service.usecases.read_plan import read_plan
    from service.usecases.report_costs import report_costs
    from service.usecases.run_nightly import JOB
    from service.usecases.tell_freshness import tell_freshness

    store, lake = wiring.store, wiring.lake

    def submit_as(documents: Sequence[WorkloadDocument], actor: str) -> Sequence[Workload]:
        from service.usecases.submit_workloads import submit

        return submit(documents, store=store, clock=wiring.clock, new_id=wiring.new_id, actor=actor)

    def ready() -> None:
        with store.work() as work:
            work.runs.latest(JOB, 1)

    return Parts(
        version=version("comptroller"),
        demo=wiring.settings.demo,
        authenticate=partial(authenticate, store=store, clock=wiring.clock),
        ready=ready,
        submit=submit_as,
        costs=lambda period, by, teams: report_costs(
            period, by, lake=lake, engine=wiring.engine, store=store, teams=teams
        ),
        latest_plan=lambda teams: read_plan(store=store, teams=teams),
        freshness=partial(tell_freshness, store=store, lake=lake),
    )


def nightly_job(wiring: Wiring) -> Nightly:
    """Bind the nightly job to this house: the run table says what is due."""
    from service.cli.nightly import run_scheduled
    from service.jobs.scheduler import Nightly
    from service.usecases.run_nightly import JOB

    def newest() -> Run | None:
        with wiring.store.work() as work:
            return next(iter(work.runs.latest(JOB, 1)), None)

    return Nightly(
        cron=wiring.settings.nightly_cron,
        started=wiring.clock(),
        clock=wiring.clock,
        newest=newest,
        run=partial(run_scheduled, wiring),
    )
