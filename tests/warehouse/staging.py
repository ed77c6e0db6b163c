"""Stages files as the load does, and reads back what was written."""

import csv
import gzip
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any
from uuid import UUID

import pyarrow as pa
import pyarrow.parquet as pq

from warehouse.duck import DuckEngine
from warehouse.lake import Lake
from warehouse.load import Staged, stage
from warehouse.load_dialects import Dialect, read_dialect
from warehouse.load_files import LoadFile
from warehouse.load_write import Load


class Stager:
    """Stages files of one kind as load number 1, 2, 3 ... of the source ``aws``."""

    def __init__(self, lake: Lake, engine: DuckEngine, folder: Path) -> None:
        """Keep the parts; ``folder`` takes the files that are made here."""
        self.lake, self.engine, self.folder = lake, engine, folder
        self.references: Mapping[str, pa.Table] = {}
        self.dialects: Callable[[str], Dialect] = read_dialect
        self._number = 0

    def table(
        self,
        rows: Sequence[Mapping[str, object]] | pa.Table,
        kind: str = "focus",
        dialect: str = "focus-1.4",
        period: str | None = None,
    ) -> Staged:
        """Stage rows, or an Arrow table, from a Parquet file."""
        path = self.folder / f"{self._number}.parquet"
        table = rows if isinstance(rows, pa.Table) else pa.Table.from_pylist([*map(dict, rows)])
        pq.write_table(table, path)
        return self.files([path], kind, dialect, period)

    def text(
        self,
        text: str,
        kind: str = "focus",
        dialect: str = "focus-1.4",
        period: str | None = None,
    ) -> Staged:
        """Stage a CSV file."""
        path = self.folder / f"{self._number}.csv"
        path.write_bytes(text.encode())
        return self.files([path], kind, dialect, period)

    def files(
        self,
        paths: Sequence[Path],
        kind: str = "focus",
        dialect: str = "focus-1.4",
        period: str | None = None,
    ) -> Staged:
        """Stage files as they lie there."""
        self._number += 1
        files = tuple(load_file(path, f"id{number}") for number, path in enumerate(paths))
        number = UUID(int=self._number)
        load = Load("aws", kind, dialect, number, files, period, self.references)
        folder = self.lake.folder(load.load_id)
        staged = stage(load, engine=self.engine, folder=folder, dialects=self.dialects)
        assert not list(folder.glob("spool-*"))
        return staged


def load_file(path: Path, file_id: str) -> LoadFile:
    """The file at ``path`` as the loader takes it."""
    if path.suffix == ".parquet":
        return LoadFile(str(path), path.name, file_id, "parquet", tuple(pq.read_schema(path).names))
    content = path.read_bytes()
    plain = gzip.decompress(content) if path.suffix == ".gz" else content
    columns = next(csv.reader([plain.decode("utf-8-sig").splitlines()[0]]))
    return LoadFile(str(path), path.name, file_id, "csv", tuple(columns))


def written(staged: Staged) -> list[dict[str, Any]]:
    """Read all staged rows back, in order of their record numbers."""
    tables = [pq.read_table(file.uri, partitioning=None) for file in staged.files]
    rows = [row for table in tables for row in table.to_pylist()]
    return sorted(rows, key=lambda row: (row["x_FileId"], row["x_RecordNumber"]))


def set_aside(staged: Staged) -> list[dict[str, Any]]:
    """Read the rows of the quarantine back."""
    tables = [pq.read_table(file.uri, partitioning=None) for file in staged.quarantine_files]
    return [row for table in tables for row in table.to_pylist()]
