"""What a connection may see: each table of a view as exactly its files and teams."""

from collections.abc import Iterable

import duckdb
import pyarrow as pa

from warehouse.sql_text import projection
from warehouse.tables import Scope, TableSpec, arrow_schema, spec_of

_TEAMS = "comptroller_visible_team"


def register_teams(connection: duckdb.DuckDBPyConnection, teams: Iterable[str]) -> None:
    """Make the teams known to the views; names travel as data, never as SQL."""
    connection.register(_TEAMS, pa.table({"team": pa.array(sorted(teams), pa.string())}))


def register_files(
    connection: duckdb.DuckDBPyConnection, name: str, table: str, files: list[str]
) -> None:
    """Make ``name`` a view over ``files``, with all columns of ``table``."""
    _rows(connection, spec_of(table), files).create_view(name)


def register_table(
    connection: duckdb.DuckDBPyConnection, table: str, files: list[str], *, scoped: bool
) -> None:
    """Make ``table`` a view over ``files``, limited to the registered teams if ``scoped``."""
    spec = spec_of(table)
    hidden = scoped and spec.scope is Scope.NOTHING
    rows = _rows(connection, spec, [] if hidden else files)
    if scoped and spec.scope is Scope.BY_TEAM:
        rows = rows.filter(f"team IN (FROM {_TEAMS})")
    rows.create_view(table)


def _rows(
    connection: duckdb.DuckDBPyConnection, spec: TableSpec, files: list[str]
) -> duckdb.DuckDBPyRelation:
    if not files:
        return connection.from_arrow(arrow_schema(spec.name).empty_table())
    found = connection.read_parquet(files, union_by_name=True, hive_partitioning=False)
    return found.project(projection(spec.columns, found.columns))
