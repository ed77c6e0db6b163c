"""The lake: Iceberg tables in a private folder, their catalog in PostgreSQL."""

import json
from collections import OrderedDict
from collections.abc import Callable, Iterable
from datetime import datetime
from functools import partial
from pathlib import Path
from threading import Lock
from uuid import UUID

from pyiceberg.catalog.sql import SqlCatalog
from pyiceberg.exceptions import NoSuchTableError
from pyiceberg.table import Table

from warehouse.catalog import NAMESPACE, local_folder, open_catalog, plain_url, private_folder
from warehouse.errors import LakeNotOpen, UnknownTable, WrongCommit
from warehouse.locks import OpenLoads, held, lock_key
from warehouse.port import Partition, PartitionState, View
from warehouse.tables import TABLES, ColumnType, TableSpec, spec_of
from warehouse.transactions import redo

LOADS = "loads"
_STATE = "comptroller.partition."
_REMEMBERED_SNAPSHOTS = 256


def open_lake(catalog_url: str, warehouse_uri: str, *, clock: Callable[[], datetime]) -> "Lake":
    """Open the lake in ``warehouse_uri`` whose catalog is at ``catalog_url`` (the app role's).

    Raises:
        LakeNotOpen: When the address or the folder is of a kind that is not supported.
    """
    root = private_folder(local_folder(warehouse_uri))
    return Lake(open_catalog(catalog_url, root), plain_url(catalog_url), root, clock)


class Lake:
    """What is in the lake now and was in it then; rows are changed by ``warehouse.commit`` only."""

    def __init__(
        self, catalog: SqlCatalog, url: str, root: Path, clock: Callable[[], datetime]
    ) -> None:
        """Take the opened parts; ``open_lake`` opens them."""
        self.url = url
        self.root = root
        self.clock = clock
        self._catalog = catalog
        self._open_loads = OpenLoads(url)
        self._files: OrderedDict[tuple[str, int], tuple[str, ...]] = OrderedDict()
        self._guard = Lock()

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
        if Path(table.location()) != self.root / spec.name:
            raise LakeNotOpen(
                f"the catalog knows {spec.name} in {table.location()}, not in the lake's folder "
                f"{self.root}; a lake cannot be moved, set the folder back"
            )
        if _missing_columns(table):
            redo(spec.name, partial(self.table, spec.name), _add_missing_columns)

    def _create(self, spec: TableSpec) -> Table:
        location = self.root / spec.name
        private_folder(location / "metadata")
        return self._catalog.create_table(
            (NAMESPACE, spec.name),
            spec.iceberg_schema(),
            location=str(location),
            partition_spec=spec.iceberg_partitions(),
            properties=_table_properties(spec),
        )

    def table(self, name: str) -> Table:
        """The Iceberg table as it is now.

        Raises:
            UnknownTable: When the lake has no such table.
        """
        return self._catalog.load_table((NAMESPACE, spec_of(name).name))

    def view(
        self, tables: Iterable[str] | None = None, teams: frozenset[str] | None = None
    ) -> View:
        """The current snapshots of ``tables`` (all by default), for all or only some teams."""
        names = TABLES if tables is None else tables
        return View({name: _snapshot_id(self.table(name)) for name in names}, teams)

    def files(self, table: str, snapshot: int | None) -> list[str]:
        """The data files of one snapshot, sorted; none for a table that was empty.

        Raises:
            UnknownTable: When there is no such table, or the snapshot is no longer kept.
        """
        if snapshot is None:
            return []
        with self._guard:
            known = self._files.get((table, snapshot))
        if known is None:
            known = self._plan(table, snapshot)
            self._remember((table, snapshot), known)
        return list(known)

    def _plan(self, table: str, snapshot: int) -> tuple[str, ...]:
        found = self.table(table)
        if found.snapshot_by_id(snapshot) is None:
            raise UnknownTable(f"snapshot {snapshot} of {table} is not kept any more")
        tasks = found.scan(snapshot_id=snapshot).plan_files()
        return tuple(sorted(task.file.file_path for task in tasks))

    def _remember(self, key: tuple[str, int], files: tuple[str, ...]) -> None:
        with self._guard:
            self._files[key] = files
            while len(self._files) > _REMEMBERED_SNAPSHOTS:
                self._files.popitem(last=False)

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
        return private_folder(self.root / LOADS / str(load_id))

    def close_load(self, load_id: UUID) -> None:
        """The load is over, well or not: files of it that nothing refers to may go, in time."""
        self._open_loads.close(load_id)

    def tag(self, table: str, snapshot: int, name: str) -> None:
        """Keep ``snapshot`` for good under ``name``; the same tag twice is one tag.

        Raises:
            UnknownTable: When there is no such snapshot.
            WrongCommit: When the name already keeps another snapshot.
        """
        with held(self.url, [refs_key(table)]):
            redo(table, lambda: self.table(table), lambda found: _tag(found, snapshot, name))


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
    }


def _missing_columns(table: Table) -> dict[str, ColumnType]:
    present = {field.name for field in table.schema().fields}
    columns = spec_of(table.name()[-1]).columns
    return {name: kind for name, kind in columns.items() if name not in present}


def _add_missing_columns(table: Table) -> None:
    with table.update_schema() as update:
        for name, kind in _missing_columns(table).items():
            update.add_column(name, kind.value.iceberg)


def _tag(table: Table, snapshot: int, name: str) -> None:
    if table.snapshot_by_id(snapshot) is None:
        raise UnknownTable(f"snapshot {snapshot} of {table.name()[-1]} is not kept any more")
    kept = table.refs().get(name)
    if kept is not None and kept.snapshot_id != snapshot:
        raise WrongCommit(f"tag {name} of {table.name()[-1]} already keeps another snapshot")
    if kept is None:
        table.manage_snapshots().create_tag(snapshot, name).commit()
