"""Registers delivered files as the relation ``delivered``: every column of a table, typed.

CSV files are first spooled to Parquet, so that a malformed record is found before anything else
happens, record numbers are exact (also behind line breaks in quotes) and every later pass is
parallel. Beside each column ``c`` stand ``_value_c`` (what came) and ``_given_c`` (did anything).
``_value_c`` is not turned into text here: only a complaint about it needs that.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib.resources import files as resources
from pathlib import Path

import duckdb

from warehouse.errors import WarehouseError
from warehouse.sql_text import literal
from warehouse.tables import ColumnType, spec_of

_GZIP_MAGIC = b"\x1f\x8b"
_EXACT = re.compile(r"U?(TINY|SMALL|BIG|HUGE)?INT(EGER)?|DECIMAL\(\d+,(\d|1[0-2])\)")
_MOMENT = re.compile(r"TIMESTAMP.*|DATE")
_NESTED = re.compile(r"MAP\(.*|STRUCT\(.*|.*\]")
_LINE = re.compile(r"CSV Error on Line: (\d+)")
_COUNTS = re.compile(r"Expected Number of Columns: (\d+) Found: (\d+)")

JSON_COLUMNS = frozenset(
    {
        "Tags",
        "SkuPriceDetails",
        "AllocatedTags",
        "AllocatedMethodDetails",
        "ContractApplied",
        "CommitmentProgramEligibilityDetails",
    }
)
"""Columns whose text must be a JSON object."""

REMOVED_COLUMNS = {"cost_line": ("ProviderName", "PublisherName")}
"""Columns of older FOCUS versions, which the load's question still sees."""

_WANTED = {
    ColumnType.STRING: "text",
    ColumnType.DECIMAL: "decimal",
    ColumnType.TIMESTAMP: "time",
    ColumnType.INT: "long",
    ColumnType.LONG: "long",
    ColumnType.DOUBLE: "double",
}


class UnreadableDelivery(WarehouseError):
    """A delivered file is damaged behind its header; names file and line."""


@dataclass(frozen=True, slots=True)
class LoadFile:
    """A delivered file as the loader needs it; ``format`` is ``csv`` or ``parquet``."""

    path: str
    name: str
    file_id: str
    format: str
    columns: tuple[str, ...]


def template(table: str) -> dict[str, str]:
    """The columns that a delivery of ``table`` may have, and what each is read as."""
    named = {
        name: "json" if name in JSON_COLUMNS else _WANTED[kind]
        for name, kind in spec_of(table).columns.items()
        if not name.startswith("x_")
    }
    return named | dict.fromkeys(REMOVED_COLUMNS.get(table, ()), "text")


def register(
    connection: duckdb.DuckDBPyConnection, files: Sequence[LoadFile], table: str, folder: Path
) -> dict[str, int]:
    """Make the relation ``delivered`` of ``files``; returns the number of records of each file id.

    ``folder`` takes the spooled files.

    Raises:
        UnreadableDelivery: When a file is damaged; names file and line.
    """
    readers = resources("warehouse").joinpath("sql", "load", "readers.sql")
    connection.execute(readers.read_text(encoding="utf-8"))
    paths = {file.file_id: _as_parquet(connection, file, folder) for file in files}
    groups: dict[tuple[tuple[str, str], ...], list[LoadFile]] = {}
    for file in files:
        groups.setdefault(_schema(connection, file, paths[file.file_id]), []).append(file)
    _list_files(connection, files, paths)
    selects = [
        _typed(template(table), dict(schema), [paths[file.file_id] for file in group])
        for schema, group in groups.items()
    ]
    connection.execute(f"CREATE TEMP VIEW delivered AS {' UNION ALL '.join(selects)}")
    return {file.file_id: _records(connection, paths[file.file_id]) for file in files}


def _list_files(
    connection: duckdb.DuckDBPyConnection, files: Sequence[LoadFile], paths: Mapping[str, str]
) -> None:
    connection.execute(
        "CREATE TEMP TABLE delivered_file (path VARCHAR, file_id VARCHAR, file_name VARCHAR)"
    )
    connection.executemany(
        "INSERT INTO delivered_file VALUES (?, ?, ?)",
        [(paths[file.file_id], file.file_id, file.name) for file in files],
    )


def _as_parquet(connection: duckdb.DuckDBPyConnection, file: LoadFile, folder: Path) -> str:
    """Return a Parquet file with the records of ``file`` in their order."""
    if file.format == "parquet":
        return file.path
    target = str(folder / f"spool-{file.file_id}.parquet")
    columns = ", ".join(f"{literal(name)}: 'VARCHAR'" for name in file.columns)
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


def _schema(
    connection: duckdb.DuckDBPyConnection, file: LoadFile, path: str
) -> tuple[tuple[str, str], ...]:
    try:
        rows = connection.execute(
            f"DESCRIBE SELECT * FROM read_parquet({literal(path)})"  # noqa: S608 - a quoted path
        ).fetchall()
    except duckdb.Error as problem:
        raise UnreadableDelivery(
            f"{file.name}: cannot be read as Parquet: {str(problem).splitlines()[0]}"
        ) from problem
    return tuple((str(row[0]), str(row[1])) for row in rows)


def _records(connection: duckdb.DuckDBPyConnection, path: str) -> int:
    row = connection.execute(
        f"SELECT count(*) FROM read_parquet({literal(path)})"  # noqa: S608 - a quoted path
    ).fetchone()
    return int(row[0]) if row else 0


def _typed(wanted: Mapping[str, str], schema: Mapping[str, str], paths: Sequence[str]) -> str:
    """Write the SELECT that reads files of one schema; it only calls macros by name."""
    raw = ", ".join(f"{_name(c)} := {_name(c)}" for c in schema)
    inner, outer = [], []
    for column, want in wanted.items():
        family = _family(schema[column]) if column in schema else None
        value, given = _values(column, family)
        inner += [f"{value} AS {_name('_value_' + column)}"]
        read = _reader(column, want, family)
        outer += [
            f"{read} AS {_name(column)}",
            _name("_value_" + column),
            f"{given} AS {_name('_given_' + column)}",
        ]
        if want == "decimal":
            outer += [
                f"{_rounding(column, family, read)} AS {_name('_rounding_' + column)}",
                f"{_double(column, family)} AS {_name('_double_' + column)}",
            ]
    listed = ", ".join(literal(path) for path in paths)
    # Names are quoted; everything else is written here or in readers.sql.
    return f"""SELECT {", ".join(outer)}, _file_id, _file_name, _record_number, _raw
        FROM (SELECT {", ".join(inner)}, delivered_file.file_id AS _file_id,
                delivered_file.file_name AS _file_name, file_row_number + 1 AS _record_number,
                to_json(struct_pack({raw}))::VARCHAR AS _raw
            FROM read_parquet([{listed}], file_row_number = true, filename = '_path') AS record
            JOIN delivered_file ON delivered_file.path = record._path)"""  # noqa: S608 - see above


def _family(physical: str) -> str:
    """Sort a file's own type into the families that readers.sql knows."""
    if physical in {"VARCHAR", "JSON"}:
        return "text"
    if physical in {"DOUBLE", "FLOAT"}:
        return "number" if physical == "DOUBLE" else "float"
    if _EXACT.fullmatch(physical):
        return "exact"
    if _MOMENT.fullmatch(physical):
        return "moment"
    return "nested" if _NESTED.fullmatch(physical) else "other"


def _values(column: str, family: str | None) -> tuple[str, str]:
    """What came, and whether something came."""
    if family is None:
        return "NULL::VARCHAR", "false"
    value = f"text_of_text({_name(column)})" if family == "text" else _name(column)
    return value, f"{_name('_value_' + column)} IS NOT NULL"


_READERS = {
    ("decimal", "exact"): "decimal_of_exact({value})",
    ("decimal", "number"): "decimal_of_double({value})",
    ("decimal", "float"): "decimal_of_double_text({value}::VARCHAR)",
    ("decimal", None): "NULL::DECIMAL(38,12)",
    ("time", "moment"): "time_of_moment({value})",
    ("time", None): "NULL::TIMESTAMPTZ",
    ("long", "exact"): "long_of_number({value})",
    ("long", "number"): "long_of_number({value})",
    ("long", "float"): "long_of_number({value})",
    ("long", None): "NULL::BIGINT",
    ("double", "exact"): "double_of_number({value})",
    ("double", "number"): "double_of_number({value})",
    ("double", "float"): "double_of_number({value})",
    ("double", None): "NULL::DOUBLE",
    ("json", "nested"): "json_of_nested({value})",
    ("json", None): "NULL::VARCHAR",
    ("text", "text"): "{value}",
    ("text", "nested"): "text_of_nested({value})",
    ("text", None): "NULL::VARCHAR",
}


def _reader(column: str, want: str, family: str | None) -> str:
    default = "text_of_other({value})" if want == "text" else f"{want}_of_text({{value}}::VARCHAR)"
    return _READERS.get((want, family), default).format(value=_name("_value_" + column))


def _rounding(column: str, family: str | None, read: str) -> str:
    """What rounding added to a decimal column, in units of its twelfth decimal."""
    value = _name("_value_" + column)
    if family in {None, "exact"}:
        return "0::DECIMAL(18,4)"
    if family == "number":
        return f"rounding_of_double({read}, {value})"
    return f"rounding_of_text({read}, lower(trim({value}::VARCHAR)))"


def _double(column: str, family: str | None) -> str:
    """A decimal column as a double, for rules that need not be exact."""
    if family is None:
        return "NULL::DOUBLE"
    value = _name("_value_" + column)
    if family in {"number", "float", "exact"}:
        return f"{value}::DOUBLE"
    return f"try_cast({value}::VARCHAR AS DOUBLE)"


def _name(column: str) -> str:
    return '"' + column.replace('"', '""') + '"'
