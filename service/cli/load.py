"""``comptroller load``: files into the lake, and what they cost whom."""

from __future__ import annotations

import json
import sys
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rich.console import Console

    from ingest.port import Delivery
    from service.bootstrap import Wiring
    from service.domain.records import AllocationRun
    from service.usecases.load_delivery import LoadResult

QUARANTINED = 3
"""The exit code of a load that stands, with rows set aside."""


class Form(StrEnum):
    """How the result is written."""

    TABLE = "table"
    JSON = "json"


class KindName(StrEnum):
    """What a file can be."""

    FOCUS = "focus"
    PRICES = "prices"
    USAGE = "usage"
    JOBS = "jobs"
    NODES = "nodes"
    AVAILABILITY = "availability"


def register(app: typer.Typer) -> None:
    """Add the command to the command line."""
    app.command("load")(load)


def load(
    files: Annotated[list[str], typer.Argument(help="CSV, CSV.gz or Parquet; patterns work.")],
    source: Annotated[str, typer.Option(help="Who delivers, as aws; stands in every row.")],
    *,
    kind: Annotated[
        KindName | None, typer.Option(help="What the files are; told by their columns if left out.")
    ] = None,
    replace: Annotated[
        bool, typer.Option("--replace", help="Drop rows of other files in the same periods.")
    ] = False,
    append: Annotated[
        bool, typer.Option("--append", help="Keep what is there and add the rows.")
    ] = False,
    format_: Annotated[
        Form, typer.Option("--format", help="A table for people or json for programs.")
    ] = Form.TABLE,
) -> None:
    """Load files into the lake as one delivery, and allocate the periods that it touches.

    Exit code 0: loaded; 3: loaded, with rows set aside; 1: refused, nothing was loaded.
    """
    from service.cli.console import open_wiring, out

    if replace and append:
        raise typer.BadParameter("--replace and --append exclude each other")
    with open_wiring() as wiring:
        delivery = _delivery(wiring, files, source, kind, complete=not append)
        try:
            result = _load(wiring, delivery, replace=replace)
            _refuse_emptiness(result, replace=replace)
        finally:
            # Also after a repetition: the process before may have died before it allocated.
            runs = allocate(wiring)
    if format_ is Form.JSON:
        json.dump(as_json(result, runs), sys.stdout, indent=2, ensure_ascii=False)
        sys.stdout.write("\n")
    else:
        show(result, runs, out)
    if result.quarantined:
        raise typer.Exit(QUARANTINED)


def _delivery(
    wiring: Wiring, files: Sequence[str], source: str, kind: KindName | None, *, complete: bool
) -> Delivery:
    """Look at the files, which must be of one kind: one call is one delivery."""
    from service.errors import InputError
    from service.usecases.read_files import read_files

    version = int(wiring.clock().timestamp() * 1000)
    found = read_files(source, files, kind.value if kind else None, version, complete=complete)
    if len(found) > 1:
        kinds = "; ".join(
            f"{one.kind.value}: {', '.join(file.name for file in one.files)}" for one in found
        )
        raise InputError(f"one load is one delivery, and these files are several ({kinds})")
    return found[0]


def _load(wiring: Wiring, delivery: Delivery, *, replace: bool) -> LoadResult:
    from service.usecases.load_delivery import load_delivery

    return load_delivery(
        delivery,
        lake=wiring.lake,
        engine=wiring.engine,
        store=wiring.store,
        new_id=wiring.new_id,
        clock=wiring.clock,
        replace=replace,
    )


def _refuse_emptiness(result: LoadResult, *, replace: bool) -> None:
    """Say that a file with nothing but a header is no bill, unless it was meant to clear one."""
    from service.errors import InputError

    if not result.rows and not result.quarantined and not replace:
        raise InputError(
            f"{', '.join(result.files)}: there is a header and no record; nothing was loaded."
            " Accepted are files with at least one record"
        )


def allocate(wiring: Wiring) -> list[AllocationRun]:
    """Allocate every period whose facts are newer than its last allocation."""
    from service.usecases.allocate_period import allocate_period
    from service.usecases.stale_periods import stale_periods

    return [
        allocate_period(
            period,
            lake=wiring.lake,
            engine=wiring.engine,
            store=wiring.store,
            new_id=wiring.new_id,
            clock=wiring.clock,
        )
        for period in stale_periods(lake=wiring.lake, store=wiring.store)
    ]


def as_json(result: LoadResult, runs: Sequence[AllocationRun]) -> dict[str, object]:
    """Return the result for programs; amounts are exact decimal strings by currency."""
    return {
        "load": str(result.load_id),
        "source": result.source,
        "kind": result.kind,
        "dialect": result.dialect,
        "files": list(result.files),
        "periods": list(result.periods),
        "rows": result.rows,
        "seconds": result.seconds,
        "quarantined": result.quarantined,
        "quarantined_cost": {name: f"{cost:f}" for name, cost in result.quarantined_money.items()},
        "rounding": {name: f"{cost.normalize():f}" for name, cost in result.rounding.items()},
        "rejected": [
            {"file": one.file_name, "record": one.record_number, "reason": one.reason}
            for one in result.rejected
        ],
        "findings": [
            {"rule": one.rule, "column": one.column, "rows": one.rows} for one in result.findings
        ],
        "allocations": [
            {
                "period": run.period,
                "run": str(run.id),
                "difference": {
                    one.currency: f"{one.difference.effective_cost:f}" for one in run.totals
                },
            }
            for run in runs
        ],
    }


def show(result: LoadResult, runs: Sequence[AllocationRun], console: Console) -> None:
    """Print the result for people."""
    from rich.markup import escape

    speed = f", {result.rows / result.seconds:,.0f} rows/s" if result.seconds > 0 else ""
    console.print(
        f"[bold]{result.rows:,} rows[/] of {escape(result.source)} ({result.dialect}) loaded in "
        f"{result.seconds:.1f} s{speed}; periods: {_periods(result.periods)}"
    )
    for currency, amount in result.rounding.items():
        if amount:
            console.print(f"rounding to 12 decimals moved the billed cost by {amount:f} {currency}")
    _show_quarantine(result, console)
    _show_findings(result, console)
    for run in runs:
        for one in run.totals:
            console.print(
                f"allocated {run.period}: {one.bills.effective_cost:,.2f} {one.currency} "
                f"effective cost, difference {one.difference.effective_cost.normalize():f}"
            )


def _periods(periods: Sequence[str]) -> str:
    """Name the periods, or only the first and last of many."""
    few = 6
    if len(periods) > few:
        return f"{len(periods)} from {periods[0]} to {periods[-1]}"
    return ", ".join("all" if period == "*" else period for period in periods) or "none"


def _show_quarantine(result: LoadResult, console: Console) -> None:
    from rich.markup import escape

    if not result.quarantined:
        return
    cost = ", ".join(f"{amount:,.2f} {name}" for name, amount in result.quarantined_money.items())
    worth = f" with a billed cost of {cost}" if cost else ""
    console.print(f"[yellow]{result.quarantined:,} rows set aside{worth}:[/]")
    for one in result.rejected:
        console.print(f"  {escape(one.file_name)}:{one.record_number} {escape(one.reason)}")
    if result.quarantined > len(result.rejected):
        console.print(f"  ... and {result.quarantined - len(result.rejected):,} more")


def _show_findings(result: LoadResult, console: Console) -> None:
    from rich.table import Table

    from service.cli.findings import finding_cells
    from service.cli.tables import add_words, print_table

    if not result.findings:
        return
    table = Table(title="Findings (rules that rows break; they are loaded all the same)")
    table.add_column("column")
    table.add_column("rule")
    table.add_column("rows", justify="right")
    for cells in finding_cells(result.findings):
        add_words(table, *cells)
    print_table(table, console)
