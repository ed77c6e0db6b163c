"""``comptroller lake``: what the lake holds, and keeping it small."""

from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from collections.abc import Iterator

    from service.usecases.maintain_lake import LakeMaintenance
    from warehouse.status import TableStatus


def register(app: typer.Typer) -> None:
    """Add the group to the command line."""
    group = typer.Typer(help="What the lake holds, and keeping it small.", no_args_is_help=True)
    group.command("status")(status)
    group.command("maintain")(maintain)
    app.add_typer(group, name="lake")


def status() -> None:
    """Show rows, files and kept snapshots of every table."""
    from rich.table import Table

    from service.cli.console import open_wiring, out
    from service.usecases.maintain_lake import lake_status

    with open_wiring() as wiring:
        tables = lake_status(wiring.lake)
    shown = Table(box=None, padding=(0, 1, 0, 0), pad_edge=False)
    shown.add_column("table", no_wrap=True)
    for name in ("rows", "files", "MiB", "partitions", "snapshots", "tags", "changed (UTC)"):
        shown.add_column(name, justify="right", no_wrap=True)
    for table in tables:
        shown.add_row(*_cells(table))
    out.print(shown)


def maintain(
    keep_days: Annotated[
        int | None,
        typer.Option(min=1, help="Days that untagged snapshots are kept (default: the setting)."),
    ] = None,
) -> None:
    """Put small files together, expire old snapshots, delete unused files older than 48 h."""
    from service.cli.console import open_wiring, out
    from service.usecases.maintain_lake import maintain_lake

    with open_wiring() as wiring:
        days = keep_days or wiring.settings.snapshot_keep_days
        done = maintain_lake(
            wiring.lake, wiring.engine, clock=wiring.clock, new_id=wiring.new_id, keep_days=days
        )
    for sentence in sentences(done):
        out.print(sentence)


def sentences(done: "LakeMaintenance") -> "Iterator[str]":
    """Say what a maintenance did."""
    compacted, taken = done.compacted, done.maintained
    yield (
        f"Put {compacted.files_before:,} small files of {compacted.partitions:,} partitions"
        f" together into {compacted.files_after:,}."
    )
    if compacted.overtaken:
        yield f"Left {compacted.overtaken:,} partitions that a load replaced meanwhile."
    yield (
        f"Expired {taken.expired_snapshots:,} snapshots older than {done.keep_days} days; deleted "
        f"{taken.deleted_files:,} files ({taken.deleted_bytes / 2**20:,.1f} MiB)."
    )


def _cells(table: "TableStatus") -> list[str]:
    counts = (table.partitions, table.snapshots, table.tags)
    changed = "never" if table.changed_at is None else f"{table.changed_at:%Y-%m-%d %H:%M}"
    return [
        table.table,
        f"{table.rows:,}",
        f"{table.files:,}",
        f"{table.size_bytes / 2**20:,.1f}",
        *(f"{count:,}" for count in counts),
        changed,
    ]
