"""``comptroller reconcile``: from invoices to teams, with the difference at every level."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from service.cli.reports import Format, period_of, write

if TYPE_CHECKING:
    from collections.abc import Iterator

    from rich.table import Table

    from service.domain.money import Money
    from service.domain.reconciliation import Level
    from service.usecases.ledger.reconcile import PeriodTrees

DIFFERENT = 3
"""The exit code where bills and ledger differ at any level."""


_WIDEST_NAME = 60
_DEPTH_OF_BRANCHES = 2
_BRANCHES = {
    "billed": "as invoiced, by invoice",
    "prepaid": "paid ahead, by commitment",
    "cost": "effective cost, by invoice",
    "borne": "who bears it",
    "variance": "charged at another price",
    "clearing": "in passing, 0 when all is done",
}
"""What stands below a currency, in words."""


def register(app: typer.Typer) -> None:
    """Add the command to the command line."""
    app.command("reconcile")(reconcile)


def reconcile(
    period: Annotated[str, typer.Option(help="Billing period, as 2026-10.")],
    format_: Annotated[
        Format, typer.Option("--format", help="A table rounds to cents; json and csv are exact.")
    ] = Format.TABLE,
) -> None:
    """Hold the bills of a period against the ledger, from invoice to team.

    Exit code 0: no difference at any level; 3: there is one.
    """
    from service.cli.console import open_wiring
    from service.usecases.ledger.reconcile import reconcile_period

    with open_wiring() as wiring:
        found = reconcile_period(
            period_of(period), lake=wiring.lake, engine=wiring.engine, store=wiring.store
        )
    write(
        format_,
        as_json=lambda: as_json(found),
        as_csv=lambda: as_csv(found),
        as_table=lambda: as_table(found),
    )
    if not found.agrees:
        raise typer.Exit(DIFFERENT)


def as_json(found: PeriodTrees) -> dict[str, Any]:
    """Write the trees with exact decimal strings."""
    return {
        "period": str(found.period),
        "run": str(found.run),
        "closed": found.is_closed,
        "agrees": found.agrees,
        "currencies": [_node(tree) for tree in found.trees],
    }


def as_csv(found: PeriodTrees) -> Iterator[tuple[str, ...]]:
    """Write one row for each level, its path joined by slashes."""
    yield ("path", "expected", "booked", "difference")
    for tree in found.trees:
        for path, level in _walk(tree):
            amounts = (level.expected, level.booked, level.difference)
            yield ("/".join(path), *(amount.text() for amount in amounts))


def as_table(found: PeriodTrees) -> Table:
    """Show the trees, each level further in; differences are red, and what is 0 is left out."""
    from service.cli.tables import add_words, plain_table

    columns = ("what", "bills and statements", "ledger", "difference")
    table = plain_table(f"{found.period}, from invoice to team", *columns, words=1)
    for tree in found.trees:
        for path, level in _walk(tree):
            amounts = (level.expected, level.booked, level.difference)
            if any(amount.pico for amount in amounts):
                texts = (_cents(amount) for amount in amounts)
                style = "red" if level.difference.pico else None
                add_words(table, "  " * (len(path) - 1) + _name(path), *texts, style=style)
    table.caption = _verdict(found)
    table.caption_justify = "left"
    return table


def _cents(amount: Money) -> str:
    """Shorten an amount to cents, unless they would hide all of it."""
    from service.cli.tables import money

    text = money(amount.text())
    return amount.text() if amount.pico and not text.strip("-0.") else text


def _name(path: tuple[str, ...]) -> str:
    """Return what a level is about; the end of a long id tells it from others."""
    name = _BRANCHES.get(path[-1], path[-1]) if len(path) == _DEPTH_OF_BRANCHES else path[-1]
    return name if len(name) <= _WIDEST_NAME else f"…{name[1 - _WIDEST_NAME :]}"


def _verdict(found: PeriodTrees) -> str:
    differing = sum(bool(level.difference.pico) for tree in found.trees for _, level in _walk(tree))
    levels = "1 level differs" if differing == 1 else f"{differing} levels differ"
    agreed = "bills, statements and ledger agree at every level, to the last digit"
    return levels if differing else agreed


def _node(level: Level) -> dict[str, Any]:
    return {
        "name": level.name,
        "expected": level.expected.text(),
        "booked": level.booked.text(),
        "difference": level.difference.text(),
        "parts": [_node(part) for part in level.parts],
    }


def _walk(level: Level, above: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], Level]]:
    path = (*above, level.name)
    yield path, level
    for part in level.parts:
        if part.name:  # An account that is the only one of its kind has no name to go down to.
            yield from _walk(part, path)
