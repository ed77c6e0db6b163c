"""``comptroller statements``: what each team owes for a period, on screen and as files."""

from __future__ import annotations

from pathlib import Path  # noqa: TC003  (Typer reads the annotations)
from typing import TYPE_CHECKING, Annotated

import typer

from service.cli.reports import period_of
from service.domain.money import money_sums

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from service.bootstrap import Wiring
    from service.domain.money import Money
    from service.domain.periods import Period
    from service.exports.statement import Statement
    from service.exports.write import Format


def register(app: typer.Typer) -> None:
    """Add the command to the command line."""
    app.command("statements")(statements)


def statements(
    period: Annotated[str, typer.Option(help="Billing period, as 2026-10.")],
    team: Annotated[
        list[str] | None, typer.Option(help="A team; may be given more than once. Left out: all.")
    ] = None,
    to: Annotated[
        Path | None, typer.Option(help="A folder to write files to; left out: totals on screen.")
    ] = None,
    formats: Annotated[
        str, typer.Option("--format", help="Forms of files: csv, xlsx, parquet, json, pdf.")
    ] = "csv,xlsx,parquet,json,pdf",
    journal: Annotated[
        bool,
        typer.Option("--journal", help="Also write journal entries for a general ledger to --to."),
    ] = False,
) -> None:
    """Show what each team owes for a billing period, or write its statements as files."""
    from service.cli.console import open_wiring, out
    from service.exports.write import write_statement
    from service.usecases.ledger.statements import statements_of

    month, wanted = period_of(period), _formats(formats)
    if journal and to is None:
        raise typer.BadParameter("--journal writes a file; say where with --to FOLDER")
    with open_wiring() as wiring:
        found = statements_of(
            month,
            company=wiring.settings.company,
            lake=wiring.lake,
            engine=wiring.engine,
            store=wiring.store,
            clock=wiring.clock,
            teams=frozenset(team) if team else None,
            reporting_currency=wiring.settings.reporting_currency,
        )
        if to is None:
            _show(month, found, of_all=not team)
            return
        # The journal may be refused for want of an account number: before anything is written.
        files = [_journal(month, to, wiring)] if journal else []
        files += [path for one in found for path in write_statement(one, to, wanted)]
    for path in files:
        out.print(str(path), soft_wrap=True, highlight=False, markup=False)


def _formats(text: str) -> Sequence[Format]:
    from service.exports.write import Format

    names = [name.strip() for name in text.split(",")]
    accepted = [str(one) for one in Format]
    if unknown := [name for name in names if name not in accepted]:
        raise typer.BadParameter(
            f"{', '.join(map(repr, unknown))} is no form of file; accepted are"
            f" {', '.join(accepted)}",
            param_hint="--format",
        )
    return [Format(name) for name in names]


def _journal(period: Period, folder: Path, wiring: Wiring) -> Path:
    from service.exports.journal_file import write_journal
    from service.usecases.ledger.statements import journal_of

    return write_journal(journal_of(period, wiring.settings.journal_accounts, wiring.store), folder)


def _show(period: Period, found: Sequence[Statement], *, of_all: bool) -> None:
    from service.cli.console import out
    from service.cli.reported import show_reported
    from service.cli.tables import add_words, money, plain_table, print_table

    table = plain_table(f"Statements of {period}", "team", "currency", "owed", "lines", words=2)
    owed: list[Money] = []
    for one in found:
        for currency in one.currencies:
            total = one.total(currency)
            owed.append(total.amount)
            add_words(table, one.team, currency, money(total.amount.text()), str(total.lines))
    for currency, amount in money_sums(owed).items() if of_all else ():
        add_words(table, "all teams", currency, money(amount.text()), "", style="bold")
    print_table(table, out)
    show_reported(found, of_all=of_all)
    for sentence in _standing(found[0]) if found else ():
        out.print(sentence, soft_wrap=True, highlight=False, markup=False)


def _standing(one: Statement) -> Iterator[str]:
    """Yield how the period was checked, and how final it is."""
    yield one.reconciliation
    if one.head is not None:
        yield f"closed; head {one.head}"
    elif one.final_through is None:
        yield "figures may move: no period is closed yet"
    else:
        yield f"figures may move; those through {one.final_through} are final"
