"""``comptroller plan``: plans the queue, and shows the newest plan."""

from __future__ import annotations

import json
import shutil
import sys
from dataclasses import replace
from enum import StrEnum
from pathlib import Path  # noqa: TC003  (Typer reads the annotation)
from shlex import quote
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from collections.abc import Mapping

    from rich.table import Table

    from service.api.schemas.plans import PlacementOut, PlanOut

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
    from service.api.schemas.plans import PlanOut
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
    shown = PlanOut.of(PlanReading(made.plan, whole=True))
    _print(shown, format_, made.notes, out_dir or made.folder)


def show(format_: FormatOption = Format.TABLE) -> None:
    """Show the newest plan."""
    from service.cli.console import open_remote

    with open_remote() as remote:
        plan, folder = (remote.latest_plan(), None) if remote is not None else _latest_here()
    _print(plan, format_, {}, folder)


def _latest_here() -> tuple[PlanOut, Path]:
    """Return the newest plan of this host, and the folder of its files."""
    from service.api.schemas.plans import PlanOut
    from service.cli.console import open_wiring
    from service.usecases.plan_queue import PlanSettings
    from service.usecases.read_plan import read_plan

    with open_wiring() as wiring:
        reading = read_plan(store=wiring.store, teams=None)
        folder = PlanSettings.of(wiring.settings).folder / str(reading.plan.id)
    return PlanOut.of(reading), folder


def _print(plan: PlanOut, format_: Format, notes: Mapping[str, int], folder: Path | None) -> None:
    """Show a plan; ``folder`` holds its files, if they are on this host."""
    from service.cli.console import out
    from service.cli.plan_report import show_plan
    from service.cli.tables import print_table

    if format_ is Format.JSON:
        json.dump(as_json(plan, notes, folder), sys.stdout, indent=2, ensure_ascii=False)
        sys.stdout.write("\n")
        return
    show_plan(_summary(plan), out)
    if plan.placed:
        print_table(placements_table(plan), out)
    for note, times in notes.items():
        out.print(f"note: {note} ({times})", markup=False, highlight=False)
    if folder is not None:
        files = " ".join(quote(str(folder / name)) for name in ("instance.json", "plan.json"))
        line = f"Check it: comptroller check-plan {files}"
        out.print(line, markup=False, highlight=False, soft_wrap=True)


def _summary(plan: PlanOut) -> dict[str, object]:
    """Return the plan in the form of a nightly report."""
    reasons = {
        one.reason_code: {"workloads": one.workloads, "example": one.reason}
        for one in plan.unplaced_reasons
    }
    return plan.model_dump(mode="json", exclude={"placements"}) | {"reasons": reasons}


def placements_table(plan: PlanOut) -> Table:
    """Return the first placements by start."""
    from rich.table import Table

    from service.cli.tables import add_words
    from service.domain.money import Money

    placed = [one for one in plan.placements if one.offer is not None]
    more = len(placed) - _SHOWN
    table = Table(
        "workload",
        "team",
        "start (UTC)",
        "end (UTC)",
        "offer",
        "cost",
        caption=f"and {more} more; --format json has all" if more > 0 else None,
    )
    for one in placed[:_SHOWN]:
        start, end = (f"{moment:%m-%d %H:%M}" if moment else "" for moment in (one.start, one.end))
        cost = Money.parse(one.cost, plan.currency).text(2)
        add_words(table, one.workload_name, one.team, start, end, one.offer, cost)
    return table


def as_json(plan: PlanOut, notes: Mapping[str, int], folder: Path | None) -> dict[str, object]:
    """Return the plan for programs: amounts are exact decimal strings, null is not shown to us."""
    return {
        "id": str(plan.id),
        "created_at": plan.created_at.isoformat(),
        "horizon_start": plan.horizon_start.isoformat(),
        "status": plan.status,
        "currency": plan.currency,
        "spend": plan.spend,
        "left_out": plan.left_out,
        "cost": plan.cost,
        "bound": plan.bound,
        "gap": plan.gap,
        "baselines": {name: one.model_dump() for name, one in plan.baselines.items()},
        "stale_inputs": plan.stale_inputs,
        "notes": dict(notes),
        "folder": None if folder is None else str(folder),
        "placements": [_placement(one) for one in plan.placements if one.offer is not None],
        "unplaced": [_placement(one) for one in plan.placements if one.offer is None],
    }


def _placement(one: PlacementOut) -> dict[str, object]:
    return {
        "workload": str(one.workload_id),
        "name": one.workload_name,
        "team": one.team,
        "offer": one.offer,
        "start": one.start.isoformat() if one.start else None,
        "end": one.end.isoformat() if one.end else None,
        "cost": one.cost,
        "reason_code": one.reason_code,
        "reason": one.reason,
    }
