"""``comptroller sources reconcile``: the lake's bills beside the provider's own totals."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from service.domain.money import Money
    from service.usecases.reconcile_bills import Reconciled

DIFFERENT = 3
"""The exit code where lake and provider differ by a coin or more."""


def register(group: typer.Typer) -> None:
    """Add the command to the group ``sources``."""
    group.command("reconcile")(reconcile)


def reconcile(
    name: Annotated[str, typer.Argument(help="A configured source of type aws-account.")],
    period: Annotated[str, typer.Option(help="The billing period, as 2026-10.")],
) -> None:
    """Hold the lake's bills of a period against the provider's own totals.

    AWS charges 0.01 USD for each request; an answer is used again for the source's cache_hours.
    Exit code 0: the same; 3: something differs by a cent or more.
    """
    from service.bootstrap import data_dir
    from service.cli.console import open_wiring
    from service.cli.exports import billing_period
    from service.usecases.reconcile_bills import reconcile_bills, totals_source

    with open_wiring() as wiring:
        month = billing_period(period, wiring.clock())
        source, provider = totals_source(wiring.settings.sources, name, clock=wiring.clock)
        found = reconcile_bills(
            month,
            source,
            provider,
            lake=wiring.lake,
            engine=wiring.engine,
            cache_folder=data_dir(wiring.settings) / "cache",
        )
    _show(found)
    if any(row.difference.rounded().pico for row in found.rows):
        raise typer.Exit(DIFFERENT)


def _show(found: Reconciled) -> None:
    from service.cli.console import out
    from service.cli.tables import add_words, plain_table, print_table

    columns = ("account", "service", "currency", "lake billed", "provider billed", "difference")
    table = plain_table(f"Billed cost of {found.period}", *columns, words=3)
    for row in found.rows:
        style = "red" if row.difference.rounded().pico else None
        amounts = (_text(row.lake_billed), _text(row.provider_billed), _text(row.difference))
        add_words(table, row.account, row.service, row.currency, *amounts, style=style)
    print_table(table, out)
    totals = found.totals
    state = "still estimated by the provider" if totals.estimated else "final as the provider says"
    cost = f"{totals.requests} requests now, {totals.price_of_requests:f} {totals.price_currency}"
    out.print(
        f"Asked {totals.as_of:%Y-%m-%d %H:%M} UTC, {state}; {cost}.",
        soft_wrap=True,
        highlight=False,
    )


def _text(amount: Money | None) -> str:
    return "" if amount is None else amount.text(2)
