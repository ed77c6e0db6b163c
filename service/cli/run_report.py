"""Shows the stored report of a nightly run on a terminal."""

from collections.abc import Iterable, Iterator
from typing import Any

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from service.cli.plan_report import show_plan
from service.cli.tables import (
    add_words,
    cost_columns,
    gpu_hours,
    heading,
    money,
    plain_table,
    print_table,
)
from service.domain.money import Money, sum_money


def show(report: dict[str, Any], console: Console, *, demo: bool) -> None:
    """Print the report: loads, cost by provider, cost by team, difference, books, plan."""
    mark = "  [bold yellow]DEMO: an invented company[/]" if demo else ""
    console.print(f"\n[bold]Nightly run of {report['scheduled_at'][:10]}[/]{mark}")
    for table in _tables(report):
        print_table(table, console)
    _differences(report, console)
    _books(report.get("books"), console)
    for load in report["loads"]:
        for note in load.get("notes", ()):
            place = f"{load['source']} {load['period']}"
            console.print(f"[yellow]{escape(place)}:[/] {escape(note)}", soft_wrap=True)
    for step, reason in report["failed"].items():
        console.print(f"[red]{escape(step)} failed:[/] {escape(reason)}", soft_wrap=True)
    if report["plan"]:
        show_plan(report["plan"], console)


def _tables(report: dict[str, Any]) -> Iterator[Table]:
    if report["loads"]:
        yield _loads(report["loads"])
    if report["providers"]:
        yield _providers(report["providers"])
    if report["teams"]:
        yield _teams(report["teams"])
    if report["usage"]:
        yield _usage(report["usage"])


def _loads(loads: list[dict[str, Any]]) -> Table:
    table = plain_table(
        "\nLoaded", "source", "kind", "period", "outcome", "rows", "quarantined", "seconds", words=4
    )
    for load in loads:
        add_words(
            table,
            load["source"],
            load["kind"],
            load.get("period") or "",
            load["outcome"],
            f"{load['rows']:,}",
            f"{load['quarantined']:,}",
            f"{load['seconds']:.1f}",
        )
    return table


def _providers(rows: list[dict[str, Any]]) -> Table:
    periods = sorted({period for row in rows for period in row["periods"]})
    table = plain_table(
        "\nEffective cost by provider", "provider", "currency", *periods, "total", words=2
    )
    for row in rows:
        by_period = [money(row["periods"].get(period, "0")) for period in periods]
        words = (row["provider"], row["currency"])
        add_words(table, *words, *by_period, money(row["effective_cost"]))
    return table


def _teams(teams: dict[str, Any]) -> Table:
    names = cost_columns(teams["rows"])
    table = plain_table(
        f"\nCost by team, {teams['period']}",
        "team",
        "currency",
        *map(heading, names),
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


def _usage(usage: dict[str, Any]) -> Table:
    table = plain_table(
        f"\nGPU time, {usage['period']}", "kind", "GPU-hours", "effective", "currency", words=1
    )
    for row in usage["rows"]:
        costs = list(row["effective_cost"].items()) or [("", None)]
        for number, (currency, amount) in enumerate(costs):
            first = number == 0
            hours = gpu_hours(row["gpu_ms"]) if first else ""
            shown = "unknown" if amount is None else money(amount)
            add_words(table, row["kind"] if first else "", hours, shown, currency)
    return table


def _sum(amounts: Iterable[str], currency: str) -> str:
    """Add exact amounts, then shorten."""
    return money(sum_money((Money.parse(text, currency) for text in amounts), currency).text())


def _differences(report: dict[str, Any], console: Console) -> None:
    """Show to the last digit that what was charged is what the bills say."""
    if not report["periods"]:
        return
    table = plain_table(
        "\nBills and allocations, exact", "period", "currency", "bills", "allocated", "difference",
        words=2,
    )  # fmt: skip
    for row in report["periods"]:
        table.add_row(
            row["period"], row["currency"], row["bills"], row["allocated"], row["difference"]
        )
    print_table(table, console)


def _books(books: dict[str, Any] | None, console: Console) -> None:
    """Say what was posted, restated and closed, and which head to keep."""
    if not books:
        return
    posted = {period: one for period, one in books["posted"].items() if one["postings"]}
    lines = [_posted(period, posted[period]) for period in sorted(posted)]
    closed = books["closed"]
    lines += [f"{period} is closed; head {closed[period]}" for period in sorted(closed)]
    newest = books["newest"]
    if newest and newest["period"] not in closed:
        lines.append(f"newest close: {newest['period']}; head {newest['head']}")
    if lines:
        console.print("\n[bold]Books[/]")
    for line in lines:
        console.print(line, soft_wrap=True, highlight=False, markup=False)


def _posted(period: str, one: dict[str, Any]) -> str:
    postings = f"{one['postings']:,} posting{'' if one['postings'] == 1 else 's'}"
    restated = f", correcting {', '.join(one['restated'])}" if one["restated"] else ""
    return f"{period}: {postings}{restated}"
