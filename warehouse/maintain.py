"""Keep the lake small: expire old snapshots, delete the files that nothing refers to.

A file goes when it is older than ``orphan_hours`` and neither a kept snapshot, nor the log of table
metadata, nor an open load needs it. Tags (of statements) keep their snapshots for good.
A load is open from ``Lake.folder`` on until ``Lake.close_load`` or the death of its process: it
holds an advisory lock for that long, so even a load of several days keeps its files. Which loads
are open is looked up *before* what is referred to: a load that ends in between has committed
by then, so that its files are found referred to.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial

from pyiceberg.table import Table
from pyiceberg.table.update.snapshot import ExpireSnapshots

from warehouse.lake import Lake, refs_key
from warehouse.locks import alive, held, lock_key
from warehouse.port import Guard
from warehouse.storage import LOADS, StoredFile
from warehouse.tables import TABLES
from warehouse.transactions import QuickTransaction, redo, storage_fails

KEEP_DAYS = 30
ORPHAN_HOURS = 48


@dataclass(frozen=True, slots=True)
class Maintained:
    """What one maintenance took away."""

    expired_snapshots: int
    deleted_files: int
    deleted_bytes: int


def maintain(
    lake: Lake,
    *,
    now: datetime,
    keep_days: int = KEEP_DAYS,
    orphan_hours: int = ORPHAN_HOURS,
    guard: Guard = lambda: None,
) -> Maintained:
    """Expire snapshots that are older than ``keep_days`` and delete orphans of ``orphan_hours``.

    ``guard`` is called before each of the two and may refuse it by raising.

    Raises:
        ValueError: When one of the spans is negative.
    """
    if keep_days < 0 or orphan_hours < 0:
        raise ValueError("keep_days and orphan_hours must be 0 or more")
    lake.ensure_tables()
    with held(lake.url, [lock_key("maintain")]), storage_fails("the lake"):
        guard()
        expired = sum(_expire(lake, name, now - timedelta(days=keep_days)) for name in TABLES)
        guard()
        deleted = _delete_orphans(lake, now - timedelta(hours=orphan_hours))
    return Maintained(expired, len(deleted), sum(file.size_bytes for file in deleted))


def _expire(lake: Lake, name: str, before: datetime) -> int:
    change = partial(_expire_once, before_ms=int(before.timestamp() * 1000))
    with held(lake.url, [refs_key(name)]):
        return redo(name, lambda: lake.table(name), change)


def _expire_once(table: Table, before_ms: int) -> int:
    kept = {reference.snapshot_id for reference in table.refs().values()}
    old = [
        snapshot.snapshot_id
        for snapshot in table.snapshots()
        if snapshot.timestamp_ms < before_ms and snapshot.snapshot_id not in kept
    ]
    if old:
        ExpireSnapshots(QuickTransaction(table, autocommit=True)).by_ids(old).commit()
    return len(old)


def _delete_orphans(lake: Lake, before: datetime) -> list[StoredFile]:
    """Delete what nothing needs, and tell what it was."""
    loads = lake.storage.loads()
    open_loads = alive(lake.url, loads)
    dead = [name for name in loads if name not in open_loads]
    needed = {lake.storage.one_name(uri) for name in TABLES for uri in referred(lake.table(name))}
    gone = [
        file
        for place in [*(f"{LOADS}/{name}" for name in dead), *TABLES]
        for file in lake.storage.files(place)
        if file.written_at < before and lake.storage.one_name(file.uri) not in needed
    ]
    lake.storage.delete(gone)
    lake.storage.tidy(dead, before)
    return gone


def referred(table: Table) -> Iterator[str]:
    """The address of every file that the table, now or in a kept snapshot, consists of."""
    yield table.metadata_location
    for logged in table.metadata.metadata_log:
        yield logged.metadata_file
    seen: set[str] = set()
    for snapshot in table.snapshots():
        yield snapshot.manifest_list
        for manifest in snapshot.manifests(table.io):
            if manifest.manifest_path not in seen:
                seen.add(manifest.manifest_path)
                yield manifest.manifest_path
                for entry in manifest.fetch_manifest_entry(table.io, discard_deleted=True):
                    yield entry.data_file.file_path
