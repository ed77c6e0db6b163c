"""``comptroller close``: ends a billing period for good."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated

import typer

from service.cli.reports import period_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from service.domain.closing import PeriodClose
    from service.domain.periods import Period
    from service.usecases.ledger.close_period import Closer

HINDERED = 3
"""The exit code of a check that found what hinders the close."""


def register(app: typer.Typer) -> None:
    """Add the command to the command line."""
    app.command("close")(close)


def close(
    period: Annotated[
        str | None, typer.Option(help="The billing period to close, as 2026-10.")
    ] = None,
    through: Annotated[
        str | None,
        typer.Option(
            help="Close every open period up to this one; the first hindered one ends it."
        ),
    ] = None,
    reason: Annotated[
        str | None,
        typer.Option(help="Why it is closed although bills may still come or cost has no team."),
    ] = None,
    check: Annotated[
        bool, typer.Option("--check", help="Only say what hinders it. Exit code 3: something does.")
    ] = False,
) -> None:
    """Close a billing period: its statements and postings can never change after it.

    What comes late is told as restatements in the next open period. Keep the head that is printed:
    comptroller verify --head finds every alteration that is made after it.
    """
    if (period is None) == (through is None):
        raise typer.BadParameter("say which: --period PERIOD, or --through PERIOD for all up to it")
    if check and period is None:
        raise typer.BadParameter("--check looks at one period; say which with --period PERIOD")
    if reason is not None and not reason.strip():
        raise typer.BadParameter("--reason is kept with the close for good; say it in words")
    month = period_of(period or through or "")
    if check:
        _check(month, reason)
    elif period is None:
        _close_through(month, reason)
    else:
        with _open_closer() as closer:
            tell(closer.close(month, approver=_operator(), reason=reason))


def _check(month: Period, reason: str | None) -> None:
    with _open_closer() as closer:
        found = closer.hindrances(month, reason)
    for sentence in found or (f"nothing hinders the close of {month}",):
        _say(sentence)
    if found and reason is None:
        _say(
            "a person may close it with --reason although bills are waited for, invoices are not"
            " final or cost is unallocated; nothing else can be passed over"
        )
    raise typer.Exit(HINDERED if found else 0)


def _close_through(last: Period, reason: str | None) -> None:
    closed = 0
    with _open_closer() as closer:
        for one in closer.close_through(last, approver=_operator(), reason=reason):
            tell(one)
            closed += 1
    if not closed:
        _say(f"every period with bills up to {last} is closed already")


@contextmanager
def _open_closer() -> Iterator[Closer]:
    from service.cli.console import open_wiring
    from service.usecases.ledger.close_period import closer_of

    with open_wiring() as wiring:
        yield closer_of(
            wiring.settings,
            lake=wiring.lake,
            engine=wiring.engine,
            store=wiring.store,
            new_id=wiring.new_id,
            clock=wiring.clock,
        )


def _operator() -> str:
    from service.bootstrap import operator

    return operator()


def tell(closed: PeriodClose) -> None:
    """Say what was closed, and the hash to keep."""
    _say(f"{closed.period} is closed by {closed.approver}; head {closed.head}")


def _say(text: str) -> None:
    from service.cli.console import out

    out.print(text, soft_wrap=True, highlight=False, markup=False)
