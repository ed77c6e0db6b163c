"""``comptroller verify``: proves that closed periods are still what was closed."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from service.usecases.ledger.verify import Verification

ALTERED = 3
"""The exit code where something is not as it was closed."""

_HEAD = re.compile("[0-9a-f]{64}")


def register(app: typer.Typer) -> None:
    """Add the command to the command line."""
    app.command("verify")(verify)


def verify(
    head: Annotated[
        list[str] | None,
        typer.Option(help="A head that was published; may be given more than once."),
    ] = None,
) -> None:
    """Compute every closed period again from the facts that it was closed on.

    Exit code 0: nothing was altered, also where a period was closed by a method of an earlier
    version and could not be computed again; 3: something was altered.
    """
    from service.cli.console import open_wiring
    from service.usecases.ledger.verify import verify_closes

    heads = tuple(_head(one.strip().lower()) for one in head or ())
    with open_wiring() as wiring:
        found = verify_closes(
            lake=wiring.lake, engine=wiring.engine, store=wiring.store, heads=heads
        )
    _show(found)
    if not found.holds:
        raise typer.Exit(ALTERED)


def _head(text: str) -> str:
    if not _HEAD.fullmatch(text):
        raise typer.BadParameter(
            f"{text!r} is no head; accepted are 64 digits of 0-9 and a-f", param_hint="--head"
        )
    return text


def _show(found: Verification) -> None:
    from service.cli.console import out

    for one in found.periods:
        verdict = "ALTERED" if one.faults else "NOT PROVEN" if one.unproven else "holds"
        told = (*one.faults, *one.unproven)
        lines = (f"{one.period}  {verdict}  {one.head}", *(f"  {fault}" for fault in told))
        for line in lines:
            out.print(line, soft_wrap=True, highlight=False, markup=False)
    for fault in found.chain:
        out.print(f"chain: {fault}", soft_wrap=True, highlight=False, markup=False)
    if not found.periods:
        out.print("no period is closed yet", highlight=False)
    elif found.holds and found.unproven:
        words = f"nothing is altered; not computed again: {', '.join(found.unproven)}"
        out.print(words, soft_wrap=True, highlight=False, markup=False)
    elif found.holds:
        out.print("all is as it was closed", highlight=False)
