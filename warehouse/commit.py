"""The only module that changes rows of the lake: one delivery, one Iceberg commit.

A commit drops the files of exactly the partitions that a delivery covers, adds the new ones and
writes down who filled the partitions: all of it, or nothing. Readers hold a snapshot and never see
a half. Doing the same load again gives the same lake.
"""

from collections.abc import Container, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from uuid import UUID

from pyarrow import parquet
from pyiceberg.expressions import AlwaysFalse, And, BooleanExpression, EqualTo, Or, Reference
from pyiceberg.expressions.literals import literal
from pyiceberg.manifest import DataFile
from pyiceberg.table import Table, Transaction, _parquet_files_to_data_files

from warehouse.errors import AlreadyDelivered, OlderDelivery, Overtaken, WrongCommit
from warehouse.lake import LOAD_ID, Lake, not_kept, state_in, state_properties
from warehouse.locks import partition_locks
from warehouse.port import WHOLE_SOURCE, Guard, Partition, PartitionState, StagedFile
from warehouse.tables import DAY, QUARANTINE, SOURCE, spec_of
from warehouse.transactions import QuickTransaction, redo, storage_fails

LONGEST_SOURCE_BYTES = 200
"""DuckDB cuts the statistics of longer strings (at 256), and partitions are read from these."""


@dataclass(frozen=True, slots=True)
class _Load:
    """All that one commit brings."""

    table: str
    partitions: tuple[Partition, ...]
    files: tuple[StagedFile, ...]
    load_id: str
    version: int
    delivered: Mapping[str, str]
    complete: bool
    guard: Guard
    mark: str | None


def _no_guard() -> None:
    """Nobody else may hold a lease on this commit."""


def commit(  # noqa: PLR0913 - a delivery has this many facts, all by name
    lake: Lake,
    table: str,
    *,
    partitions: Sequence[Partition],
    files: Sequence[StagedFile],
    load_id: UUID,
    version: int,
    delivered: Mapping[str, str],
    complete: bool = True,
    guard: Guard = _no_guard,
    mark: str | None = None,
) -> int:
    """Replace (``complete``) or extend exactly ``partitions`` by ``files``; gives the snapshot id.

    Holds the lock of every partition, refuses an older version, calls ``guard`` right before each
    try and does the whole transaction again when another writer came first. ``mark`` is kept as
    the source's name for what the partitions now hold.

    Raises:
        OlderDelivery: When a partition already holds a newer version.
        AlreadyDelivered: When extending would bring a delivered file a second time.
        WrongCommit: When the files or partitions do not belong together.
        CommitConflict: When other writers came first at every try.
    """
    load = _Load(
        table,
        tuple(sorted(set(partitions))),
        tuple(files),
        str(load_id),
        version,
        dict(delivered),
        complete,
        guard,
        mark,
    )
    _check(load)
    load = replace(load, files=_published(lake, load))
    with partition_locks(lake.url, load.partitions):
        return redo(table, lambda: lake.table(table), lambda found: _commit_once(found, load))


def _published(lake: Lake, load: _Load) -> tuple[StagedFile, ...]:
    """The files under the addresses that tables may refer to them by."""
    with storage_fails(load.table):
        return tuple(
            replace(file, uri=lake.storage.publish(file.uri, load.load_id)) for file in load.files
        )


@dataclass(frozen=True, slots=True)
class CurrentFile:
    """A file that a table consists of, now or in an older snapshot."""

    uri: str
    size_bytes: int
    partition: Partition


def current_files(lake: Lake, table: str, snapshot: int | None = None) -> list[CurrentFile]:
    """The files of the current (or an older) snapshot of ``table`` with their partitions, by name.

    Raises:
        UnknownTable: When the snapshot is no longer kept.
    """
    found = lake.table(table)
    if snapshot is not None and found.snapshot_by_id(snapshot) is None:
        raise not_kept(table, snapshot)
    with storage_fails(table):
        tasks = found.scan(snapshot_id=snapshot).plan_files()
    placed = ((file := task.file, _partition_of(table, file)) for task in tasks)
    files = [CurrentFile(file.file_path, file.file_size_in_bytes, part) for file, part in placed]
    return sorted(files, key=lambda file: file.uri)


def exchange(
    lake: Lake,
    partition: Partition,
    *,
    old: Sequence[str],
    new: Sequence[StagedFile],
    load_id: UUID,
) -> int:
    """Put files with the same rows in the place of others; gives the snapshot id.

    The caller answers for the rows being the same. Neither the state of ``partition`` nor other
    files in it change, so a load that adds beside this one keeps what it added.

    Raises:
        Overtaken: When one of the ``old`` files is not current any more.
        CommitConflict: When other writers came first at every try.
    """
    load = _Load(
        partition.table,
        (partition,),
        tuple(new),
        str(load_id),
        version=0,
        delivered={},
        complete=False,
        guard=_no_guard,
        mark=None,
    )
    _check(load)
    load = replace(load, files=_published(lake, load))
    with partition_locks(lake.url, [partition]):
        return redo(
            partition.table,
            lambda: lake.table(partition.table),
            lambda found: _exchange_once(found, load, set(old)),
        )


def _exchange_once(table: Table, load: _Load, old: set[str]) -> int:
    transaction = QuickTransaction(table)
    with storage_fails(load.table):
        tasks = table.scan(row_filter=_predicate(load.partitions)).plan_files()
        gone = [task.file for task in tasks if task.file.file_path in old]
        if len(gone) != len(old):
            raise Overtaken(f"{load.partitions[0]} was replaced meanwhile")
        with transaction.update_snapshot(_trace(load)).overwrite() as change:
            for file in gone:
                change.delete_data_file(file)
            for added in _described(transaction, table, load):
                change.append_data_file(added)
        return _snapshot_id(transaction.commit_transaction())


def _described(transaction: Transaction, table: Table, load: _Load) -> Iterable[DataFile]:
    uris = [file.uri for file in load.files]
    return _parquet_files_to_data_files(transaction.table_metadata, uris, table.io)


def _partition_of(table: str, file: DataFile) -> Partition:
    """The partition that Iceberg files ``file`` under."""
    values = [file.partition[number] for number in range(len(spec_of(table).partition))]
    source, period = [*values, WHOLE_SOURCE][:2]
    if isinstance(period, int):
        period = date(1970, 1, 1) + timedelta(days=period)
    return Partition(table, source, str(period))


def renew_mark(
    lake: Lake, partition: Partition, mark: str | None, *, version: int, guard: Guard = _no_guard
) -> None:
    """Call the content of ``partition`` by another mark; not one row changes.

    A source that delivers the same content again gives it a new name; an older ``version`` than
    the partition's is no news.

    Raises:
        CommitConflict: When other writers came first at every try.
    """
    with partition_locks(lake.url, [partition]):
        redo(
            partition.table,
            lambda: lake.table(partition.table),
            lambda found: _renew_once(found, partition, mark, version, guard),
        )


def _renew_once(
    table: Table, partition: Partition, mark: str | None, version: int, guard: Guard
) -> None:
    state = state_in(table, partition)
    if state is None or state.version > version:
        return
    renewed = replace(state, mark=mark, version=version)
    transaction = table.transaction()
    transaction.set_properties(state_properties(partition, renewed))
    guard()
    transaction.commit_transaction()


def _check(load: _Load) -> None:
    spec = spec_of(load.table)
    if not load.partitions:
        raise WrongCommit(f"a commit to {load.table} must name at least one partition")
    for partition in load.partitions:
        whole = partition.period == WHOLE_SOURCE
        # What is set aside keeps the period that it would have had in its own table.
        wrong = whole != (spec.period_column is None) and load.table != QUARANTINE.name
        if partition.table != load.table or wrong:
            raise WrongCommit(f"{partition} is no partition of {load.table}")
        if len(partition.source.encode()) > LONGEST_SOURCE_BYTES:
            raise WrongCommit(
                f"source {partition.source} has a name of more than {LONGEST_SOURCE_BYTES} bytes"
            )
    for file in load.files:
        if file.partition not in load.partitions:
            raise WrongCommit(f"{file.uri} lies in {file.partition}, which is not being committed")
        _check_file(file)


def _check_file(file: StagedFile) -> None:
    """Refuse a file that PyIceberg would choke on, or would file in another partition."""
    footer = parquet.read_metadata(file.uri)
    if not 0 < footer.num_rows == file.rows:
        raise WrongCommit(f"{file.uri} has {footer.num_rows} rows instead of {file.rows}")
    columns = spec_of(file.partition.table).columns
    for field in footer.schema.to_arrow_schema():
        if field.name not in columns or columns[field.name].value.arrow != field.type:
            table = file.partition.table
            raise WrongCommit(f"{file.uri}: {table} has no column {field.name} of {field.type}")
    expected = dict(_values(file.partition))
    for number in range(footer.num_row_groups):
        if _constants(footer.row_group(number), expected) != expected:
            raise WrongCommit(f"{file.uri} does not lie wholly in {file.partition}")


def _constants(group: parquet.RowGroupMetaData, names: Container[str]) -> dict[str, object]:
    """Those columns of a row group that are proven to hold one value, by the file's statistics.

    Iceberg takes the partition of a file from these: without them its rows would belong
    to no partition, and the next delivery would not replace them.
    """
    columns = (group.column(index) for index in range(group.num_columns))
    found = {column.path_in_schema: column.statistics for column in columns}
    return {name: stats.min for name, stats in found.items() if name in names and _is_one(stats)}


def _is_one(found: parquet.Statistics | None) -> bool:
    if found is None or not found.has_min_max or found.null_count != 0:
        return False
    return bool(found.min == found.max)


def _commit_once(table: Table, load: _Load) -> int:
    states = {partition: state_in(table, partition) for partition in load.partitions}
    for partition, state in states.items():
        if state is not None and state.version > load.version:
            raise OlderDelivery(
                load.table, partition.source, partition.period, load.version, state.version
            )
    if not load.complete and (done := _already_extended(table, load, states)) is not None:
        return done
    transaction = QuickTransaction(table)
    with storage_fails(load.table):
        if load.complete:
            _drop_partitions(transaction, load)
        _add_files(transaction, load)
        transaction.set_properties(_new_states(load, states))
    load.guard()
    with storage_fails(load.table):
        return _snapshot_id(transaction.commit_transaction())


def _already_extended(
    table: Table, load: _Load, states: Mapping[Partition, PartitionState | None]
) -> int | None:
    """The current snapshot when this very load is in already; ``None`` when it is to be added."""
    for partition, state in states.items():
        if state is None:
            continue
        if state.load_id == load.load_id:
            return _snapshot_id(table)
        if twice := set(load.delivered) & set(state.files):
            names = ", ".join(sorted(state.files[file_id] for file_id in twice))
            raise AlreadyDelivered(load.table, partition.source, partition.period, names)
    return None


def _drop_partitions(transaction: Transaction, load: _Load) -> None:
    with transaction.update_snapshot(_trace(load)).delete() as delete:
        delete.delete_by_predicate(_predicate(load.partitions))
    if delete.rewrites_needed:
        raise WrongCommit(f"a file of {load.table} holds rows of several partitions")


def _predicate(partitions: Iterable[Partition]) -> BooleanExpression:
    return Or(AlwaysFalse(), AlwaysFalse(), *(_covers(partition) for partition in partitions))


def _covers(partition: Partition) -> BooleanExpression:
    first, *rest = (
        EqualTo(term=Reference(column), value=literal(value))
        for column, value in _values(partition)
    )
    return And(first, *rest) if rest else first


def _values(partition: Partition) -> list[tuple[str, str | date]]:
    """What the partition columns hold in every row of ``partition``."""
    column = spec_of(partition.table).period_column
    source: list[tuple[str, str | date]] = [(SOURCE, partition.source)]
    if column is None:
        return source
    day = column == DAY
    return [*source, (column, date.fromisoformat(partition.period) if day else partition.period)]


def _add_files(transaction: Transaction, load: _Load) -> None:
    uris = [file.uri for file in load.files]
    if uris:
        transaction.add_files(uris, _trace(load), check_duplicate_files=False)
    else:
        # Even a delivery without rows leaves a snapshot, so that a run can name what it saw.
        with transaction.update_snapshot(_trace(load)).merge_append():
            pass


def _trace(load: _Load) -> dict[str, str]:
    return {LOAD_ID: load.load_id}


def _new_states(load: _Load, states: Mapping[Partition, PartitionState | None]) -> dict[str, str]:
    properties: dict[str, str] = {}
    for partition, state in states.items():
        kept = state.files if state is not None and not load.complete else {}
        new = PartitionState(load.version, load.load_id, {**kept, **load.delivered}, load.mark)
        properties |= state_properties(partition, new)
    return properties


def _snapshot_id(table: Table) -> int:
    current = table.current_snapshot()
    if current is None:  # pragma: no cover - every commit leaves a snapshot
        raise WrongCommit(f"{table.name()[-1]} has no snapshot")
    return current.snapshot_id
