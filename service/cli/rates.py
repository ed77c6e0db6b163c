"""``comptroller rates``: what currencies are worth in a month, for totals in one of them."""

from __future__ import annotations

from pathlib import Path  # noqa: TC003  (Typer reads the annotations)
from typing import TYPE_CHECKING, Annotated

import typer

from service.cli.reports import Format, period_of, write

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from rich.table import Table

    from service.bootstrap import Wiring
    from service.usecases.ledger.rates import Rater, StoredRate

_NAMES = ("month", "from_currency", "to_currency", "rate", "source", "final", "at", "by")


def register(app: typer.Typer) -> None:
    """Add the group to the command line."""
    group = typer.Typer(
        help="Rates of months, for totals in the reporting currency.", no_args_is_help=True
    )
    group.command("set")(set_)
    group.command("load")(load)
    group.command("list")(list_)
    app.add_typer(group, name="rates")


def set_(
    month: Annotated[str, typer.Argument(help="The month that it holds in, as 2026-10.")],
    from_currency: Annotated[str, typer.Argument(help="A currency, as EUR.")],
    to_currency: Annotated[str, typer.Argument(help="The currency it is told in, as USD.")],
    rate: Annotated[str, typer.Argument(help="What one EUR is worth in USD, as 1.0845.")],
    source: Annotated[str, typer.Option(help="Where it is from, as 'ECB monthly average'.")],
) -> None:
    """Store the rate of a month; until the month is closed a newer one replaces it."""
    from service.cli.console import open_wiring, out
    from service.usecases.ledger.rate_fields import COLUMNS

    values = (month, from_currency, to_currency, rate, source)
    with open_wiring() as wiring:
        is_new = _rater(wiring).set(dict(zip(COLUMNS, values, strict=True)))
    done = "is stored" if is_new else "was stored already"
    out.print(
        f"{month}: 1 {from_currency} = {rate} {to_currency} ({source}) {done}.",
        soft_wrap=True,
        highlight=False,
        markup=False,
    )


def load(
    file: Annotated[
        Path, typer.Argument(help="CSV: month, from_currency, to_currency, rate, source.")
    ],
) -> None:
    """Store all rates of a file, or none where one row cannot be used."""
    from service.cli.console import open_wiring, out

    with open_wiring() as wiring:
        stored = _rater(wiring).load(file)
    out.print(f"{stored} rates are new or other than before.", highlight=False)


def list_(
    month: Annotated[str | None, typer.Option(help="One month, as 2026-10. Left out: all.")] = None,
    format_: Annotated[Format, typer.Option("--format", help="table, json or csv.")] = Format.TABLE,
) -> None:
    """List the rates that hold, with their sources; those of closed months are final."""
    from service.cli.console import open_wiring
    from service.usecases.ledger.rates import stored_rates

    period = None if month is None else period_of(month, "--month")
    with open_wiring() as wiring:
        found = stored_rates(wiring.store, period)
    write(
        format_,
        as_json=lambda: [dict(zip(_NAMES, row, strict=True)) for row in _rows(found)],
        as_csv=lambda: (_NAMES, *_rows(found)),
        as_table=lambda: as_table(found),
    )


def as_table(found: Sequence[StoredRate]) -> Table:
    """Show one rate a line."""
    from service.cli.tables import add_words, plain_table

    table = plain_table("Rates of months", "month", "pair", "source", "rate", "", words=3)
    for one in found:
        pair = f"{one.rate.from_currency}/{one.rate.to_currency}"
        final = "final" if one.is_final else "may change"
        add_words(table, one.rate.month, pair, one.rate.source, one.rate.text, final)
    return table


def _rater(wiring: Wiring) -> Rater:
    from service.bootstrap import operator
    from service.usecases.ledger.rates import Rater

    return Rater(wiring.store, wiring.clock, operator())


def _rows(found: Sequence[StoredRate]) -> Iterator[tuple[object, ...]]:
    for one in found:
        rate = one.rate
        yield (
            *(rate.month, rate.from_currency, rate.to_currency, rate.text, rate.source),
            *(one.is_final, rate.at.isoformat(), rate.actor),
        )
