"""``comptroller demo``: the main job on an invented company, in a house of its own."""

from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from service.bootstrap import Wiring
    from service.demo.company import Company


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("demo")(demo)


def demo(
    seed: Annotated[int, typer.Option(min=0, help="Chooses among companies.")] = 7,
    day: Annotated[
        datetime | None,
        typer.Option("--date", formats=["%Y-%m-%d"], help="The day after the last bill; today."),
    ] = None,
    days: Annotated[int, typer.Option(min=1, max=366, help="How many days of bills.")] = 90,
    workloads: Annotated[int, typer.Option(min=5, max=5000, help="How many wait.")] = 200,
) -> None:
    """Invent a company with three clouds and 12 teams, then load, allocate, plan and report.

    It has a data folder and a server of its own below COMPTROLLER_DATA_DIR/demo, and never touches
    a configured database. Exit codes are those of `comptroller nightly`.
    """
    from service import bootstrap
    from service.cli.console import err
    from service.cli.nightly import run_and_show
    from service.demo.company import invent

    settings = bootstrap.demo_settings(bootstrap.settings_from_environment())
    with bootstrap.wire(settings) as wiring:
        today = (day or wiring.clock()).date()
        folder = settings.data_dir / bootstrap.DEMO_FILES
        with err.status("inventing a company ..."):
            _forget_other_days(folder)
            company = invent(folder, today=today, seed=seed, days=days, workloads=workloads)
        err.print(_introduction(company, today), highlight=False)
        _decide(company, wiring)
        code = run_and_show(wiring, None, again=True)
        err.print(_farewell(settings.data_dir), highlight=False, soft_wrap=True)
    raise typer.Exit(code)


def _forget_other_days(folder: Path) -> None:
    """Remove the files of an earlier demo, whose months this one may not have."""
    for path in folder.rglob("*"):
        if path.is_file():
            path.unlink()


def _introduction(company: "Company", today: date) -> str:
    return (
        f"[bold yellow]DEMO[/] an invented company up to {today}: {company.cost_lines:,} cost lines"
        f" of {len(company.bills)} clouds, {len(company.attempts):,} job runs"
    )


def _decide(company: "Company", wiring: "Wiring") -> None:
    """Apply the company's policy and capacity and submit its queue, as its people would."""
    from service.bootstrap import operator
    from service.documents.workload_file import load_workloads
    from service.usecases.apply_capacity import apply_capacity, propose_capacity
    from service.usecases.apply_policy import apply_policy, propose_policy
    from service.usecases.submit_workloads import submit

    store, lake, engine = wiring.store, wiring.lake, wiring.engine
    clock, new_id, actor = wiring.clock, wiring.new_id, operator()
    policy = propose_policy(company.policy, lake=lake, engine=engine, store=store)
    apply_policy(
        policy, lake=lake, engine=engine, store=store, new_id=new_id, clock=clock, actor=actor
    )
    capacity = propose_capacity(company.capacity, store=store)
    apply_capacity(capacity, store=store, at=clock(), actor=actor)
    documents = load_workloads(company.workloads)
    submit(documents, store=store, clock=clock, new_id=new_id, actor=actor)


def _farewell(house: Path) -> str:
    return (
        f"\nThe demo lives in {house}. Look around: [bold]comptroller up --demo[/];"
        f" COMPTROLLER_DATA_DIR={house} [bold]comptroller costs --period ...[/]"
    )
