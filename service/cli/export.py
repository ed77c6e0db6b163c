"""``comptroller export``: what the lake holds, as files for other programs."""

from __future__ import annotations

from pathlib import Path  # noqa: TC003 - typer reads the annotations when it runs
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from service.bootstrap import Wiring
    from service.domain.periods import Period
    from warehouse.export import Exported


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
    allocated: Annotated[
        bool,
        typer.Option(
            "--allocated",
            help="Who bears each line: rows of shared lines are split by team (FOCUS split cost).",
        ),
    ] = False,
    custom_columns: Annotated[
        bool, typer.Option("--custom-columns", help="Append our own columns, which begin with x_.")
    ] = False,
    force: Annotated[
        bool, typer.Option("--force", help="Replace the file if it is there already.")
    ] = False,
) -> None:
    """Write the cost lines of a billing period as FOCUS 1.4 Cost and Usage.

    With --allocated a closed period is written as it was closed, and its head is told.
    """
    from service.cli.console import open_wiring, out
    from service.cli.reports import period_of
    from service.usecases.export_focus import export_period

    wanted = period_of(period)
    head: str | None = None
    with open_wiring() as wiring:
        how = {"custom_columns": custom_columns, "force": force}
        if allocated:
            done, head = _allocated(wiring, wanted, output, source, **how)
        else:
            lake, engine = wiring.lake, wiring.engine
            done = export_period(wanted, output, lake=lake, engine=engine, source=source, **how)
    told = [f"{done.rows:,} rows of {wanted} in {len(done.columns)} columns written to {output}"]
    told += [] if head is None else [f"closed; head {head}"]
    for sentence in told:
        out.print(sentence, soft_wrap=True, highlight=False, markup=False)


def _allocated(
    wiring: Wiring, period: Period, output: Path, source: str | None, **how: bool
) -> tuple[Exported, str | None]:
    """Write who bears each line; return what was written, and the head of a closed period."""
    from service.usecases.export_allocated import export_allocated_period

    found = export_allocated_period(
        period,
        output,
        lake=wiring.lake,
        engine=wiring.engine,
        store=wiring.store,
        source=source,
        **how,
    )
    return found.written, found.head
