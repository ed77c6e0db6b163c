"""Writes a delivery's rows: one Parquet file or more for each partition, and the set-aside ones."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from uuid import UUID

import duckdb

from warehouse.duck import ROW_GROUP_ROWS
from warehouse.load_counts import Count
from warehouse.load_reader import LoadFile
from warehouse.port import Partition, StagedFile
from warehouse.sql_text import literal
from warehouse.tables import spec_of

TABLES: Mapping[str, str] = MappingProxyType(
    {
        "focus": "cost_line",
        "prices": "price",
        "usage": "gpu_usage",
        "jobs": "job_run",
        "nodes": "node",
    }
)
"""The table that each kind of delivery fills."""

_SINGLE_COPIES = 3
"""So many periods are written one by one; more are sorted into partitions in one pass."""


@dataclass(frozen=True, slots=True)
class Load:
    """What is to be loaded: files of one kind and dialect from one source."""

    source: str
    kind: str
    dialect: str
    load_id: UUID
    files: tuple[LoadFile, ...]

    @property
    def table(self) -> str:
        """The table that the rows go to."""
        return TABLES[self.kind]

    @property
    def quarantine_source(self) -> str:
        """The x_SourceId of set-aside rows: kinds of one source do not replace each other's."""
        return f"{self.source}:{self.kind}"


def write_rows(
    connection: duckdb.DuckDBPyConnection, load: Load, counts: Sequence[Count], folder: Path
) -> tuple[StagedFile, ...]:
    """Write the good rows; few periods one by one, many in one pass over the delivery."""
    periods = sorted({count.period for count in counts if count.good})
    others = len({count.period for count in counts}) > 1
    bad = any(count.bad for count in counts)
    if len(periods) > _SINGLE_COPIES:
        return _partitioned(connection, load, folder)
    files: list[StagedFile] = []
    for number, period in enumerate(periods):
        # A filter makes DuckDB read every amount twice, so there is none where all rows stay.
        wanted = [f"_period = {literal(period)}"] if others else []
        wanted += ["_reason IS NULL"] if bad else []
        where = f" WHERE {' AND '.join(wanted)}" if wanted else ""
        target = folder / f"{load.table}-{number}.parquet"
        answer = f"SELECT {_columns(load, period)} FROM converted{where}"  # noqa: S608 - own names
        files += _copied(connection, answer, target, Partition(load.table, load.source, period))
    return tuple(files)


def _copied(
    connection: duckdb.DuckDBPyConnection, answer: str, target: Path, partition: Partition
) -> list[StagedFile]:
    options = f"FORMAT parquet, COMPRESSION zstd, ROW_GROUP_SIZE {ROW_GROUP_ROWS}"
    row = connection.execute(f"COPY ({answer}) TO {literal(str(target))} ({options})").fetchone()
    target.chmod(0o600)
    return [StagedFile(str(target), int(row[0]) if row else 0, target.stat().st_size, partition)]


def _partitioned(
    connection: duckdb.DuckDBPyConnection, load: Load, folder: Path
) -> tuple[StagedFile, ...]:
    column = spec_of(load.table).period_column
    answer = f"SELECT {_columns(load, None)} FROM converted WHERE _reason IS NULL"  # noqa: S608 - own names
    rows = connection.execute(f"""COPY ({answer}) TO {literal(str(folder / load.table))} (
        FORMAT parquet, COMPRESSION zstd, ROW_GROUP_SIZE {ROW_GROUP_ROWS}, RETURN_STATS true,
        PARTITION_BY ({column}), WRITE_PARTITION_COLUMNS true)""")
    names = [str(one[0]) for one in rows.description or ()]
    files = []
    for row in rows.fetchall():
        stats = dict(zip(names, row, strict=True))
        path = Path(stats["filename"])
        path.chmod(0o600)
        period = path.parent.name.partition("=")[2]
        partition = Partition(load.table, load.source, period)
        files.append(StagedFile(str(path), stats["count"], path.stat().st_size, partition))
    return tuple(files)


def _columns(load: Load, period: str | None) -> str:
    """The table's columns in its order, with the trace of the load."""
    spec = spec_of(load.table)
    trace = {
        "x_SourceId": literal(load.source),
        "x_LoadId": literal(str(load.load_id)),
        "x_FileId": "_file_id",
        "x_RecordNumber": "_record_number",
    }
    if spec.period_column:
        trace[spec.period_column] = "_period" if period is None else literal(period)
    return ", ".join(
        f'CAST({trace.get(name, _quoted(name))} AS {kind.sql}) AS "{name}"'
        for name, kind in spec.columns.items()
    )


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
        files += _copied(connection, answer, folder / f"quarantine-{number}.parquet", partition)
    return tuple(files)
