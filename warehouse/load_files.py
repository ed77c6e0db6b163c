"""Delivered files as the loader needs them; CSV is first spooled to Parquet.

So a malformed record is found before anything else happens, record numbers are exact (also behind
line breaks in quotes) and every later pass is parallel.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import duckdb

from warehouse.errors import WarehouseError
from warehouse.sql_text import literal

_GZIP_MAGIC = b"\x1f\x8b"
_LINE = re.compile(r"CSV Error on Line: (\d+)")
_COUNTS = re.compile(r"Expected Number of Columns: (\d+) Found: (\d+)")


class UnreadableDelivery(WarehouseError):
    """A delivered file is damaged behind its header, or lacks a column; names file and place."""


@dataclass(frozen=True, slots=True)
class LoadFile:
    """A delivered file as the loader needs it; ``format`` is ``csv`` or ``parquet``."""

    path: str
    name: str
    file_id: str
    format: str
    columns: tuple[str, ...]


def as_parquet(connection: duckdb.DuckDBPyConnection, file: LoadFile, folder: Path) -> str:
    """Return the path of a Parquet file with the records of ``file`` in their order.

    Raises:
        UnreadableDelivery: When a CSV file is damaged; names file and line.
    """
    if file.format == "parquet":
        return file.path
    target = str(folder / f"spool-{file.file_id}.parquet")
    columns = ", ".join(f"{literal(name)}: 'VARCHAR'" for name in _told_apart(file.columns))
    read = (
        f"read_csv({literal(file.path)}, auto_detect = false, header = true, delim = ',', "
        f"quote = '\"', escape = '\"', strict_mode = true, nullstr = ['', 'NULL', 'null'], "
        f"compression = '{_compression(file)}', columns = {{{columns}}})"
    )
    try:
        connection.execute(
            f"COPY (FROM {read}) TO {literal(target)} (FORMAT parquet, COMPRESSION lz4)"
        )
    except duckdb.Error as problem:
        raise UnreadableDelivery(_sentence(file, str(problem))) from problem
    return target


def schema_of(
    connection: duckdb.DuckDBPyConnection, file: LoadFile, path: str
) -> tuple[tuple[str, str], ...]:
    """The columns of the Parquet file at ``path``, with DuckDB's names of their types.

    Raises:
        UnreadableDelivery: When its footer cannot be read.
    """
    try:
        rows = connection.execute(
            f"DESCRIBE SELECT * FROM read_parquet({literal(path)})"  # noqa: S608 - a quoted path
        ).fetchall()
    except duckdb.Error as problem:
        raise UnreadableDelivery(
            f"{file.name}: cannot be read as Parquet: {str(problem).splitlines()[0]}"
        ) from problem
    return tuple((str(row[0]), str(row[1])) for row in rows)


def never_empty(connection: duckdb.DuckDBPyConnection, paths: Sequence[str]) -> frozenset[str]:
    """Columns of which the files' own statistics prove that none of their texts is empty."""
    rows = connection.execute(
        "SELECT path_in_schema FROM parquet_metadata($paths) GROUP BY path_in_schema"
        " HAVING bool_and(coalesce(stats_min_value > '', stats_null_count = num_values, false))",
        {"paths": list(paths)},
    ).fetchall()
    return frozenset(str(row[0]) for row in rows)


def records_in(connection: duckdb.DuckDBPyConnection, path: str) -> int:
    """The number of records of the Parquet file at ``path``."""
    row = connection.execute(
        f"SELECT count(*) FROM read_parquet({literal(path)})"  # noqa: S608 - a quoted path
    ).fetchone()
    return int(row[0]) if row else 0


def _told_apart(names: Sequence[str]) -> list[str]:
    """The names, where those that differ in case only get a number, as DuckDB does in Parquet."""
    told: dict[str, str] = {}
    for name in names:
        new, number = name, 0
        while new.lower() in told:
            number += 1
            new = f"{name}_{number}"
        told[new.lower()] = new
    return list(told.values())


def _compression(file: LoadFile) -> str:
    with Path(file.path).open("rb") as stream:
        return "gzip" if stream.read(2) == _GZIP_MAGIC else "none"


def _sentence(file: LoadFile, problem: str) -> str:
    """Say in one sentence what DuckDB found wrong with a CSV file."""
    line = _LINE.search(problem)
    place = f"{file.name}, line {line[1]}" if line else file.name
    if counts := _COUNTS.search(problem):
        what = f"the record has {counts[2]} values where the header names {counts[1]} columns"
    elif "quote" in problem:
        what = "a quoted value does not end, or goes on behind its closing quote"
    else:
        what = problem.splitlines()[0]
    return (
        f"{place}: {what}; accepted is CSV with commas, double quotes around values that hold "
        "commas, quotes or line breaks, a quote inside them doubled, and lines that end alike"
    )
