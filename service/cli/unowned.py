"""``comptroller unowned``: the largest cost without an owner, and rules that would give it one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from service.cli.reports import Format, period_of, write

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from rich.table import Table

    from service.usecases.unowned import Unowned, WorkItem, WorkList

_COLUMNS = (
    "period",
    "currency",
    "by",
    "key",
    "value",
    "effective_cost",
    "share_percent",
    "cost_lines",
    "rule",
    "why",
    "would_move",
)


def register(app: typer.Typer) -> None:
    """Add the command to the command line."""
    app.command("unowned")(unowned)


def unowned(
    period: Annotated[str, typer.Option(help="Billing period, as 2026-10.")],
    limit: Annotated[int, typer.Option(min=1, help="How many parts of each currency.")] = 20,
    format_: Annotated[
        Format, typer.Option("--format", help="A table rounds to cents; json and csv are exact.")
    ] = Format.TABLE,
) -> None:
    """Show the largest cost of a billing period without an owner, and a rule for each part of it.

    No cost is in two parts. What a rule would move is computed as an allocation is; nothing is
    stored. Put the rules that you want behind those of the policy, and apply it.
    """
    from service.cli.console import open_wiring
    from service.usecases.unowned import list_unowned

    with open_wiring() as wiring:
        found = list_unowned(
            period_of(period), limit, lake=wiring.lake, engine=wiring.engine, store=wiring.store
        )
    write(
        format_,
        as_json=lambda: as_json(found),
        as_csv=lambda: as_csv(found),
        as_table=lambda: as_table(found),
    )
    if format_ is Format.TABLE:
        _show_rules(found)


def as_json(found: WorkList) -> dict[str, Any]:
    """Return the work-list for programs: amounts are exact decimal strings."""
    return {
        "period": str(found.period),
        "policy_version": found.policy_version,
        "totals": _amounts(found.totals),
        "items": [_item(one) for one in found.items],
        "rest": _amounts(found.rest),
    }


def as_csv(found: WorkList) -> Iterator[Sequence[str]]:
    """Yield a header, a line per part, and one per currency for what is in none of them."""
    yield _COLUMNS
    for one in found.items:
        look, cost = one.group.look, one.group.cost
        yield (
            *(str(found.period), cost.currency, look.name, look.key, look.value, cost.text()),
            *(_percent(one), str(one.group.cost_lines), _rule(one) or "", _why(one), _moves(one)),
        )
    for currency, rest in found.rest.items():
        lines = str(rest.cost_lines)
        cells = ("", "", rest.cost.text(), "", lines, "", "", "")
        yield (str(found.period), currency, "rest", *cells)


def as_table(found: WorkList) -> Table:
    """Return the work-list for people; the rules come below it."""
    from service.cli.tables import add_words, money, plain_table

    version = found.policy_version
    policy = "no policy" if version is None else f"policy {version}"
    columns = ("by", "value", "currency", "effective", "%", "lines", "rule")
    table = plain_table(f"Cost of {found.period} without an owner ({policy})", *columns, words=3)
    number = 0
    for currency, whole in found.totals.items():
        for one in (one for one in found.items if one.group.cost.currency == currency):
            look, cost = one.group.look, one.group.cost
            number += one.rule is not None
            place = "" if one.rule is None else str(number)
            amounts = (money(cost.text()), _percent(one), f"{one.group.cost_lines:,}", place)
            add_words(table, look.key or look.name, look.value, currency, *amounts)
        rest = found.rest[currency]
        if rest.cost.pico or rest.cost_lines:
            amounts = (money(rest.cost.text()), "", f"{rest.cost_lines:,}", "")
            add_words(table, "rest", "", currency, *amounts, style="dim")
        amounts = (money(whole.cost.text()), "", f"{whole.cost_lines:,}", "")
        add_words(table, "total", "", currency, *amounts, style="bold")
    return table


def _show_rules(found: WorkList) -> None:
    from service.cli.console import out

    rules = [one for one in found.items if one.rule is not None]
    lines = ["rules:"] if rules else []
    for number, one in enumerate(rules, start=1):
        lines += [f"  # {number}: {_why(one)}; {_effect(one)}", f"  - {_rule(one)}"]
    for line in lines:
        out.print(line, soft_wrap=True, highlight=False, markup=False)


def _rule(one: WorkItem) -> str | None:
    from service.documents.rule_text import rule_text

    return None if one.rule is None else rule_text(one.rule)


def _why(one: WorkItem) -> str:
    if one.group.guess is not None:
        return one.group.guess.why
    if one.rule is None:
        return "work on the pool that no team is known for"
    if one.group.is_shared:
        return "several own other cost of it, so look closer; nothing tells the owner of this"
    return "nothing tells the owner"


def _effect(one: WorkItem) -> str:
    if not one.is_guessed:
        cost = one.group.cost
        return f"name the team of these {cost.text(2)} {cost.currency}"
    if not one.effects:
        return "moves nothing, as a rule before it leaves this cost unallocated"
    return f"moves {_moves(one, places=2)}"


def _moves(one: WorkItem, places: int | None = None) -> str:
    return ", ".join(
        f"{effect.difference.text(places)} {effect.currency} to {effect.team}"
        for effect in one.effects
    )


def _percent(one: WorkItem) -> str:
    return "" if one.share_percent is None else f"{one.share_percent:.1f}"


def _item(one: WorkItem) -> dict[str, Any]:
    look, cost = one.group.look, one.group.cost
    return {
        "by": look.name,
        "key": look.key or None,
        "value": look.value,
        "currency": cost.currency,
        "effective_cost": cost.text(),
        "share_percent": None if one.share_percent is None else str(one.share_percent),
        "cost_lines": one.group.cost_lines,
        "rule": _rule(one),
        "guessed": one.is_guessed,
        "why": _why(one),
        "would_move": [
            {
                "team": effect.team,
                "currency": effect.currency,
                "effective_cost": effect.difference.text(),
            }
            for effect in one.effects
        ],
    }


def _amounts(sums: Mapping[str, Unowned]) -> dict[str, dict[str, Any]]:
    return {
        currency: {"effective_cost": one.cost.text(), "cost_lines": one.cost_lines}
        for currency, one in sums.items()
    }
