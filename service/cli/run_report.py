"""Shows the stored report of a nightly run on a terminal."""

from collections.abc import Iterable, Iterator
from decimal import Decimal
from typing import Any

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from service.domain.money import Money, sum_money

WIDEST = 160
"""Columns of text that a table may take."""

BASELINES = {
    "all_on_demand": "the same queue, all on-demand",
    "greedy": "the same queue, cheapest offer first",
}
"""What the other ways to plan the queue are called."""


def show(report: dict[str, Any], console: Console, *, demo: bool) -> None:
    """Print the report: loads, cost by provider, cost by team, difference, plan."""
    mark = "  [bold yellow]DEMO: an invented company[/]" if demo else ""
    console.print(f"\n[bold]Nightly run of {report['scheduled_at'][:10]}[/]{mark}")
    for table in _tables(report):
        _print(table, console)
    _differences(report, console)
    for step, reason in report["failed"].items():
        console.print(f"[red]{step} failed:[/] {reason}")
    if report["plan"]:
        _plan(report["plan"], console)


def _print(table: Table, console: Console) -> None:
    """Print a table at the width that its numbers need; a cut number would be a wrong one."""
    usual = console.width
    console.width = max(usual, WIDEST)
    console.print(table, soft_wrap=True)
    console.width = usual


def money(text: str) -> str:
    """Shorten an exact amount to cents, with thousands apart; the exact one stays in the report."""
    return f"{Decimal(text):,.2f}"


def _tables(report: dict[str, Any]) -> Iterator[Table]:
    if report["loads"]:
        yield _loads(report["loads"])
    if report["providers"]:
        yield _providers(report["providers"])
    if report["teams"]:
        yield _teams(report["teams"])


def _table(title: str, *columns: str, words: int = 1) -> Table:
    """A plain table whose first ``words`` columns are words and the others numbers."""
    table = Table(title=title, title_justify="left", title_style="bold", box=None, pad_edge=False)
    for index, column in enumerate(columns):
        table.add_column(column, justify="left" if index < words else "right", no_wrap=True)
    return table


def _loads(loads: list[dict[str, Any]]) -> Table:
    table = _table(
        "\nLoaded", "source", "kind", "outcome", "rows", "quarantined", "seconds", words=3
    )
    for load in loads:
        table.add_row(
            load["source"],
            load["kind"],
            load["outcome"],
            f"{load['rows']:,}",
            f"{load['quarantined']:,}",
            f"{load['seconds']:.1f}",
        )
    return table


def _providers(rows: list[dict[str, Any]]) -> Table:
    periods = sorted({period for row in rows for period in row["periods"]})
    table = _table(
        "\nEffective cost by provider", "provider", "currency", *periods, "total", words=2
    )
    for row in rows:
        by_period = [money(row["periods"].get(period, "0")) for period in periods]
        table.add_row(row["provider"], row["currency"], *by_period, money(row["effective_cost"]))
    return table


def _teams(teams: dict[str, Any]) -> Table:
    names = ("effective_cost", "direct", "shared", "idle", "unallocated", "billed_cost")
    table = _table(
        f"\nCost by team, {teams['period']}",
        "team",
        "currency",
        "effective",
        "direct",
        "shared",
        "idle",
        "unallocated",
        "billed",
        words=2,
    )
    for row in teams["rows"]:
        table.add_row(row["team"], row["currency"], *(money(row[name]) for name in names))
    currencies = sorted({row["currency"] for row in teams["rows"]})
    for currency in currencies:
        rows = [row for row in teams["rows"] if row["currency"] == currency]
        sums = [_sum((row[name] for row in rows), currency) for name in names]
        table.add_row("[bold]total[/]", currency, *(f"[bold]{amount}[/]" for amount in sums))
    return table


def _sum(amounts: Iterable[str], currency: str) -> str:
    """Add exact amounts, then shorten."""
    return money(sum_money((Money.parse(text, currency) for text in amounts), currency).text())


def _differences(report: dict[str, Any], console: Console) -> None:
    """Show to the last digit that what was charged is what the bills say."""
    if not report["periods"]:
        return
    table = _table(
        "\nBills and allocations, exact", "period", "currency", "bills", "allocated", "difference",
        words=2,
    )  # fmt: skip
    for row in report["periods"]:
        table.add_row(
            row["period"], row["currency"], row["bills"], row["allocated"], row["difference"]
        )
    _print(table, console)


def _plan(plan: dict[str, Any], console: Console) -> None:
    """Show what the plan costs, how good it is proven to be, and what other ways cost."""
    currency = plan["currency"]
    console.print(f"\n[bold]Plan[/] {plan['id']}  ({plan['status']})")
    lines = [
        ("cost", f"{money(plan['cost'])} {currency}"),
        ("lower bound, proven", f"{money(plan['bound'])} {currency}"),
        ("gap", f"{100 * plan['gap']:.2f} %"),
        ("placed", f"{plan['placed']} workloads"),
        ("not placed", f"{plan['unplaced']} workloads"),
    ]
    lines += [
        (BASELINES.get(name, name), f"{money(cost)} {currency}")
        for name, cost in plan["baselines"].items()
    ]
    table = _table("", "", "")
    table.show_header = False
    for name, value in lines:
        table.add_row(name, value)
    _print(table, console)
    for code, reason in plan["reasons"].items():
        count = f"{reason['workloads']} x {code}"
        text = f"  not placed, {count}: {reason['example']}"
        console.print(escape(text), highlight=False, soft_wrap=True)
    if plan["stale_inputs"]:
        console.print(f"  [yellow]planned on stale inputs:[/] {', '.join(plan['stale_inputs'])}")
