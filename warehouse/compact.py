"""Rewrites the many small files of a partition into few; not one value changes.

Deliveries that only add leave a file each, so a month of nightly prices or of hourly usage is many
files, and each costs a question about as much as thousands of rows. The engine writes small
files of one partition into one file, holds both against each other by number and checksum of their
rows, and the commit module exchanges them. Who filled the partition and with what stays as it was.

A load that replaced the partition meanwhile wins: the rewritten file is then left to maintenance.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from uuid import UUID

import duckdb

from warehouse.commit import CurrentFile, current_files, exchange
from warehouse.duck import PARQUET_OPTIONS, DuckEngine
from warehouse.errors import Overtaken, StorageFailed, WrongCommit
from warehouse.lake import Lake
from warehouse.locks import held, lock_key
from warehouse.port import Guard, Partition, StagedFile, View
from warehouse.scope import register_files
from warehouse.sql_text import literal
from warehouse.tables import TABLES, spec_of

SMALL_BYTES = 32 * 2**20
"""Files below this size are worth putting together."""

LARGE_BYTES = 256 * 2**20
"""Small files are put together up to about this size."""

MANY_FILES = 8
"""So many small files make a partition worth the work: a file is rewritten about four times."""


@dataclass(frozen=True, slots=True)
class Compacted:
    """What was put together; ``overtaken`` partitions were replaced by a load meanwhile."""

    partitions: int = 0
    files_before: int = 0
    files_after: int = 0
    overtaken: int = 0


def compact(
    lake: Lake,
    engine: DuckEngine,
    *,
    new_id: Callable[[], UUID],
    many: int = MANY_FILES,
    guard: Guard = lambda: None,
) -> Compacted:
    """Put the small files of every partition together that has ``many`` of them.

    ``guard`` is called before each exchange and may refuse it by raising.

    Raises:
        ValueError: When ``many`` is less than 2.
        StorageFailed: When the lake's folder or bucket cannot be read or written.
    """
    if many <= 1:
        raise ValueError("many must be 2 or more")
    compactor = _Compactor(lake, engine, new_id, guard)
    with held(lake.url, [lock_key("maintain")]):
        found = [
            compactor.compact(partition, files)
            for table in TABLES
            for partition, files in _crowded(current_files(lake, table), many)
        ]
    return Compacted(
        partitions=sum(one.partitions for one in found),
        files_before=sum(one.files_before for one in found),
        files_after=sum(one.files_after for one in found),
        overtaken=sum(one.overtaken for one in found),
    )


def _crowded(
    files: Sequence[CurrentFile], many: int
) -> Iterator[tuple[Partition, list[CurrentFile]]]:
    small: dict[Partition, list[CurrentFile]] = {}
    for file in files:
        if file.size_bytes < SMALL_BYTES:
            small.setdefault(file.partition, []).append(file)
    yield from ((part, found) for part, found in sorted(small.items()) if len(found) >= many)


@dataclass(frozen=True, slots=True)
class _Compactor:
    """What putting the files of one partition together needs."""

    lake: Lake
    engine: DuckEngine
    new_id: Callable[[], UUID]
    guard: Guard

    def compact(self, partition: Partition, files: Sequence[CurrentFile]) -> Compacted:
        load_id = self.new_id()
        folder = self.lake.folder(load_id)
        try:
            written = [
                _rewritten(self.engine, partition, some, folder / f"{partition.table}-{n}.parquet")
                for n, some in enumerate(_portions(files))
            ]
            old = [file.uri for file in files]
            self.guard()
            exchange(self.lake, partition, old=old, new=written, load_id=load_id)
        except Overtaken:
            return Compacted(overtaken=1)
        finally:
            self.lake.close_load(load_id)
        return Compacted(1, len(files), len(written))


def _portions(files: Sequence[CurrentFile]) -> Iterator[list[CurrentFile]]:
    """Split the files, in the order of their names, into portions of about one large file."""
    portion: list[CurrentFile] = []
    for file in files:
        if portion and sum(one.size_bytes for one in portion) + file.size_bytes > LARGE_BYTES:
            yield portion
            portion = []
        portion.append(file)
    yield portion


def _rewritten(
    engine: DuckEngine, partition: Partition, files: Sequence[CurrentFile], path: Path
) -> StagedFile:
    """Write all rows of ``files`` into one file and hold the two against each other."""
    try:
        with engine.connection(View({}), writes=path.parent) as connection:
            register_files(connection, "old", partition.table, [file.uri for file in files])
            copy = f"COPY (FROM old) TO {literal(str(path))} ({PARQUET_OPTIONS})"
            connection.execute(copy)
            register_files(connection, "new", partition.table, [str(path)])
            was, now = (_checksum(connection, name, partition.table) for name in ("old", "new"))
    except duckdb.IOException as problem:
        raise StorageFailed(str(partition), problem) from problem
    if was != now:  # pragma: no cover - a fault of the engine or the disk
        raise WrongCommit(f"{path} holds other rows of {partition} than before; it is not used")
    path.chmod(0o600)
    return StagedFile(str(path), now[0], path.stat().st_size, partition)


def _checksum(connection: duckdb.DuckDBPyConnection, relation: str, table: str) -> tuple[int, int]:
    """The number of rows, and a sum over all their values that no order changes."""
    columns = ", ".join(f'"{name}"' for name in spec_of(table).columns)
    # Names are the table's own.
    sums = f"SELECT count(*), sum(hash({columns})::HUGEINT) FROM {relation}"  # noqa: S608 - see above
    row = connection.execute(sums).fetchone()
    if row is None:  # pragma: no cover - an aggregate has a row
        raise WrongCommit(f"{relation} cannot be counted")
    return int(row[0]), int(row[1])
