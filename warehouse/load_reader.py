"""Registers delivered files as the relation ``delivered``: every column of a table, typed."""

from collections.abc import Mapping, Sequence
from importlib.resources import files as resources
from pathlib import Path

import duckdb

from warehouse.load_dialects import BadDialect, Column, Dialect, mapped, quoted
from warehouse.load_files import (
    LoadFile,
    UnreadableDelivery,
    as_parquet,
    never_empty,
    records_in,
    schema_of,
)
from warehouse.load_typed import template, typed
from warehouse.sql_text import literal

__all__ = ["LoadFile", "UnreadableDelivery", "register"]


def register(
    connection: duckdb.DuckDBPyConnection,
    files: Sequence[LoadFile],
    table: str,
    folder: Path,
    dialect: Dialect | None = None,
) -> dict[str, int]:
    """Make the relation ``delivered`` of ``files``; returns the number of records of each file id.

    ``folder`` takes the spooled files; without a ``dialect`` the files have the table's columns.
    With one, mapped rows are spooled, because several passes read them; they lack the records they
    were made of, which ``with_records`` brings back.

    Raises:
        UnreadableDelivery: When a file is damaged; names file and line.
    """
    readers = resources("warehouse").joinpath("sql", "load", "readers.sql")
    connection.execute(readers.read_text(encoding="utf-8"))
    paths = {file.file_id: as_parquet(connection, file, folder) for file in files}
    groups: dict[tuple[Column, ...], list[LoadFile]] = {}
    for file in files:
        groups.setdefault(_columns(connection, file, paths[file.file_id]), []).append(file)
    selects, fresh = [], []
    for number, (there, group) in enumerate(groups.items()):
        source = _source(there, {paths[file.file_id]: file for file in group})
        if dialect is None:
            filled = never_empty(connection, [paths[file.file_id] for file in group])
            kinds = {one.name: one.kind for one in there}
            selects.append(typed(template(table), kinds, source, filled))
        else:
            rows = mapped(dialect, there, source)
            kinds = _kinds(connection, rows, dialect, table)
            fresh.append(typed(template(table), kinds, f"FROM ({rows})"))
            spool = str(folder / f"spool-mapped-{number}.parquet")
            selects.append(_spooled(connection, rows, template(table), kinds, spool))
    if fresh:
        connection.execute(f"CREATE TEMP VIEW recorded AS {' UNION ALL '.join(fresh)}")
    connection.execute(f"CREATE TEMP VIEW delivered AS {' UNION ALL '.join(selects)}")
    return {file.file_id: records_in(connection, paths[file.file_id]) for file in files}


def _columns(
    connection: duckdb.DuckDBPyConnection, file: LoadFile, path: str
) -> tuple[Column, ...]:
    schema = schema_of(connection, file, path)
    if len(schema) != len(file.columns):
        raise UnreadableDelivery(
            f"{file.name}: has {len(schema)} columns, but had {len(file.columns)} when it was "
            "looked at; load it again"
        )
    return tuple(
        Column(name, kind, spelled)
        for (name, kind), spelled in zip(schema, file.columns, strict=True)
    )


def _source(there: Sequence[Column], files: Mapping[str, LoadFile]) -> str:
    """The FROM clause of files of one schema by path: their columns, and the trace to the record.

    Names are looked up in a map and not by a join: that would turn columns of few different
    values, which are computed once per value, into columns that are computed row by row.
    """
    listed = ", ".join(literal(path) for path in files)
    ids = ", ".join(literal(file.file_id) for file in files.values())
    names = ", ".join(literal(file.name) for file in files.values())
    raw = ", ".join(f"{quoted(one.name)} := {quoted(one.name)}" for one in there)
    # Names are quoted.
    return f"""FROM (SELECT *, map([{listed}], [{ids}])[_path] AS _file_id,
                map([{listed}], [{names}])[_path] AS _file_name,
                file_row_number + 1 AS _record_number,
                to_json(struct_pack({raw}))::VARCHAR AS _raw
            FROM read_parquet([{listed}], file_row_number = true, filename = '_path'))"""  # noqa: S608 - see above


def with_records(connection: duckdb.DuckDBPyConnection) -> None:
    """Map the files of ``delivered`` anew, so that its rows have the records in ``_raw``."""
    connection.execute("CREATE OR REPLACE TEMP VIEW delivered AS FROM recorded")


def _kinds(
    connection: duckdb.DuckDBPyConnection, rows: str, dialect: Dialect, table: str
) -> dict[str, str]:
    """The types of the columns that ``dialect`` gives ``table``."""
    described = connection.execute(f"DESCRIBE {rows}").fetchall()
    given = {str(row[0]): str(row[1]) for row in described if not str(row[0]).startswith("_")}
    if unknown := sorted(set(given) - set(template(table))):
        raise BadDialect(f"{dialect.name}.sql gives {', '.join(unknown)}, which {table} lacks")
    return given


def _spooled(
    connection: duckdb.DuckDBPyConnection,
    rows: str,
    wanted: Mapping[str, str],
    kinds: Mapping[str, str],
    spool: str,
) -> str:
    """Write the mapped ``rows`` to ``spool``; returns the SELECT that types them."""
    connection.execute(
        f"COPY (SELECT * EXCLUDE (_raw) FROM ({rows})) TO {literal(spool)}"  # noqa: S608 - own names
        " (FORMAT parquet, COMPRESSION lz4)"
    )
    source = f"FROM (SELECT *, NULL::VARCHAR AS _raw FROM read_parquet({literal(spool)}))"  # noqa: S608 - a quoted path
    return typed(wanted, kinds, source, never_empty(connection, [spool]))
