"""``comptroller unit-costs``: what a unit of GPU work costs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from service.cli.reports import Format, period_of, write
from service.domain.breakdowns import UnitCostBy

if TYPE_CHECKING:
    from collections.abc import Iterator

    from rich.table import Table

    from service.domain.unit_costs import Runs, UnitCost
    from service.usecases.gpu_time.report_unit_costs import UnitCostReport, UnitCostRow


_UNITS = {
    "gpu_hour": "per GPU-hour",
    "utilised_hour": "per hour at work",
    "run": "per run",
    "million_tokens": "per M tokens",
    "million_tokens_used": "per M tokens, used",
    "useful_hour": "per useful hour",
}
_BASES = ("allocated_ms", "priced_ms", "observed_ms", "utilised_ms")
_COUNTED = ("tokens", "jobs", "lost_ms", "energy_kwh", "carbon_kg")
_RUNS = ("finished", "running")


def register(app: typer.Typer) -> None:
    """Add the command to the command line."""
    app.command("unit-costs")(unit_costs)


def unit_costs(
    period: Annotated[str, typer.Option(help="Billing period, as 2026-10.")],
    by: Annotated[UnitCostBy, typer.Option(help="What to report by.")] = UnitCostBy.TEAM,
    format_: Annotated[
        Format, typer.Option("--format", help="A table rounds; json and csv are exact.")
    ] = Format.TABLE,
) -> None:
    """Show what GPU-hours, runs and tokens cost, from the newest accounts.

    A run is a job that ended in the period, with all its attempts in all months. A figure that
    would rest on less than 90 % of the time or the jobs is unknown; json and csv say why. This
    command works on the host of the lake, also where an API is configured.
    """
    from service.cli.console import open_wiring
    from service.usecases.gpu_time.report_unit_costs import report_unit_costs

    wanted = period_of(period)
    with open_wiring() as wiring:
        report = report_unit_costs(wanted, by.value, lake=wiring.lake, engine=wiring.engine)
    write(
        format_,
        as_json=lambda: as_json(report),
        as_csv=lambda: as_csv(report),
        as_table=lambda: as_table(report),
    )


def as_json(report: UnitCostReport) -> dict[str, object]:
    """Return the report for programs: exact amounts, or the reason why one is not known."""
    return {
        "period": str(report.period),
        "run": report.run,
        "by": report.by,
        "rows": [
            {report.by: row.key, "known_by": row.known_by, "currency": row.currency}
            | _basis(row)
            | {name: _counted(getattr(row, name)) for name in _RUNS}
            | {name: _exact(getattr(row, name)) for name in _UNITS}
            for row in report.rows
        ],
    }


def as_csv(report: UnitCostReport) -> Iterator[list[str]]:
    """Yield a header and one line per row; beside each figure stands why it is not known."""
    first = ("period", report.by, "known_by", "currency", *_BASES, *_COUNTED)
    counts = [f"{name}_{what}" for name in _RUNS for what in ("jobs", "without_cost", "cost")]
    yield [*first, *counts, *(column for one in _UNITS for column in (one, f"{one}_unknown"))]
    for row in report.rows:
        line = [str(report.period), row.key, row.known_by or "", row.currency or ""]
        line += ("" if value is None else str(value) for value in _basis(row).values())
        for name in _RUNS:
            runs: Runs = getattr(row, name)
            cost = runs.cost.text() if row.currency else ""
            line += [str(runs.jobs), str(runs.without_cost), cost]
        for name in _UNITS:
            figure: UnitCost = getattr(row, name)
            line += ["" if figure.amount is None else figure.amount.text(), figure.reason or ""]
        yield line


def as_table(report: UnitCostReport) -> Table:
    """Return the report for people: amounts to a hundredth of the coin, reasons as notes."""
    from rich.table import Table

    from service.cli.tables import add_words, gpu_hours

    table = Table(title=f"GPU unit costs of {report.period} by {report.by}")
    for name in (report.by, "currency"):
        table.add_column(name)
    numbers = ("GPU-hours held", *_UNITS.values(), "ended", "at work", "kWh", "kg CO2e")
    for name in numbers:
        table.add_column(name, justify="right")
    notes: dict[str, int] = {}
    for row in report.rows:
        cells = (_cell(getattr(row, name), notes) for name in _UNITS)
        hours = gpu_hours(row.held.allocated_ms)
        jobs = (f"{one.jobs:,}" for one in (row.finished, row.running))
        measured = ("" if one is None else f"{one:,.1f}" for one in (row.energy_kwh, row.carbon_kg))
        add_words(table, _name(row), row.currency or "", hours, *cells, *jobs, *measured)
    told = "".join(f"\n({number}) {reason}" for reason, number in notes.items())
    table.caption = f"run {report.run}{told}"
    return table


def _name(row: UnitCostRow) -> str:
    """Name a row; where only a namespace is known, all that it held is one workload."""
    return f"{row.key} (namespace)" if row.known_by == "namespace" else row.key


def _cell(figure: UnitCost, notes: dict[str, int]) -> str:
    """Write a figure, or how much is known and the note that says of what."""
    from service.domain.money import minor_digits

    if figure.amount is None:
        note = f"({notes.setdefault(figure.reason or '', len(notes) + 1)})"
        known = figure.known_permille
        return note if known is None else f"{known // 10}.{known % 10} % {note}"
    return figure.amount.text(minor_digits(figure.amount.currency) + 2)


def _basis(row: UnitCostRow) -> dict[str, int | float | None]:
    held = {name: getattr(row.held, name) for name in _BASES}
    counted = (row.tokens, row.useful.jobs, row.useful.lost_ms, row.energy_kwh, row.carbon_kg)
    return held | dict(zip(_COUNTED, counted, strict=True))


def _counted(runs: Runs) -> dict[str, object]:
    return {
        "jobs": runs.jobs,
        "without_cost": runs.without_cost,
        "cost": runs.cost.text() if runs.cost.currency else None,
        "not_accounted": list(runs.gaps),
    }


def _exact(figure: UnitCost) -> dict[str, str | int | None]:
    amount = None if figure.amount is None else figure.amount.text()
    return {"amount": amount, "unknown": figure.reason, "known_permille": figure.known_permille}
