"""``comptroller costs``: who bears what of a billing period."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

import typer

from service.cli.reports import Format, period_of, write

if TYPE_CHECKING:
    from collections.abc import Iterator

    from rich.table import Table

    from service.api.schemas.costs import CostRowOut, CostsOut
    from service.domain.money import Money
    from service.domain.periods import Period

_AMOUNTS = (
    "effective_cost",
    "direct",
    "shared",
    "idle",
    "unused_commitment",
    "distributed",
    "unallocated",
    "billed_cost",
    "contracted_cost",
    "list_cost",
)


class By(StrEnum):
    """What costs can be reported by."""

    TEAM = "team"
    PROVIDER = "provider"
    SERVICE = "service"
    ACCOUNT = "account"
    POOL = "pool"
    CHARGE_CATEGORY = "charge_category"


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
    wanted = period_of(period)
    report = _report(wanted, by.value)
    write(
        format_,
        as_json=lambda: as_json(report),
        as_csv=lambda: as_csv(report),
        as_table=lambda: as_table(report),
    )


def _report(period: Period, by: str) -> CostsOut:
    """Ask the configured API, or this host."""
    from service.cli.console import open_remote, open_wiring

    with open_remote() as remote:
        if remote is not None:
            return remote.costs(period, by)
    from service.api.schemas.costs import CostsOut
    from service.usecases.report_costs import report_costs

    with open_wiring() as wiring:
        found = report_costs(period, by, lake=wiring.lake, engine=wiring.engine, store=wiring.store)
    return CostsOut.of(found, whole=True)


def as_json(report: CostsOut) -> dict[str, object]:
    """Return the report for programs: amounts are exact decimal strings, null is not known."""
    return {
        "period": report.period,
        "run": str(report.run),
        "rows": [
            {report.by: _key(row, report.by), "currency": row.currency, **_exact(row)}
            for row in report.rows
        ],
    }


def as_csv(report: CostsOut) -> Iterator[list[str]]:
    """Yield a header and one line per row, with exact amounts; what is not known is empty."""
    yield ["period", report.by, "currency", *_AMOUNTS]
    for row in report.rows:
        amounts = (amount or "" for amount in _exact(row).values())
        yield [report.period, _key(row, report.by), row.currency, *amounts]


def as_table(report: CostsOut) -> Table:
    """Return the report for people: rounded to the minor unit, with totals that add up."""
    from rich.table import Table

    from service.cli.tables import cost_columns, heading

    version = report.policy_version
    shown = cost_columns([_exact(row) for row in report.rows])
    policy = "without a policy" if version is None else f"policy {version}"
    table = Table(
        title=f"Costs of {report.period} by {report.by}", caption=f"run {report.run}, {policy}"
    )
    table.add_column(report.by)
    table.add_column("currency")
    for name in shown:
        table.add_column(heading(name), justify="right")
    for currency in sorted({row.currency for row in report.rows}):
        rows = [row for row in report.rows if row.currency == currency]
        columns = [[_amount(row, name) for row in rows] for name in shown]
        _add_currency(table, [_key(row, report.by) for row in rows], columns, currency)
    return table


def _add_currency(table: Table, keys: list[str], columns: list[list[Money]], currency: str) -> None:
    from service.cli.tables import add_words
    from service.domain.money import rounding, sum_money

    totals = [sum_money(column, currency) for column in columns]
    for number, key in enumerate(keys):
        add_words(table, key, currency, *(_coins(column[number]) for column in columns))
    lacking = [rounding(column, total) for column, total in zip(columns, totals, strict=True)]
    table.add_section()
    if any(amount.pico for amount in lacking):
        table.add_row("rounding", currency, *map(_coins, lacking), style="dim")
    table.add_row("total", currency, *map(_coins, totals), style="bold")
    table.add_section()


def _key(row: CostRowOut, by: str) -> str:
    """Return what the row is about: its field bears the name of the question."""
    return str(getattr(row, by))


def _amount(row: CostRowOut, name: str) -> Money:
    from service.domain.money import Money

    return Money.parse(getattr(row, name), row.currency)


def _exact(row: CostRowOut) -> dict[str, str | None]:
    return {name: getattr(row, name) for name in _AMOUNTS}


def _coins(amount: Money) -> str:
    from service.domain.money import minor_digits

    return amount.text(minor_digits(amount.currency))
