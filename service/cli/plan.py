"""``comptroller plan``: plans the queue, and shows the newest plan."""

from __future__ import annotations

import json
import shutil
import sys
from dataclasses import replace
from enum import StrEnum
from pathlib import Path  # noqa: TC003  (Typer reads the annotation)
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from collections.abc import Mapping

    from rich.table import Table

    from service.domain.plans import PlacedWorkload
    from service.usecases.read_plan import PlanReading

_SHOWN = 20


class Format(StrEnum):
    """How the answer is written."""

    TABLE = "table"
    JSON = "json"


FormatOption = Annotated[
    Format, typer.Option("--format", help="A table for people, json for programs.")
]


def register(app: typer.Typer) -> None:
    """Add the group to the command line."""
    group = typer.Typer(help="Plan the queue, or show the newest plan.")
    group.callback(invoke_without_command=True)(plan)
    group.command("show")(show)
    app.add_typer(group, name="plan")


def plan(
    context: typer.Context,
    time_limit: Annotated[
        float | None,
        typer.Option(min=0.1, help="Seconds for the optimizer; left out: plan_time_limit_s."),
    ] = None,
    out_dir: Annotated[
        Path | None,
        typer.Option(help="Also write instance.json and plan.json here, for check-plan."),
    ] = None,
    format_: FormatOption = Format.TABLE,
) -> None:
    """Plan the queue: what runs where and when at the least cost."""
    if context.invoked_subcommand is not None:
        return
    from service.bootstrap import operator
    from service.cli.console import open_wiring
    from service.usecases.plan_queue import Planner, PlanSettings
    from service.usecases.read_plan import PlanReading

    with open_wiring() as wiring:
        settings = PlanSettings.of(wiring.settings)
        if time_limit is not None:
            settings = replace(settings, time_limit_s=time_limit)
        parts = (wiring.lake, wiring.engine, wiring.store, settings, wiring.clock, wiring.new_id)
        made = Planner(*parts).plan(actor=operator(), guard=lambda: None)
    if out_dir is not None:
        shutil.copytree(made.folder, out_dir, dirs_exist_ok=True)
    _print(PlanReading(made.plan, whole=True), format_, made.notes, out_dir or made.folder)


def show(format_: FormatOption = Format.TABLE) -> None:
    """Show the newest plan."""
    from service.cli.console import open_wiring
    from service.usecases.plan_queue import PlanSettings
    from service.usecases.read_plan import read_plan

    with open_wiring() as wiring:
        reading = read_plan(store=wiring.store, teams=None)
        folder = PlanSettings.of(wiring.settings).folder / str(reading.plan.id)
    _print(reading, format_, {}, folder)


def _print(reading: PlanReading, format_: Format, notes: Mapping[str, int], folder: Path) -> None:
    from service.cli.console import out
    from service.cli.plan_report import show_plan
    from service.usecases.report_run import plan_summary

    if format_ is Format.JSON:
        json.dump(as_json(reading, notes, folder), sys.stdout, indent=2, ensure_ascii=False)
        sys.stdout.write("\n")
        return
    show_plan(plan_summary(reading.plan), out)
    if reading.placed:
        out.print(placements_table(reading))
    for note, times in notes.items():
        out.print(f"note: {note} ({times})", markup=False, highlight=False)
    out.print(f"Check it: comptroller check-plan {folder}/instance.json {folder}/plan.json")


def placements_table(reading: PlanReading) -> Table:
    """Return the first placements by start."""
    from rich.table import Table

    more = len(reading.placed) - _SHOWN
    table = Table(
        "workload",
        "team",
        "start (UTC)",
        "end (UTC)",
        "offer",
        "cost",
        caption=f"and {more} more; --format json has all" if more > 0 else None,
    )
    for one in reading.placed[:_SHOWN]:
        start, end = (f"{moment:%m-%d %H:%M}" if moment else "" for moment in (one.start, one.end))
        cost = reading.money(one.cost_micros).text(2)
        table.add_row(one.workload_name, one.team, start, end, one.offer, cost)
    return table


def as_json(reading: PlanReading, notes: Mapping[str, int], folder: Path) -> dict[str, object]:
    """Return the plan for programs: amounts are exact decimal strings."""
    from service.usecases.report_run import baseline_amounts

    stored = reading.plan
    return {
        "id": str(stored.id),
        "created_at": stored.created_at.isoformat(),
        "horizon_start": stored.horizon_start.isoformat(),
        "status": stored.status,
        "currency": stored.currency,
        "spend": reading.spend.text(),
        "left_out": reading.money(stored.left_out_micros).text(),
        "cost": reading.money(stored.cost_micros).text(),
        "bound": reading.money(stored.bound_micros).text(),
        "gap": stored.gap,
        "baselines": baseline_amounts(stored),
        "stale_inputs": list(stored.stale_inputs),
        "notes": dict(notes),
        "folder": str(folder),
        "placements": [_placement(one, reading) for one in reading.placed],
        "unplaced": [_placement(one, reading) for one in reading.unplaced],
    }


def _placement(one: PlacedWorkload, reading: PlanReading) -> dict[str, object]:
    return {
        "workload": str(one.workload_id),
        "name": one.workload_name,
        "team": one.team,
        "offer": one.offer,
        "start": one.start.isoformat() if one.start else None,
        "end": one.end.isoformat() if one.end else None,
        "cost": reading.money(one.cost_micros).text(),
        "reason_code": one.reason_code,
        "reason": one.reason,
    }
