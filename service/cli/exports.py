"""The commands of ``comptroller sources`` that set up and run an export at its provider."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from datetime import datetime

    from service.domain.periods import Period

Name = Annotated[str, typer.Argument(help="Name of a configured source of type azure-export.")]


class Bill(StrEnum):
    """What an export of Azure can bring."""

    FOCUS = "FocusCost"
    ACTUAL = "ActualCost"
    AMORTIZED = "AmortizedCost"


def register(group: typer.Typer) -> None:
    """Add the commands to the group ``sources``."""
    group.command("create-export")(create)
    group.command("trigger-export")(trigger)
    group.command("export-runs")(runs)


def create(
    name: Name,
    bill: Annotated[
        Bill, typer.Option("--type", help="Which bill the export is to bring.")
    ] = Bill.FOCUS,
    storage_account_id: Annotated[
        str | None,
        typer.Option(help="Resource id of the storage account; looked up by name if left out."),
    ] = None,
) -> None:
    """Set up the daily export of a source at Azure, as its settings describe it."""
    from service.bootstrap import settings_from_environment, system_clock
    from service.cli.console import out
    from service.usecases.set_up_export import create_export

    made = create_export(
        name,
        settings_from_environment().sources,
        clock=system_clock,
        storage_account_id=storage_account_id,
        bill=bill.value,
    )
    out.print(f"Made {made}", soft_wrap=True, highlight=False)
    out.print("Azure runs it daily; `comptroller sources trigger-export` runs it now.")


def trigger(
    name: Name,
    period: Annotated[
        str | None, typer.Option(help="Run it for this billing period, as 2026-10.")
    ] = None,
) -> None:
    """Let Azure run the export of a source now; it takes minutes to hours to deliver."""
    from service.bootstrap import settings_from_environment, system_clock
    from service.cli.console import out
    from service.usecases.set_up_export import trigger_export

    wanted = None if period is None else str(billing_period(period, system_clock()))
    settings = settings_from_environment().sources
    trigger_export(name, settings, clock=system_clock, period=wanted)
    out.print(
        "Azure has been asked to run it; `comptroller sources export-runs` shows how it goes."
    )


def billing_period(text: str, now: datetime | None = None) -> Period:
    """Read a billing period that a user typed; where ``now`` is given it must have begun.

    Raises:
        InputError: When it is none; says what is accepted.
    """
    from service.domain.periods import Period
    from service.errors import InputError

    try:
        period = Period(text)
    except ValueError as problem:
        raise InputError(f"--period: {problem}") from problem
    if now is not None and period.start > now:
        raise InputError(f"--period: {text} has not begun; accepted are periods up to {now:%Y-%m}")
    return period


def runs(name: Name) -> None:
    """Show the last runs of a source's export, as Azure tells of them."""
    from service.bootstrap import settings_from_environment, system_clock
    from service.cli.console import out
    from service.cli.tables import add_words, plain_table, print_table
    from service.usecases.set_up_export import export_runs

    found = export_runs(name, settings_from_environment().sources, clock=system_clock)
    table = plain_table("", "submitted (UTC)", "period", "state", "run", "problem", words=5)
    for one in found:
        at = f"{one.submitted:%Y-%m-%d %H:%M}" if one.submitted else ""
        add_words(table, at, one.month, one.state, one.run_id, one.problem)
    print_table(table, out)
