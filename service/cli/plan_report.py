"""Shows on a terminal what a plan comes to, how good it is, and what other ways come to."""

from collections.abc import Iterator, Mapping
from typing import Any

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from service.cli.tables import money, plain_table, print_table

OTHER_WAYS = {
    "greedy": "cheapest offer first",
    "all_on_demand": "on demand, within quotas",
    "on_demand_list": "on demand, without limits",
}
"""What the stored names of baselines mean, in the order of the table."""

WITHHELD = "\N{EN DASH}"
"""Stands for what the reader may not see."""


def show_plan(plan: Mapping[str, Any], console: Console) -> None:
    """Print the summary of a plan: totals, other ways to buy the queue, what has no place."""
    console.print(f"\n[bold]Plan[/] {plan['id']}  ({plan['status']})")
    print_table(_totals(plan), console)
    print_table(_ways(plan), console)
    for line in _reasons(plan["reasons"]):
        console.print(line, markup=False, highlight=False, soft_wrap=True)
    if plan["stale_inputs"]:
        stale = escape(", ".join(plan["stale_inputs"]))
        console.print(f"  [yellow]planned on stale inputs:[/] {stale}")


def ways(plan: Mapping[str, Any]) -> list[tuple[str, int, int, str, str]]:
    """Return name, placed, not placed, spend and total cost of the plan and of the other ways."""
    others = plan["baselines"]
    named = [("this plan", plan)]
    named += [(label, others[name]) for name, label in OTHER_WAYS.items() if name in others]
    return [
        (label, way["placed"], way["unplaced"], money(way["spend"]), _money(way["cost"]))
        for label, way in named
    ]


def _totals(plan: Mapping[str, Any]) -> Table:
    currency = plan["currency"]
    table = plain_table("", "", "")
    table.show_header = False
    for name, key in (
        (f"spend, {plan['placed']} workloads placed", "spend"),
        (f"price of what is left out, {plan['unplaced']} workloads", "left_out"),
        ("total cost", "cost"),
        ("lower bound, proven", "bound"),
    ):
        table.add_row(name, WITHHELD if plan[key] is None else f"{money(plan[key])} {currency}")
    table.add_row("gap", WITHHELD if plan["gap"] is None else f"{100 * plan['gap']:.2f} %")
    return table


def _money(text: str | None) -> str:
    return WITHHELD if text is None else money(text)


def _ways(plan: Mapping[str, Any]) -> Table:
    table = plain_table(
        f"\nThe same queue in other ways, {plan['currency']}",
        "way",
        "placed",
        "not placed",
        "spend",
        "total cost",
    )
    for row in ways(plan):
        table.add_row(*map(str, row))
    return table


def _reasons(reasons: Mapping[str, Mapping[str, Any]]) -> Iterator[str]:
    """One line per reason, the most frequent first, in the words of one workload."""
    ordered = sorted(reasons.items(), key=lambda item: (-item[1]["workloads"], item[0]))
    if ordered:
        yield "\nNot placed"
    for code, reason in ordered:
        yield f"  {reason['workloads']} x {code}, for example: {reason['example']}"
