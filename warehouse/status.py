"""What the tables of the lake hold now, from their metadata alone."""

from dataclasses import dataclass
from datetime import UTC, datetime

from pyiceberg.table import Table
from pyiceberg.table.refs import SnapshotRefType

from warehouse.lake import Lake
from warehouse.tables import TABLES


@dataclass(frozen=True, slots=True)
class TableStatus:
    """One table: its current rows and files, its kept snapshots, when it last changed."""

    table: str
    rows: int
    files: int
    size_bytes: int
    partitions: int
    snapshots: int
    tags: int
    changed_at: datetime | None


def table_statuses(lake: Lake) -> list[TableStatus]:
    """The status of every table, in the order of the design."""
    return [_status(name, lake.table(name), len(lake.states(name))) for name in TABLES]


def _status(name: str, table: Table, partitions: int) -> TableStatus:
    current = table.current_snapshot()
    tags = [ref for ref in table.refs().values() if ref.snapshot_ref_type is SnapshotRefType.TAG]
    changed_at = (
        None if current is None else datetime.fromtimestamp(current.timestamp_ms / 1e3, UTC)
    )
    return TableStatus(
        name,
        rows=_total(table, "total-records"),
        files=_total(table, "total-data-files"),
        size_bytes=_total(table, "total-files-size"),
        partitions=partitions,
        snapshots=len(table.snapshots()),
        tags=len(tags),
        changed_at=changed_at,
    )


def _total(table: Table, name: str) -> int:
    current = table.current_snapshot()
    if current is None or current.summary is None:
        return 0
    return int(current.summary.additional_properties.get(name, "0"))
