"""``comptroller optimize`` and ``check-plan``: plans on files, with no database."""

from __future__ import annotations

import os
from math import isfinite
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from service.usecases.optimize_files import Optimized

_BROKEN, _UNUSABLE = 1, 2  # exit statuses

InstanceFile = Annotated[
    Path, typer.Argument(metavar="INSTANCE.json", help="What to plan (docs/optimizer.md).")
]


def register(app: typer.Typer) -> None:
    """Add both commands to the command line."""
    app.command("optimize")(optimize)
    app.command("check-plan")(check_plan)


def optimize(
    instance: InstanceFile,
    out: Annotated[Path, typer.Option("--out", metavar="PLAN.json", help="Where the plan goes.")],
    time_limit: Annotated[
        float, typer.Option("--time-limit", min=0.1, help="Seconds until the best plan is taken.")
    ] = 60.0,
    seed: Annotated[int, typer.Option(min=0, max=2**31 - 1, help="Start of the search.")] = 0,
    workers: Annotated[
        int | None, typer.Option(min=1, help="Threads; left out: one per processor.")
    ] = None,
) -> None:
    """Plan an instance file; exits 2 when it cannot be used."""
    from service.errors import InputError
    from service.usecases.optimize_files import Effort, optimize_file

    if not isfinite(time_limit):
        raise typer.BadParameter(
            "a finite number of seconds is accepted", param_hint="--time-limit"
        )

    try:
        effort = Effort(time_limit, seed, workers or os.cpu_count() or 1)
        result = optimize_file(instance, out, effort)
    except InputError as error:
        raise _unusable(error) from error
    _print_result(result, out)


def check_plan(
    instance: InstanceFile,
    plan: Annotated[Path, typer.Argument(metavar="PLAN.json", help="The plan to judge.")],
) -> None:
    """Judge a plan file: exits 0 if it is valid, 1 with every broken rule, 2 if unreadable."""
    from service.errors import InputError
    from service.usecases.optimize_files import check_plan_file

    try:
        verdict = check_plan_file(instance, plan)
    except InputError as error:
        raise _unusable(error) from error
    if verdict.faults:
        for fault in verdict.faults:
            typer.echo(fault)
        typer.echo(f"not valid: {len(verdict.faults)} broken rules in {plan}", err=True)
        raise typer.Exit(_BROKEN)
    typer.echo(f"valid: {verdict.placed} jobs placed, {verdict.unplaced} unplaced")
    _print_numbers(verdict.cost, verdict.bound, verdict.gap)


def _unusable(error: Exception) -> typer.Exit:
    typer.echo(str(error), err=True)
    return typer.Exit(_UNUSABLE)


def _print_result(result: Optimized, out: Path) -> None:
    plan = result.plan
    placed, unplaced = len(plan.placements), len(plan.unplaced)
    typer.echo(f"{plan.status}: {placed} jobs placed, {unplaced} unplaced")
    for code, count in result.causes.items():
        typer.echo(f"  {code} {count}")
    _print_numbers(plan.cost, plan.bound, plan.gap)
    typer.echo(f"wrote {out} after {result.elapsed_s:.1f} s")


def _print_numbers(cost: int | None, bound: int | None, gap: float | None) -> None:
    typer.echo(f"cost {cost}")
    typer.echo(f"bound {bound}")
    typer.echo(f"gap {gap:.6f}")
