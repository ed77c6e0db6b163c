"""``comptroller commitments``: what each commitment cost, and what came of it."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Annotated

import typer

from service.cli.reports import Format, write

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from rich.table import Table

    from service.domain.commitment_balance import CommitmentBalance

_AMOUNTS = ("purchased", "billed", "used", "unused", "remaining")


def register(app: typer.Typer) -> None:
    """Add the command to the command line."""
    app.command("commitments")(commitments)


def commitments(
    format_: Annotated[
        Format, typer.Option("--format", help="A table rounds to cents; json and csv are exact.")
    ] = Format.TABLE,
) -> None:
    """Show what was billed for each commitment, used and unused of it, and what remains prepaid.

    All loaded periods count. Over the term of a commitment used and unused are together what was
    billed. This command works on the host of the lake, also where an API is configured.
    """
    from service.cli.console import open_wiring
    from service.usecases.report_commitments import report_commitments

    with open_wiring() as wiring:
        found = report_commitments(lake=wiring.lake, engine=wiring.engine)
    write(
        format_,
        as_json=lambda: as_json(found),
        as_csv=lambda: as_csv(found),
        as_table=lambda: as_table(found),
    )


def as_json(found: Sequence[CommitmentBalance]) -> dict[str, object]:
    """Return the report for programs: exact decimal strings, null where nothing is known."""
    return {
        "commitments": [
            {**_words(one), **_exact(one), "utilisation": _rate(one), "settled": one.is_settled}
            for one in found
        ]
    }


def as_csv(found: Sequence[CommitmentBalance]) -> Iterator[list[str]]:
    """Yield a header and one line per commitment and currency; what is not known is empty."""
    words = ("commitment", "provider", "currency", "first_charge", "last_charge")
    yield [*words, *_AMOUNTS, "utilisation", "settled"]
    for one in found:
        amounts = (amount or "" for amount in _exact(one).values())
        settled = "true" if one.is_settled else "false"
        yield [*(word or "" for word in _words(one).values()), *amounts, _rate(one) or "", settled]


def as_table(found: Sequence[CommitmentBalance]) -> Table:
    """Return the report for people: rounded to the minor unit, the last column said in words."""
    from service.cli.tables import add_words, plain_table
    from service.domain.money import minor_digits

    words = ("commitment", "provider", "currency", "from", "to", "used + unused")
    table = plain_table("Commitments", *words, *_AMOUNTS, "utilisation", words=len(words))
    for one in found:
        places = minor_digits(one.currency)
        shown = (getattr(one, name) for name in _AMOUNTS)
        amounts = ("" if amount is None else amount.text(places) for amount in shown)
        rate = one.utilisation_ppm
        used = "" if rate is None else f"{Decimal(rate).scaleb(-4):.1f} %"
        add_words(table, *_words(one).values(), _verdict(one), *amounts, used)
    return table


def _verdict(one: CommitmentBalance) -> str:
    if one.is_settled:
        return "= billed"
    return "< billed" if one.remaining.pico > 0 else "> billed"


def _words(one: CommitmentBalance) -> dict[str, str | None]:
    return {
        "commitment": one.commitment,
        "provider": one.provider,
        "currency": one.currency,
        "first_charge": one.first_charge.date().isoformat(),
        "last_charge": one.last_charge.date().isoformat(),
    }


def _exact(one: CommitmentBalance) -> dict[str, str | None]:
    amounts = {name: getattr(one, name) for name in _AMOUNTS}
    return {name: None if amount is None else amount.text() for name, amount in amounts.items()}


def _rate(one: CommitmentBalance) -> str | None:
    rate = one.utilisation_ppm
    return None if rate is None else str(Decimal(rate).scaleb(-6))
