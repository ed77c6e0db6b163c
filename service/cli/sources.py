"""``comptroller sources``: what is configured, whether it works, and what it brought."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from service.cli import exports, reconcile_source

if TYPE_CHECKING:
    from collections.abc import Iterable

    from service.domain.records import DeliveryRecord, Restatement
    from service.usecases.check_sources import Checked, SourceStatus
    from service.usecases.load_source import Loaded

INCOMPLETE = 3
"""The exit code where something is missing, failed or was set aside."""

Names = Annotated[
    list[str] | None, typer.Argument(help="Names of configured sources; all if left out.")
]


def register(app: typer.Typer) -> None:
    """Add the group to the command line."""
    group = typer.Typer(
        help="What is configured to be loaded, whether it works, and what it brought.",
        no_args_is_help=True,
    )
    group.command("list")(list_sources)
    group.command("check")(check)
    group.command("load")(load)
    group.command("history")(history)
    group.command("findings")(findings)
    group.command("changes")(changes)
    group.command("types")(types)
    exports.register(group)
    reconcile_source.register(group)
    app.add_typer(group, name="sources")


def list_sources() -> None:
    """Show each configured source, its newest period and its last load."""
    from service.cli.console import open_wiring, out
    from service.cli.tables import add_words, plain_table, print_table
    from service.usecases.check_sources import source_status

    with open_wiring() as wiring:
        found = source_status(wiring.settings.sources, lake=wiring.lake, store=wiring.store)
    table = plain_table(
        "", "source", "type", "newest period", "last load (UTC)", "dialect", "rows", words=5
    )
    for one in found:
        add_words(table, *_status_cells(one))
    print_table(table, out)
    if not found:
        out.print("No source is configured; docs/configuration.md says how to add [[sources]].")


def _status_cells(one: SourceStatus) -> tuple[str | None, ...]:
    if one.last is None:
        return (one.name, one.type, one.newest_period, "never", "", "")
    at = f"{one.last.loaded_at:%Y-%m-%d %H:%M}"
    return (one.name, one.type, one.newest_period, at, one.last.dialect, f"{one.last.rows:,}")


def types() -> None:
    """Show every type of source and its settings, as Markdown."""
    from service.cli.source_reference import reference

    typer.echo(reference())


def check(names: Names = None) -> None:
    """Try everything that each source needs, and say in plain words what is missing.

    Exit code 0: nothing is missing; 3: something is.
    """
    from service.bootstrap import settings_from_environment, system_clock
    from service.cli.console import out
    from service.usecases.check_sources import check_sources, named

    wanted = named(settings_from_environment().sources, names or [])
    found = check_sources(wanted, clock=system_clock)
    for one in found:
        _show_check(one)
    if not found:
        out.print("No source is configured; docs/configuration.md says how to add [[sources]].")
    if not all(one.passed for one in found):
        raise typer.Exit(INCOMPLETE)


def _show_check(found: Checked) -> None:
    from rich.markup import escape

    from service.cli.console import out

    out.print(f"[bold]{escape(found.name)}[/] ({found.type})")
    for one in found.checks:
        mark = "[green]ok[/]     " if one.passed else "[red]missing[/]"
        out.print(f"  {mark} {escape(one.what)}", soft_wrap=True, highlight=False)
        if one.advice:
            out.print(f"          {escape(one.advice)}", soft_wrap=True, highlight=False)


def load(
    names: Names = None,
    period: Annotated[
        list[str] | None, typer.Option(help="Only this billing period, as 2026-10; repeatable.")
    ] = None,
) -> None:
    """Load what sources have and the lake lacks, now, and allocate what it touches.

    Exit code 0: done; 3: done, but something failed, is missing or was set aside.
    """
    from service.cli.console import open_wiring, out
    from service.cli.load import allocate
    from service.usecases.check_sources import named
    from service.usecases.load_configured import load_configured

    only = frozenset(str(exports.billing_period(one)) for one in period) if period else None
    with open_wiring() as wiring:
        wanted = named(wiring.settings.sources, names or [])
        done = load_configured(
            wanted,
            periods=only,
            temp_folder=wiring.settings.data_dir.expanduser() / "temp",
            lake=wiring.lake,
            engine=wiring.engine,
            store=wiring.store,
            new_id=wiring.new_id,
            clock=wiring.clock,
        )
        runs = allocate(wiring)
    _show_loaded(done)
    for run in runs:
        out.print(f"allocated {run.period}")
    if any(_is_incomplete(one) for one in done):
        raise typer.Exit(INCOMPLETE)


def _is_incomplete(one: Loaded) -> bool:
    set_aside = one.result is not None and one.result.quarantined > 0
    return one.outcome == "failed" or set_aside or bool(one.notes)


def _show_loaded(done: Iterable[Loaded]) -> None:
    from rich.markup import escape

    from service.cli.console import out
    from service.cli.tables import add_words, plain_table, print_table

    table = plain_table(
        "", "source", "kind", "period", "outcome", "rows", "set aside", "seconds", words=4
    )
    failed, noted = [], []
    for one in done:
        row = one.as_json()
        numbers = (f"{row['rows']:,}", f"{row['quarantined']:,}", f"{one.seconds:.1f}")
        add_words(table, one.source, one.kind, one.period, one.outcome, *numbers)
        failed += [(one, one.reason)] if one.reason else []
        noted += [(one, note) for note in one.notes]
    print_table(table, out)
    if not table.row_count:
        out.print("Nothing new: the lake holds what these sources have of these periods.")
    for one, reason in failed:
        place = f"{one.source} {one.period or one.kind}"
        out.print(f"[red]{escape(place)} failed:[/] {escape(reason)}", soft_wrap=True)
    for one, note in noted:
        place = f"{one.source} {one.period or one.kind}"
        out.print(f"[yellow]{escape(place)}:[/] {escape(note)}", soft_wrap=True)


def history(
    names: Names = None,
    last: Annotated[int, typer.Option(min=1, help="How many loads of each.")] = 10,
) -> None:
    """Show the last loads of each source."""
    from service.cli.console import out
    from service.cli.tables import add_words, plain_table, print_table

    table = plain_table(
        "", "loaded (UTC)", "source", "dialect", "periods", "load", "rows", "set aside", words=5
    )
    for one in _records(names, last):
        at, periods = f"{one.loaded_at:%Y-%m-%d %H:%M}", ", ".join(one.periods)
        counts = (f"{one.rows:,}", f"{one.quarantined:,}")
        add_words(table, at, one.source, one.dialect, periods, str(one.id), *counts)
    print_table(table, out)


def findings(
    names: Names = None,
    *,
    every: Annotated[
        bool, typer.Option("--all", help="Name every column that is not kept.")
    ] = False,
) -> None:
    """Show which rules the rows of each source's last load of a period break, and how often."""
    from service.cli.console import out
    from service.cli.findings import finding_cells
    from service.cli.tables import add_words, plain_table, print_table

    table = plain_table("", "source", "period", "column", "rule", "rows", words=4)
    seen: set[tuple[str, str, tuple[str, ...]]] = set()
    for one in _records(names, last=1000):
        place = (one.source, one.kind, one.periods)
        if place in seen:
            continue
        seen.add(place)
        for cells in finding_cells(one.findings, every=every):
            add_words(table, one.source, ", ".join(one.periods), *cells)
    print_table(table, out)


def changes(
    names: Names = None,
    last: Annotated[int, typer.Option(min=1, help="How many loads of each to look at.")] = 10,
) -> None:
    """Show what restatements changed: lines and billed cost, by account and service."""
    from service.cli.console import out
    from service.cli.tables import add_words, plain_table, print_table

    table = plain_table(
        "",
        *("loaded (UTC)", "source", "period", "account", "service", "currency"),
        *("lines added", "removed", "changed", "billed cost changed by"),
        words=6,
    )
    for one in _records(names, last):
        for change in one.restated:
            at, periods = f"{one.loaded_at:%Y-%m-%d %H:%M}", ", ".join(one.periods)
            words = (change.account, change.service, change.currency)
            add_words(table, at, one.source, periods, *words, *_change_cells(change))
    print_table(table, out)


def _change_cells(change: Restatement) -> tuple[str, ...]:
    rows = (change.rows_added, change.rows_removed, change.rows_changed)
    moved = change.billed_added - change.billed_removed + change.billed_changed
    return (*(f"{count:,}" for count in rows), f"{moved:+,.2f}")


def _records(names: list[str] | None, last: int) -> list[DeliveryRecord]:
    """The last loads of each named source, newest first; sources of ``load`` files count too."""
    from service.cli.console import err, open_wiring

    with open_wiring() as wiring, wiring.store.work() as work:
        if not names:
            return work.deliveries.latest(last)
        found = {name: work.deliveries.latest(last, name) for name in names}
    for name in (one for one, loads in found.items() if not loads):
        err.print(f"Nothing was ever loaded of {name}.", highlight=False, markup=False)
    return [one for loads in found.values() for one in loads]
