"""``comptroller nightly``: the whole job as one recorded run that may be killed at any moment."""

from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from rich.console import Console

    from service.bootstrap import Wiring
    from service.usecases.run_nightly import Nightly, NightlyRun

INCOMPLETE = 3
"""Exit code when the run stands, but a step failed or rows were quarantined."""


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("nightly")(nightly)


def nightly(
    night: Annotated[
        datetime | None,
        typer.Option(
            "--date", formats=["%Y-%m-%d"], help="The night to run or to go on with; today's."
        ),
    ] = None,
    again: Annotated[
        bool, typer.Option("--again", help="Begin a new run, though tonight's is done.")
    ] = False,
    output: Annotated[
        str, typer.Option("--format", help="How to print the report: table or json.")
    ] = "table",
) -> None:
    """Load, allocate, account, rightsize, plan, report, maintain.

    What a killed run did is not done again.

    Exit codes: 0 done; 1 refused or failed; 3 done, but a source, the accounts or the lake's
    maintenance failed or rows were quarantined.
    """
    from service.cli.console import open_wiring

    if output not in {"table", "json"}:
        raise typer.BadParameter(f"{output!r} is no format; accepted are table and json")
    with open_wiring() as wiring:
        raise typer.Exit(run_and_show(wiring, night, again=again, output=output))


def run_and_show(
    wiring: "Wiring", night: datetime | None, *, again: bool, output: str = "table"
) -> int:
    """Run the night, show its progress and its report, and return the exit code."""
    from service.cli.console import err, out
    from service.cli.progress import TerminalProgress
    from service.cli.run_report import show

    now = wiring.clock()
    day = (night or now).date()
    at = now if again else scheduled_on(day, wiring.settings.nightly_cron)
    with TerminalProgress(err) as progress:
        ended = _job(wiring).run(at, progress)
    # The maintenance comes after the report, which therefore cannot know that it failed.
    report = ended.results["report"]
    report = {**report, "failed": {**report["failed"], **ended.failed}}
    if output == "json":
        out.print_json(data=report)
    else:
        show(report, out, demo=wiring.settings.demo)
        _show_maintenance(ended, out)
    return exit_code(report)


def _show_maintenance(ended: "NightlyRun", console: "Console") -> None:
    """Say what the night did to the lake's files, if anything."""
    from service.cli.lake import sentences
    from service.usecases.maintain_lake import LakeMaintenance
    from service.usecases.nightly_steps import MAINTAIN

    if MAINTAIN in ended.results:
        done = LakeMaintenance.of(ended.results[MAINTAIN])
        if done.found_work:
            console.print("\nMaintained the lake", *sentences(done), sep="\n", highlight=False)


def run_scheduled(wiring: "Wiring", scheduled_at: datetime) -> None:
    """Run the night that the scheduler found due; its steps go to the log."""
    from service.cli.progress import LogProgress

    _job(wiring).run(scheduled_at, LogProgress())


def _job(wiring: "Wiring") -> "Nightly":
    from service.usecases.nightly_steps import nightly_job

    return nightly_job(
        wiring.settings,
        lake=wiring.lake,
        engine=wiring.engine,
        store=wiring.store,
        clock=wiring.clock,
        new_id=wiring.new_id,
    )


def scheduled_on(day: date, cron: str) -> datetime:
    """Return when the run of ``day`` is scheduled (UTC); midnight if the schedule leaves it out."""
    from service.jobs.due import due

    midnight = datetime.combine(day, datetime.min.time(), UTC)
    just_before = midnight - timedelta(microseconds=1)
    return due(cron, after=just_before, now=just_before + timedelta(days=1)) or midnight


def exit_code(report: dict[str, Any]) -> int:
    """Say by a number whether there is something to look at."""
    quarantined = any(load["quarantined"] for load in report["loads"])
    return INCOMPLETE if report["failed"] or quarantined else 0
