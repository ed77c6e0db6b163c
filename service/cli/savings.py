"""``comptroller savings``: what was saved against list prices, and of how much it is not known."""

from __future__ import annotations

from decimal import Decimal
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

import typer

from service.cli.reports import Format, period_of, write

if TYPE_CHECKING:
    from collections.abc import Iterator

    from rich.table import Table

    from service.domain.money import Money
    from service.domain.savings import Pair, Savings
    from service.usecases.report_savings import SavingsReport

_PAIRS = {
    "negotiated": ("list", "contracted"),
    "commitment": ("contracted", "effective"),
    "total": ("list", "effective"),
}
_UNKNOWN = ("effective", "effective_without_contracted", "effective_without_list")


class By(StrEnum):
    """What savings can be reported by."""

    TEAM = "team"
    PROVIDER = "provider"
    SERVICE = "service"
    MODEL = "model"


def register(app: typer.Typer) -> None:
    """Add the command to the command line."""
    app.command("savings")(savings)


def savings(
    period: Annotated[str, typer.Option(help="Billing period, as 2026-10.")],
    by: Annotated[By, typer.Option(help="What to report by; model is the accelerator's.")] = (
        By.TEAM
    ),
    format_: Annotated[
        Format, typer.Option("--format", help="A table rounds to cents; json and csv are exact.")
    ] = Format.TABLE,
) -> None:
    """Show what was saved against list prices, from the newest allocation of a billing period.

    Negotiated is list less contracted cost, commitment is contracted less effective cost, total is
    list less effective cost, each over what knows both. This command works on the host of the
    lake, also where an API is configured.
    """
    from service.cli.console import open_wiring
    from service.usecases.report_savings import report_savings

    wanted = period_of(period)
    with open_wiring() as wiring:
        found = report_savings(
            wanted, by.value, lake=wiring.lake, engine=wiring.engine, store=wiring.store
        )
    write(
        format_,
        as_json=lambda: as_json(found),
        as_csv=lambda: as_csv(found),
        as_table=lambda: as_table(found),
    )


def as_json(found: SavingsReport) -> dict[str, object]:
    """Return the report for programs: exact decimal strings, null where a price is not known."""
    return {
        "period": str(found.period),
        "run": str(found.run.id),
        "rows": [
            {
                found.by: row.key,
                "currency": row.currency,
                **{name: _pair(getattr(row.savings, name), *_PAIRS[name]) for name in _PAIRS},
                "effective_savings_rate": _rate(row.savings),
                **{name: getattr(row.savings, name).text() for name in _UNKNOWN},
            }
            for row in found.rows
        ],
    }


def as_csv(found: SavingsReport) -> Iterator[list[str]]:
    """Yield a header and one line per row, with exact amounts; what is not known is empty."""
    pairs = [f"{name}_{one}" for name, two in _PAIRS.items() for one in (*two, "saved")]
    yield ["period", found.by, "currency", *pairs, "effective_savings_rate", *_UNKNOWN]
    for row in found.rows:
        told = [_pair(getattr(row.savings, name), *_PAIRS[name]) for name in _PAIRS]
        amounts = [amount or "" for one in told for amount in one.values()]
        rest = [getattr(row.savings, name).text() for name in _UNKNOWN]
        first = [str(found.period), row.key, row.currency]
        yield [*first, *amounts, _rate(row.savings) or "", *rest]


def as_table(found: SavingsReport) -> Table:
    """Return the report for people; an empty cell is not known, which is not 0."""
    from service.cli.tables import add_words, plain_table

    columns = ("list", *_PAIRS, "rate", "effective", "no list price", "no contract price")
    title = f"Savings in {found.period} by {found.by}"
    table = plain_table(title, found.by, "currency", *columns, words=2)
    for row in found.rows:
        one = row.savings
        rate = one.rate_ppm
        saved = (_coins(getattr(one, name).saved) for name in _PAIRS)
        add_words(
            table,
            row.key,
            row.currency,
            _coins(one.total.higher),
            *saved,
            "" if rate is None else f"{Decimal(rate).scaleb(-4):.1f} %",
            _coins(one.effective),
            _coins(one.effective_without_list),
            _coins(one.effective_without_contracted),
        )
    table.caption = f"run {found.run.id}"
    return table


def _pair(pair: Pair, higher: str, lower: str) -> dict[str, str | None]:
    amounts = {higher: pair.higher, lower: pair.lower, "saved": pair.saved}
    return {name: None if one is None else one.text() for name, one in amounts.items()}


def _rate(one: Savings) -> str | None:
    return None if one.rate_ppm is None else str(Decimal(one.rate_ppm).scaleb(-6))


def _coins(amount: Money | None) -> str:
    from service.domain.money import minor_digits

    return "" if amount is None else amount.text(minor_digits(amount.currency))
