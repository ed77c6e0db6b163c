"""Writes a delivery's rows: one Parquet file or more for each partition, and the set-aside ones."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import Any
from uuid import UUID

import duckdb
import pyarrow as pa

from warehouse.duck import ROW_GROUP_ROWS
from warehouse.load_counts import Count
from warehouse.load_files import LoadFile
from warehouse.port import Partition, StagedFile
from warehouse.sql_text import literal
from warehouse.tables import MONTH, SOURCE, spec_of

TABLES: Mapping[str, str] = MappingProxyType(
    {
        "focus": "cost_line",
        "prices": "price",
        "usage": "gpu_usage",
        "jobs": "job_run",
        "nodes": "node",
        "availability": "availability",
    }
)
"""The table that each kind of delivery fills."""

_SINGLE_COPIES = 3
"""So many periods are written one by one; more are sorted into partitions in one pass."""


@dataclass(frozen=True, slots=True)
class Load:
    """What is to be loaded: files of one kind and dialect from one source.

    ``period`` is the one that the source says it delivers; where it is ``None``, rows tell theirs.
    ``references`` are small relations by name that the load may join with.
    """

    source: str
    kind: str
    dialect: str
    load_id: UUID
    files: tuple[LoadFile, ...]
    period: str | None = None
    references: Mapping[str, pa.Table] = field(default_factory=dict)

    @property
    def table(self) -> str:
        """The table that the rows go to."""
        return TABLES[self.kind]

    @property
    def rows(self) -> str:
        """The relation of converted rows with all columns of the table."""
        return "filled" if self.kind == "focus" else "converted"

    @property
    def is_mapped(self) -> bool:
        """Whether the files are bills that must first be mapped to FOCUS."""
        return self.kind == "focus" and not self.dialect.startswith("focus-")

    @property
    def version(self) -> str:
        """The version of FOCUS whose rules hold for the rows."""
        if self.kind != "focus":
            return "1.0"
        return "1.4" if self.is_mapped else self.dialect.removeprefix("focus-")

    @property
    def declared(self) -> frozenset[str]:
        """The declared period, where there is one."""
        return frozenset() if self.period is None else frozenset({self.period})

    @property
    def quarantine_source(self) -> str:
        """The x_SourceId of set-aside rows: kinds of one source do not replace each other's."""
        return f"{self.source}:{self.kind}"


@dataclass(frozen=True, slots=True)
class Written:
    """A file of good rows, and how many nulls each column has in it."""

    file: StagedFile
    nulls: Mapping[str, int]


def write_rows(
    connection: duckdb.DuckDBPyConnection, load: Load, counts: Sequence[Count], folder: Path
) -> list[Written]:
    """Write the good rows; few periods one by one, many in one pass over the delivery."""
    periods = sorted({count.period for count in counts if count.good})
    others = len({count.period for count in counts}) > 1
    bad = any(count.bad for count in counts)
    if len(periods) > _SINGLE_COPIES:
        return _partitioned(connection, load, folder, bad=bad)
    written: list[Written] = []
    for number, period in enumerate(periods):
        # A filter makes DuckDB read every amount twice, so there is none where all rows stay.
        wanted = [f"_period = {literal(period)}"] if others else []
        wanted += ["_reason IS NULL"] if bad else []
        where = f" WHERE {' AND '.join(wanted)}" if wanted else ""
        target = folder / f"{load.table}-{number}.parquet"
        answer = f"SELECT {_columns(load, period)} FROM {load.rows}{where}"  # noqa: S608 - own names
        partition = Partition(load.table, load.source, period)
        written += _copied(connection, answer, target, _always(partition))
    return written


def _partitioned(
    connection: duckdb.DuckDBPyConnection, load: Load, folder: Path, *, bad: bool
) -> list[Written]:
    """Write all periods in one pass, into a folder for each."""
    column = spec_of(load.table).period_column
    where = " WHERE _reason IS NULL" if bad else ""
    answer = f"SELECT {_columns(load, None)} FROM {load.rows}{where}"  # noqa: S608 - own names
    return _copied(
        connection,
        answer,
        folder / load.table,
        lambda path: Partition(load.table, load.source, path.parent.name.partition("=")[2]),
        f", PARTITION_BY ({column}), WRITE_PARTITION_COLUMNS true",
    )


def _always(partition: Partition) -> Callable[[Path], Partition]:
    return lambda _: partition


def _copied(
    connection: duckdb.DuckDBPyConnection,
    answer: str,
    target: Path,
    partition_of: Callable[[Path], Partition],
    options: str = "",
) -> list[Written]:
    """Write ``answer``; level 1 of zstd is faster here and its files are not larger."""
    found = connection.execute(
        f"COPY ({answer}) TO {literal(str(target))} (FORMAT parquet, COMPRESSION zstd,"
        f" COMPRESSION_LEVEL 1, ROW_GROUP_SIZE {ROW_GROUP_ROWS}, RETURN_STATS true{options})"
    )
    names = [str(one[0]) for one in found.description or ()]
    return [_file(dict(zip(names, row, strict=True)), partition_of) for row in found.fetchall()]


def _file(stats: Mapping[str, Any], partition_of: Callable[[Path], Partition]) -> Written:
    path = Path(stats["filename"])
    path.chmod(0o600)
    nulls = {
        column.strip('"'): int(of["null_count"])
        for column, of in stats["column_statistics"].items()
    }
    size = path.stat().st_size
    return Written(StagedFile(str(path), stats["count"], size, partition_of(path)), nulls)


def _columns(load: Load, period: str | None) -> str:
    """The table's columns in its order, with the trace of the load.

    Texts of the trace are written as an ENUM of theirs, which Parquet holds as text all the same:
    DuckDB looks up any other text row by row to find its place in the dictionary.
    """
    spec = spec_of(load.table)
    values = {name: _quoted(name) for name in spec.columns}
    kinds = {name: kind.sql for name, kind in spec.columns.items()}
    fixed = {SOURCE: load.source, "x_LoadId": str(load.load_id)}
    if spec.period_column and period is None:
        values[spec.period_column] = "_period"
    elif spec.period_column and period is not None:
        values[spec.period_column] = literal(period)
        fixed |= {MONTH: period} if spec.period_column == MONTH else {}
    values |= {name: literal(text) for name, text in fixed.items()}
    values |= {"x_FileId": "_file_id", "x_RecordNumber": "_record_number"}
    kinds |= {name: _enum([text]) for name, text in fixed.items()}
    kinds["x_FileId"] = _enum(file.file_id for file in load.files)
    return ", ".join(f'CAST({values[name]} AS {kinds[name]}) AS "{name}"' for name in spec.columns)


def _enum(words: Iterable[str]) -> str:
    return f"ENUM({', '.join(literal(word) for word in dict.fromkeys(words))})"


def _quoted(name: str) -> str:
    return f'"{name}"'


def write_quarantine(
    connection: duckdb.DuckDBPyConnection, load: Load, counts: Sequence[Count], folder: Path
) -> tuple[StagedFile, ...]:
    """Write the bad rows, a file for each period that they belong to or might."""
    files: list[StagedFile] = []
    for number, period in enumerate(sorted({count.period for count in counts if count.bad})):
        answer = f"""SELECT {literal(load.kind)} AS kind, _file_name AS file_name,
            _record_number::BIGINT AS record_number, _reason AS reason, _raw AS record,
            _billed_cost AS billed_cost, _effective_cost AS effective_cost, _currency AS currency,
            {literal(load.quarantine_source)} AS "x_SourceId",
            {literal(period)} AS "x_BillingPeriod", {literal(str(load.load_id))} AS "x_LoadId",
            _file_id AS "x_FileId", _record_number::BIGINT AS "x_RecordNumber"
            FROM converted WHERE _reason IS NOT NULL AND _period = {literal(period)}"""  # noqa: S608 - own names
        partition = Partition("quarantine", load.quarantine_source, period)
        target = folder / f"quarantine-{number}.parquet"
        [written] = _copied(connection, answer, target, _always(partition))
        files.append(written.file)
    return tuple(files)
