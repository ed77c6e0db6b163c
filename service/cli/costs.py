"""``comptroller costs``: who bears what of a billing period."""

from __future__ import annotations

import csv
import json
import sys
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from collections.abc import Iterator

    from rich.table import Table

    from service.domain.money import Money
    from service.usecases.report_costs import CostReport, CostRow

_AMOUNTS = (
    "effective_cost",
    "direct",
    "shared",
    "idle",
    "unallocated",
    "billed_cost",
    "contracted_cost",
    "list_cost",
)
_SHOWN = ("effective_cost", "direct", "shared", "idle", "unallocated", "billed_cost")


class By(StrEnum):
    """What costs can be reported by."""

    TEAM = "team"
    PROVIDER = "provider"
    SERVICE = "service"
    ACCOUNT = "account"
    POOL = "pool"
    CHARGE_CATEGORY = "charge_category"


class Format(StrEnum):
    """How a report is written."""

    TABLE = "table"
    JSON = "json"
    CSV = "csv"


def register(app: typer.Typer) -> None:
    """Add the command to the command line."""
    app.command("costs")(costs)


def costs(
    period: Annotated[str, typer.Option(help="Billing period, as 2026-10.")],
    by: Annotated[By, typer.Option(help="What to report by.")] = By.TEAM,
    format_: Annotated[
        Format, typer.Option("--format", help="A table rounds to cents; json and csv are exact.")
    ] = Format.TABLE,
) -> None:
    """Show who bears what of a billing period, from its newest allocation."""
    from service.cli.console import open_wiring, out
    from service.domain.periods import Period
    from service.errors import InputError
    from service.usecases.report_costs import report_costs

    try:
        wanted = Period(period)
    except ValueError as error:
        raise InputError(f"--period: {error}") from error
    with open_wiring() as wiring:
        report = report_costs(
            wanted, by.value, lake=wiring.lake, engine=wiring.engine, store=wiring.store
        )
    if format_ is Format.JSON:
        json.dump(as_json(report), sys.stdout, indent=2, ensure_ascii=False)
        sys.stdout.write("\n")
    elif format_ is Format.CSV:
        writer = csv.writer(sys.stdout, lineterminator="\n")
        writer.writerows(as_csv(report))
    else:
        out.print(as_table(report))


def as_json(report: CostReport) -> dict[str, object]:
    """Return the report for programs: amounts are exact decimal strings, null is not known."""
    return {
        "period": str(report.period),
        "run": str(report.run.id),
        "rows": [
            {report.by: row.key, "currency": row.currency, **_exact(row)} for row in report.rows
        ],
    }


def as_csv(report: CostReport) -> Iterator[list[str]]:
    """Yield a header and one line per row, with exact amounts; what is not known is empty."""
    yield ["period", report.by, "currency", *_AMOUNTS]
    for row in report.rows:
        amounts = (amount or "" for amount in _exact(row).values())
        yield [str(report.period), row.key, row.currency, *amounts]


def as_table(report: CostReport) -> Table:
    """Return the report for people: rounded to the minor unit, with totals that add up."""
    from rich.table import Table

    run = report.run
    policy = "without a policy" if run.policy_version is None else f"policy {run.policy_version}"
    table = Table(
        title=f"Costs of {report.period} by {report.by}", caption=f"run {run.id}, {policy}"
    )
    table.add_column(report.by)
    table.add_column("currency")
    for name in _SHOWN:
        table.add_column(name.removesuffix("_cost"), justify="right")
    for currency in sorted({row.currency for row in report.rows}):
        _add_currency(table, [row for row in report.rows if row.currency == currency], currency)
    return table


def _add_currency(table: Table, rows: list[CostRow], currency: str) -> None:
    from service.domain.money import rounding, sum_money

    columns = [[_amount(row, name) for row in rows] for name in _SHOWN]
    totals = [sum_money(column, currency) for column in columns]
    for number, row in enumerate(rows):
        table.add_row(row.key, currency, *(_coins(column[number]) for column in columns))
    lacking = [rounding(column, total) for column, total in zip(columns, totals, strict=True)]
    table.add_section()
    if any(amount.pico for amount in lacking):
        table.add_row("rounding", currency, *map(_coins, lacking), style="dim")
    table.add_row("total", currency, *map(_coins, totals), style="bold")
    table.add_section()


def _amount(row: CostRow, name: str) -> Money:
    amount: Money = getattr(row, name)
    return amount


def _exact(row: CostRow) -> dict[str, str | None]:
    amounts = {name: getattr(row, name) for name in _AMOUNTS}
    return {name: None if amount is None else amount.text() for name, amount in amounts.items()}


def _coins(amount: Money) -> str:
    from service.domain.money import minor_digits

    return amount.text(minor_digits(amount.currency))
