"""``comptroller policy``: who pays for what, as applied versions of a file."""

from __future__ import annotations

from pathlib import Path  # noqa: TC003  (Typer reads the annotation)
from typing import TYPE_CHECKING, Annotated

import typer

from service.cli.documents import agreed, chosen, version_table

if TYPE_CHECKING:
    from rich.table import Table

    from service.domain.money import Money
    from service.usecases.apply_policy import AppliedPolicy, PolicyProposal

Version = Annotated[int | None, typer.Option(min=1, help="Which version; left out: the newest.")]


def register(app: typer.Typer) -> None:
    """Add the group to the command line."""
    group = typer.Typer(help="Who pays for what: teams, pools, rules.", no_args_is_help=True)
    group.command("apply")(apply)
    group.command("show")(show)
    group.command("list")(list_)
    app.add_typer(group, name="policy")


def apply(
    file: Annotated[Path, typer.Argument(help="The policy, YAML or JSON (docs/formats.md).")],
    yes: Annotated[bool, typer.Option("--yes", help="Apply without asking.")] = False,
    preview_only: Annotated[
        bool, typer.Option("--preview-only", help="Show the effect, store nothing.")
    ] = False,
) -> None:
    """Check a policy, show what it changes, store it and allocate by it."""
    from service.bootstrap import operator
    from service.cli.console import open_wiring, out
    from service.usecases.apply_policy import apply_policy, propose_policy

    with open_wiring() as wiring:
        lake, engine, store = wiring.lake, wiring.engine, wiring.store
        proposal = propose_policy(file, lake=lake, engine=engine, store=store)
        _preview(proposal)
        if preview_only or not agreed("Apply this policy?", yes=yes or bool(proposal.stored)):
            out.print("Nothing was stored.")
            return
        applied = apply_policy(
            proposal,
            lake=lake,
            engine=engine,
            store=store,
            new_id=wiring.new_id,
            clock=wiring.clock,
            actor=operator(),
        )
    _report(applied)


def show(version: Version = None) -> None:
    """Print the text of a version."""
    from service.cli.console import open_wiring

    with open_wiring() as wiring, wiring.store.work() as work:
        versions = work.policies.all()
    typer.echo(chosen(versions, version, "policy").text, nl=False)


def list_() -> None:
    """List the applied versions."""
    from service.cli.console import open_wiring, out

    with open_wiring() as wiring, wiring.store.work() as work:
        versions = work.policies.all()
    out.print(version_table(versions))


def effect_table(proposal: PolicyProposal) -> Table:
    """Return what each team would bear before and after, in effective cost."""
    from rich.table import Table

    table = Table(title=f"Effective cost of {proposal.period} by team")
    table.add_column("team")
    table.add_column("currency")
    for name in ("now", "then", "difference"):
        table.add_column(name, justify="right")
    for effect in proposal.effects:
        amounts = (effect.before, effect.after, effect.difference)
        table.add_row(effect.team, effect.currency, *map(_coins, amounts))
    return table


def _preview(proposal: PolicyProposal) -> None:
    from service.cli.console import out

    document = proposal.document
    out.print(
        f"Valid: {len(document.teams)} teams, {len(document.pools)} pools,"
        f" {len(document.rules)} rules, from {document.effective_from} on."
    )
    if proposal.period is None:
        out.print("No loaded bill is affected.")
    else:
        out.print(effect_table(proposal))


def _report(applied: AppliedPolicy) -> None:
    from service.cli.console import out

    if applied.is_new:
        out.print(f"Stored as policy version {applied.version}.")
    else:
        out.print(f"This is policy version {applied.version} already; no new version was stored.")
    if applied.runs:
        out.print(f"Allocated again: {', '.join(run.period for run in applied.runs)}.")


def _coins(amount: Money) -> str:
    from service.domain.money import minor_digits

    return amount.text(minor_digits(amount.currency))
