"""``comptroller waste``: what was paid for and not used, by class and owner."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from service.cli.reports import Format, period_of, write
from service.domain.breakdowns import WasteBy

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from rich.table import Table

    from service.domain.money import Money
    from service.usecases.gpu_time.report_waste import Basis, WasteReport, WasteRow


_BASES = ("reserved", "allocated", "utilised")
_COLUMNS = ("kind", "team", "gpu_ms", "currency", "effective_cost")


def register(app: typer.Typer) -> None:
    """Add the command to the command line."""
    app.command("waste")(waste)


def waste(
    period: Annotated[str, typer.Option(help="Billing period, as 2026-10.")],
    by: Annotated[WasteBy, typer.Option(help="What to report by.")] = WasteBy.TEAM,
    format_: Annotated[
        Format, typer.Option("--format", help="A table rounds; json and csv are exact.")
    ] = Format.TABLE,
) -> None:
    """Show GPU time that was paid for and not used, with its owner, from the newest accounts.

    Cost that no GPU time explains stands apart, and so do work that was thrown away and work that
    held more than it needs: both are part of the time that was held, and count in no sum twice.
    Works on the host of the lake, also where an API is configured.
    """
    from service.cli.console import open_wiring
    from service.usecases.gpu_time.report_waste import report_waste

    wanted = period_of(period)
    with open_wiring() as wiring:
        report = report_waste(
            wanted, by.value, lake=wiring.lake, engine=wiring.engine, store=wiring.store
        )
    write(
        format_,
        as_json=lambda: as_json(report),
        as_csv=lambda: as_csv(report),
        as_table=lambda: as_table(report),
    )


def as_json(report: WasteReport) -> dict[str, object]:
    """Return the report for programs: exact amounts and GPU-milliseconds, null is not known."""
    from service.usecases.gpu_time.report_waste import LOST_IN, OVER_SIZED_IN

    return {
        "period": str(report.period),
        "run": report.run,
        "by": report.by,
        "bases": {name: _basis(getattr(report, name)) for name in _BASES},
        "waste": [_exact(row, report.by) for row in report.rows],
        "unexplained": [_exact(row, report.by) for row in report.unexplained],
        "of_which_lost": [_part(row, report.by, LOST_IN) for row in report.lost],
        "of_which_over_sized": None
        if report.over_sized is None
        else [_part(row, report.by, OVER_SIZED_IN) for row in report.over_sized],
    }


def as_csv(report: WasteReport) -> Iterator[list[str]]:
    """Yield a header and one line per row; what is contained in other rows says so and comes last.

    Without a judgement of the period there is no line of over-sized work.
    """
    from service.usecases.gpu_time.report_waste import LOST_IN, OVER_SIZED_IN

    names = [report.by, *(name for name in (*_COLUMNS, "contained_in") if name != report.by)]
    yield ["period", *names]
    lines = [
        *(_part(row, report.by, ()) for row in (*report.rows, *report.unexplained)),
        *(_part(row, report.by, LOST_IN) for row in report.lost),
        *(_part(row, report.by, OVER_SIZED_IN) for row in report.over_sized or ()),
    ]
    for line in lines:
        exact = line | {"contained_in": " ".join(line["contained_in"])}
        values = (exact[name] for name in names)
        yield [str(report.period), *("" if value is None else str(value) for value in values)]


def as_table(report: WasteReport) -> Table:
    """Return the report for people: hours and coins, with a sum for each currency."""
    from rich.table import Table

    table = Table(
        title=f"GPU waste of {report.period} by {report.by}",
        caption="\n".join((_bases(report), *_unjudged(report), f"run {report.run}")),
    )
    words = [report.by, *(name for name in ("kind", "team") if name != report.by)]
    for name in words:
        table.add_column(name)
    for name in ("GPU-hours", "cost", "currency"):
        table.add_column(name, justify="left" if name == "currency" else "right")
    _add(table, report.rows, report.by, "waste")
    if report.unexplained:
        _add(table, report.unexplained, report.by, "not explained")
    if report.lost:
        _add(table, report.lost, report.by, "thrown away, part of held time")
    if report.over_sized:
        _add(table, report.over_sized, report.by, "held too much, part of held time")
    return table


def _unjudged(report: WasteReport) -> Iterator[str]:
    if report.over_sized is None:
        yield "over-sized work: not judged yet; run comptroller nightly"
    elif report.over_sized:
        yield "over-sized work: GPU-hours that it held, cost beyond what suffices"


def _add(table: Table, rows: Iterable[WasteRow], by: str, title: str) -> None:
    from service.cli.tables import add_words, gpu_hours
    from service.domain.money import money_sums

    shown = list(rows)
    for row in shown:
        words = [row.key, *(v for k, v in (("kind", row.kind), ("team", row.team)) if k != by)]
        currency = "" if row.cost is None else row.cost.currency
        add_words(table, *words, gpu_hours(row.gpu_ms), _coins(row.cost), currency)
    table.add_section()
    sums = money_sums(row.cost for row in shown if row.cost is not None)
    whole = gpu_hours(sum(row.gpu_ms for row in shown))
    blank = [""] * (len(table.columns) - 4)
    for number, (currency, cost) in enumerate(sums.items() or [("", None)]):
        hours = whole if number == 0 else ""
        coins = _coins(cost) if shown else ""
        table.add_row(title, *blank, hours, coins, currency, style="bold")
    table.add_section()


def _bases(report: WasteReport) -> str:
    from service.cli.tables import gpu_hours

    hours = (f"{name} {gpu_hours(getattr(report, name).gpu_ms)}" for name in _BASES)
    return f"GPU-hours: {', '.join(hours)}"


def _basis(basis: Basis) -> dict[str, object]:
    return {
        "gpu_ms": basis.gpu_ms,
        "effective_cost": {currency: cost.text() for currency, cost in basis.cost.items()},
    }


def _part(row: WasteRow, by: str, classes: Iterable[str]) -> dict[str, Any]:
    return _exact(row, by) | {"contained_in": [str(one) for one in classes]}


def _exact(row: WasteRow, by: str) -> dict[str, object]:
    return {
        by: row.key,
        "kind": row.kind,
        "team": row.team,
        "gpu_ms": row.gpu_ms,
        "currency": None if row.cost is None else row.cost.currency,
        "effective_cost": None if row.cost is None else row.cost.text(),
    }


def _coins(amount: Money | None) -> str:
    from service.domain.money import minor_digits

    return "unknown" if amount is None else amount.text(minor_digits(amount.currency))
