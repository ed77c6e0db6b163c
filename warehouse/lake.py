"""The lake: Iceberg tables in a folder or a bucket, their catalog in PostgreSQL."""

import json
from collections import OrderedDict
from collections.abc import Callable, Iterable
from datetime import datetime
from functools import partial
from pathlib import Path
from threading import Lock
from uuid import UUID

from pyiceberg.exceptions import NoSuchTableError
from pyiceberg.manifest import DataFile
from pyiceberg.table import Table
from pyiceberg.table.snapshots import Snapshot

from warehouse.catalog import NAMESPACE, LakeCatalog, open_catalog, plain_url
from warehouse.errors import (
    LakeNotOpen,
    StorageFailed,
    UnknownTable,
    WarehouseError,
    WrongCommit,
)
from warehouse.locks import OpenLoads, held, lock_key
from warehouse.places import open_storage
from warehouse.port import Partition, PartitionState, View
from warehouse.storage import Storage
from warehouse.tables import MONTH, TABLES, ColumnType, TableSpec, spec_of
from warehouse.transactions import redo, storage_fails

LOAD_ID = "comptroller.load-id"
"""The property of a snapshot that names the load behind it."""

_STATE = "comptroller.partition."
_REMEMBERED_SNAPSHOTS = 256


def open_lake(  # noqa: PLR0913 - a place has this many facts, all by name
    catalog_url: str,
    warehouse_uri: str,
    *,
    clock: Callable[[], datetime],
    staging: Path | None = None,
    endpoint: str | None = None,
    region: str | None = None,
) -> "Lake":
    """Open the lake in ``warehouse_uri`` whose catalog is at ``catalog_url`` (the app role's).

    A lake in a bucket (``s3://bucket/prefix``) writes into the local folder ``staging`` first;
    ``endpoint`` and ``region`` say where the bucket is.

    Raises:
        LakeNotOpen: When the address is of a kind that is not supported or cannot be used.
    """
    url = plain_url(catalog_url)
    storage = open_storage(warehouse_uri, staging, endpoint, region)
    catalog = open_catalog(catalog_url, storage.uri, storage.io_properties)
    return Lake(catalog, url, storage, clock)


class Lake:
    """What is in the lake now and was in it then; rows are changed by ``warehouse.commit`` only."""

    def __init__(
        self, catalog: LakeCatalog, url: str, storage: Storage, clock: Callable[[], datetime]
    ) -> None:
        """Take the opened parts; ``open_lake`` opens them."""
        self.url = url
        self.storage = storage
        self.clock = clock
        self._catalog = catalog
        self._open_loads = OpenLoads(url)
        self._files: OrderedDict[tuple[str, int], tuple[tuple[str, str], ...]] = OrderedDict()
        self._guard = Lock()

    @property
    def root(self) -> Path:
        """The folder of a lake on this machine."""
        return Path(self.storage.uri)

    def close(self) -> None:
        """Let go of all connections."""
        self._open_loads.close_all()
        self._catalog.close()

    def ensure_tables(self) -> None:
        """Create what is missing of the tables and their columns; safe for two processes at once.

        Raises:
            LakeNotOpen: When the catalog's tables lie in another folder than this lake's.
        """
        with held(self.url, [lock_key("ensure_tables")]):
            self._catalog.create_namespace_if_not_exists(NAMESPACE)
            for spec in TABLES.values():
                self._ensure(spec)

    def _ensure(self, spec: TableSpec) -> None:
        try:
            table = self.table(spec.name)
        except NoSuchTableError:
            table = self._create(spec)
        if table.location() != f"{self.storage.uri}/{spec.name}":
            raise LakeNotOpen(
                f"the catalog knows {spec.name} in {table.location()}, not in the lake's folder "
                f"{self.storage.uri}; a lake cannot be moved, set the folder back"
            )
        if _missing_columns(table):
            redo(spec.name, partial(self.table, spec.name), _add_missing_columns)
        if _missing_properties(table):
            redo(spec.name, partial(self.table, spec.name), _add_missing_properties)

    def _create(self, spec: TableSpec) -> Table:
        with storage_fails(spec.name):
            return self._create_table(spec)

    def _create_table(self, spec: TableSpec) -> Table:
        return self._catalog.create_table(
            (NAMESPACE, spec.name),
            spec.iceberg_schema(),
            location=self.storage.table_place(spec.name),
            partition_spec=spec.iceberg_partitions(),
            properties=_table_properties(spec),
        )

    def table(self, name: str) -> Table:
        """The Iceberg table as it is now.

        Raises:
            UnknownTable: When the lake has no such table.
        """
        known = spec_of(name).name
        with storage_fails(known):
            return self._catalog.load_table((NAMESPACE, known))

    def view(
        self, tables: Iterable[str] | None = None, teams: frozenset[str] | None = None
    ) -> View:
        """The current snapshots of ``tables`` (all by default), for all or only some teams."""
        names = TABLES if tables is None else tables
        return View({name: _snapshot_id(self.table(name)) for name in names}, teams)

    def files(
        self, table: str, snapshot: int | None, periods: Callable[[str], bool] | None = None
    ) -> list[str]:
        """The data files of one snapshot, sorted; none for a table that was empty.

        Of a table by billing period, only files of those that ``periods`` accepts.

        Raises:
            UnknownTable: When there is no such table, or the snapshot is no longer kept.
        """
        if snapshot is None:
            return []
        with self._guard:
            known = self._files.get((table, snapshot))
        if known is None:
            with storage_fails(table):
                known = self._plan(table, snapshot)
            self._remember((table, snapshot), known)
        every = periods is None or spec_of(table).period_column != MONTH
        return [path for path, period in known if every or (periods and periods(period))]

    def _plan(self, table: str, snapshot: int) -> tuple[tuple[str, str], ...]:
        found = self.table(table)
        if found.snapshot_by_id(snapshot) is None:
            raise not_kept(table, snapshot)
        tasks = found.scan(snapshot_id=snapshot).plan_files()
        return tuple(sorted((task.file.file_path, _period_of(task.file)) for task in tasks))

    def _remember(self, key: tuple[str, int], files: tuple[tuple[str, str], ...]) -> None:
        with self._guard:
            self._files[key] = files
            while len(self._files) > _REMEMBERED_SNAPSHOTS:
                self._files.popitem(last=False)

    def unreadable(self, view: View, problem: Exception) -> WarehouseError:
        """Say why the files of ``view`` cannot be read: a snapshot is gone, or the storage fails.

        The files of these snapshots are looked up anew next time.
        """
        with self._guard:
            for table, snapshot in view.snapshots.items():
                self._files.pop((table, snapshot or 0), None)
        for table, snapshot in view.snapshots.items():
            if snapshot is not None and self.table(table).snapshot_by_id(snapshot) is None:
                return not_kept(table, snapshot)
        return StorageFailed("the lake", problem)

    def view_before(self, table: str, load_id: UUID) -> View:
        """What ``table`` was before a load committed; what it is now where it has not.

        A load whose process died is done again, and must not take its own rows for old ones.
        """
        found = self.table(table)
        own = [one for one in found.snapshots() if _load_id(one) == str(load_id)]
        if not own:
            return self.view([table])
        parent = min(own, key=lambda one: one.sequence_number or 0).parent_snapshot_id
        if parent is not None and found.snapshot_by_id(parent) is None:
            return self.view([table])  # Expired since: what it changed cannot be told any more.
        return View({table: parent})

    def state(self, partition: Partition) -> PartitionState | None:
        """Who filled ``partition`` last; ``None`` when nobody has."""
        return state_in(self.table(partition.table), partition)

    def states(self, table: str, source: str | None = None) -> dict[Partition, PartitionState]:
        """Who filled each partition of ``table`` (of one source) last, sorted by partition."""
        found = self.table(table)
        keys = (key for key in found.properties if key.startswith(_STATE))
        parts = (key.removeprefix(_STATE).rpartition("/") for key in keys)
        partitions = sorted(Partition(table, name, period) for name, _, period in parts)
        wanted = (p for p in partitions if source in (None, p.source))
        return {p: state for p in wanted if (state := state_in(found, p))}

    def folder(self, load_id: UUID) -> Path:
        """The new folder of a load's files; the load counts as open until ``close_load``."""
        self._open_loads.open(load_id)
        return self.storage.folder(load_id)

    def close_load(self, load_id: UUID) -> None:
        """The load is over, well or not: files of it that nothing refers to may go, in time."""
        self.storage.close(load_id)
        self._open_loads.close(load_id)

    def tag(self, table: str, snapshot: int, name: str) -> None:
        """Keep ``snapshot`` for good under ``name``; the same tag twice is one tag.

        Raises:
            UnknownTable: When there is no such snapshot.
            WrongCommit: When the name already keeps another snapshot.
        """
        with held(self.url, [refs_key(table)]):
            redo(table, lambda: self.table(table), lambda found: _tag(found, snapshot, name))


def _period_of(file: DataFile) -> str:
    return str(file.partition[-1])


def not_kept(table: str, snapshot: int) -> UnknownTable:
    """The error of whoever asks for a snapshot that has expired."""
    return UnknownTable(f"snapshot {snapshot} of {table} is not kept any more")


def refs_key(table: str) -> int:
    """The lock of whoever decides which snapshots of ``table`` are kept."""
    return lock_key("refs", table)


def state_in(table: Table, partition: Partition) -> PartitionState | None:
    """The state of ``partition`` that stands in the table's properties."""
    text = table.properties.get(_state_key(partition))
    if text is None:
        return None
    state = json.loads(text)
    return PartitionState(state["version"], state["load_id"], state["files"], state.get("mark"))


def state_properties(partition: Partition, state: PartitionState) -> dict[str, str]:
    """The property that stores the state of ``partition``."""
    stored = {
        "version": state.version,
        "load_id": state.load_id,
        "files": dict(state.files),
        "mark": state.mark,
    }
    return {_state_key(partition): json.dumps(stored, sort_keys=True)}


def _state_key(partition: Partition) -> str:
    return f"{_STATE}{partition.source}/{partition.period}"


def _load_id(snapshot: Snapshot) -> str | None:
    return snapshot.summary.get(LOAD_ID) if snapshot.summary else None


def _snapshot_id(table: Table) -> int | None:
    current = table.current_snapshot()
    return None if current is None else current.snapshot_id


def _table_properties(spec: TableSpec) -> dict[str, str]:
    # PyIceberg cuts string statistics at 16 characters unless they are full; a delete by partition
    # would then have to rewrite files instead of dropping them.
    full = {f"write.metadata.metrics.column.{name}": "full" for name in spec.partition}
    return full | {
        "format-version": "2",
        "schema.name-mapping.default": spec.iceberg_schema().name_mapping.model_dump_json(),
        "write.metadata.metrics.default": "none",
        "write.metadata.delete-after-commit.enabled": "true",
        "write.metadata.previous-versions-max": "20",
        "commit.retry.num-retries": "0",
        "commit.manifest-merge.enabled": "true",
        "commit.manifest.min-count-to-merge": "30",
    }


def _missing_columns(table: Table) -> dict[str, ColumnType]:
    present = {field.name for field in table.schema().fields}
    columns = spec_of(table.name()[-1]).columns
    return {name: kind for name, kind in columns.items() if name not in present}


def _missing_properties(table: Table) -> dict[str, str]:
    wanted = _table_properties(spec_of(table.name()[-1]))
    absent = {name: value for name, value in wanted.items() if name not in table.properties}
    absent.pop("format-version")  # It is a field of the metadata and never among the properties.
    return absent


def _add_missing_properties(table: Table) -> None:
    with table.transaction() as transaction:
        transaction.set_properties(_missing_properties(table))


def _add_missing_columns(table: Table) -> None:
    with table.update_schema() as update:
        for name, kind in _missing_columns(table).items():
            update.add_column(name, kind.value.iceberg)


def _tag(table: Table, snapshot: int, name: str) -> None:
    if table.snapshot_by_id(snapshot) is None:
        raise not_kept(table.name()[-1], snapshot)
    kept = table.refs().get(name)
    if kept is not None and kept.snapshot_id != snapshot:
        raise WrongCommit(f"tag {name} of {table.name()[-1]} already keeps another snapshot")
    if kept is None:
        table.manage_snapshots().create_tag(snapshot, name).commit()
