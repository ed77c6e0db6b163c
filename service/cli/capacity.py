"""``comptroller capacity``: quotas, commitments and blocks, as applied versions of a file."""

from __future__ import annotations

from pathlib import Path  # noqa: TC003  (Typer reads the annotation)
from typing import TYPE_CHECKING, Annotated

import typer

from service.cli.documents import agreed, chosen, version_table

if TYPE_CHECKING:
    from service.usecases.apply_capacity import CapacityProposal

Version = Annotated[int | None, typer.Option(min=1, help="Which version; left out: the newest.")]


def register(app: typer.Typer) -> None:
    """Add the group to the command line."""
    group = typer.Typer(
        help="What may be used and is paid: quotas, commitments.", no_args_is_help=True
    )
    group.command("apply")(apply)
    group.command("fetch")(fetch)
    group.command("show")(show)
    group.command("list")(list_)
    app.add_typer(group, name="capacity")


def apply(
    file: Annotated[Path, typer.Argument(help="The capacity, YAML or JSON (docs/formats.md).")],
    yes: Annotated[bool, typer.Option("--yes", help="Apply without asking.")] = False,
    preview_only: Annotated[
        bool, typer.Option("--preview-only", help="Show the changes, store nothing.")
    ] = False,
) -> None:
    """Check a capacity file, show what it changes, and store it."""
    from service.bootstrap import operator
    from service.cli.console import open_wiring, out
    from service.usecases.apply_capacity import apply_capacity, propose_capacity

    with open_wiring() as wiring:
        proposal = propose_capacity(file, store=wiring.store)
        _preview(proposal)
        if preview_only or not agreed("Apply this capacity?", yes=yes or bool(proposal.stored)):
            out.print("Nothing was stored.")
            return
        applied = apply_capacity(proposal, store=wiring.store, at=wiring.clock(), actor=operator())
    if applied.is_new:
        out.print(f"Stored as capacity version {applied.version}.")
    else:
        out.print(f"This is capacity version {applied.version} already; nothing new was stored.")


def fetch(
    output: Annotated[
        Path | None, typer.Option(help="Write the file here, to look at and to apply.")
    ] = None,
    apply_: Annotated[
        bool, typer.Option("--apply", help="Store it as the next version, once you agree.")
    ] = False,
    yes: Annotated[bool, typer.Option("--yes", help="Apply without asking.")] = False,
    force: Annotated[
        bool, typer.Option("--force", help="Replace the file if it is there already.")
    ] = False,
) -> None:
    """Ask the clouds for quotas and contracts, and show what that changes.

    With neither --output nor --apply nothing is written.
    """
    from service.bootstrap import operator
    from service.cli.console import open_wiring, out
    from service.usecases.apply_capacity import apply_capacity, propose_text
    from service.usecases.fetch_capacity import ask_capacity, fetch_capacity, found_of
    from service.usecases.stored_documents import newest_capacity

    if output is not None:
        _refuse_place(output, force=force)
    with open_wiring() as wiring:
        asked = ask_capacity(wiring.settings.sources, clock=wiring.clock)
        fetched = fetch_capacity(
            asked,
            newest_capacity(wiring.store),
            day=wiring.clock().date(),
            currency=wiring.settings.planning_currency,
        )
        proposal = propose_text(fetched.text, "the fetched capacity", store=wiring.store)
        for line in (*found_of(asked), *fetched.notes):
            out.print(line, markup=False, highlight=False, soft_wrap=True)
        _preview(proposal)
        if output is not None:
            output.write_text(fetched.text, encoding="utf-8")
            out.print(f"Written to {output}.", markup=False, highlight=False, soft_wrap=True)
        if not proposal.changes:
            out.print("Nothing has changed, so nothing was stored.")
        elif apply_ and agreed("Apply this capacity?", yes=yes):
            actor = operator()
            done = apply_capacity(proposal, store=wiring.store, at=wiring.clock(), actor=actor)
            out.print(f"Stored as capacity version {done.version}.")
        else:
            out.print("Nothing was stored.")


def _refuse_place(output: Path, *, force: bool) -> None:
    """Refuse to write where that cannot be done, or where a file is that nobody gave up."""
    from service.errors import InputError

    if not output.absolute().parent.is_dir():
        raise InputError(f"{output}: there is no folder {output.parent}; make it first")
    if output.is_dir():
        raise InputError(f"{output}: is a folder; name a file")
    if output.exists() and not force:
        raise InputError(f"{output}: is there already; name another file, or say --force")


def show(version: Version = None) -> None:
    """Print the text of a version."""
    from service.cli.console import open_wiring

    with open_wiring() as wiring, wiring.store.work() as work:
        versions = work.capacities.all()
    typer.echo(chosen(versions, version, "capacity").text, nl=False)


def list_() -> None:
    """List the applied versions."""
    from service.cli.console import open_wiring, out

    with open_wiring() as wiring, wiring.store.work() as work:
        versions = work.capacities.all()
    out.print(version_table(versions))


def _preview(proposal: CapacityProposal) -> None:
    from service.cli.console import out

    document = proposal.document
    out.print(
        f"Valid: {len(document.quotas)} quotas, {len(document.commitments)} commitments,"
        f" {len(document.reservations)} reservations, {len(document.capacity_blocks)} capacity"
        f" blocks, from {document.effective_from} on."
    )
    for change in proposal.changes:
        out.print(
            f"{'+' if change.comes else '-'} {change.part}: {change.entry}",
            style="green" if change.comes else "red",
            markup=False,
            highlight=False,
            soft_wrap=True,
        )
