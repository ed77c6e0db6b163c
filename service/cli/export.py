"""``comptroller export``: what the lake holds, as files for other programs."""

from __future__ import annotations

from pathlib import Path  # noqa: TC003 - typer reads the annotations when it runs
from typing import Annotated

import typer


def register(app: typer.Typer) -> None:
    """Add the group to the command line."""
    group = typer.Typer(help="What the lake holds, for other programs.", no_args_is_help=True)
    group.callback()(_callback)
    group.command("focus")(focus)
    app.add_typer(group, name="export")


def _callback() -> None:
    """Keep the group a group, although it has one command."""


def focus(
    period: Annotated[str, typer.Option(help="Billing period, as 2026-10.")],
    output: Annotated[Path, typer.Option(help="File to write: .parquet, .csv or .csv.gz.")],
    source: Annotated[
        str | None, typer.Option(help="Only what this source delivered (default: all).")
    ] = None,
    *,
    custom_columns: Annotated[
        bool, typer.Option("--custom-columns", help="Append our own columns, which begin with x_.")
    ] = False,
    force: Annotated[
        bool, typer.Option("--force", help="Replace the file if it is there already.")
    ] = False,
) -> None:
    """Write the cost lines of a billing period as FOCUS 1.4 Cost and Usage."""
    from service.cli.console import open_wiring, out
    from service.domain.periods import Period
    from service.errors import InputError
    from service.usecases.export_focus import export_period

    try:
        wanted = Period(period)
    except ValueError as error:
        raise InputError(f"--period: {error}") from error
    with open_wiring() as wiring:
        done = export_period(
            wanted,
            output,
            lake=wiring.lake,
            engine=wiring.engine,
            source=source,
            custom_columns=custom_columns,
            force=force,
        )
    out.print(
        f"{done.rows:,} rows of {wanted} in {len(done.columns)} columns written to {output}",
        soft_wrap=True,
        highlight=False,
        markup=False,
    )
