"""From DuckDB's SQL to Spark's: one question file, two engines.

sqlglot writes the SQL anew; what is added here are types for the parameters (they travel as text
beside the SQL, never in it), the engine's own names for tables, and three spellings that sqlglot
does not know.
"""

import json
from collections.abc import Mapping
from datetime import UTC, date, datetime
from decimal import Decimal
from functools import cache

import sqlglot
from sqlglot import exp
from sqlglot.optimizer.scope import traverse_scope

from warehouse.errors import UnknownTable
from warehouse.questions import QuestionFile
from warehouse.spark_types import spark_type

_STRICT_JSON = "map('allowSingleQuotes', 'false')"


def spark_sql(file: QuestionFile, names: Mapping[str, str]) -> str:
    """The question in Spark's SQL, over the tables that ``names`` maps its own to.

    Raises:
        UnknownTable: When it asks for a table that is not in ``names``.
    """
    tree = _parsed(file).copy()
    for table in _tables(tree):
        if table.name not in names or table.db:
            raise UnknownTable(f"{file.name}.sql asks for {table.name}, which it may not see")
        if not table.alias:
            table.set("alias", exp.TableAlias(this=exp.to_identifier(table.name)))
        table.set("this", exp.to_identifier(names[table.name], quoted=True))
    return tree.sql("spark", comments=False)


def _parsed(file: QuestionFile) -> exp.Expr:
    return _tree(file.sql, tuple(file.params.items()))


@cache
def _tree(sql: str, params: tuple[tuple[str, str], ...]) -> exp.Expr:
    tree = sqlglot.parse_one(sql, read="duckdb").transform(_portable)
    return tree.transform(_typed, dict(params))


def tables_of(file: QuestionFile) -> set[str]:
    """The names of the tables and inputs that a question reads."""
    return {table.name for table in _tables(_parsed(file))}


def _tables(tree: exp.Expr) -> list[exp.Table]:
    sources = (source for scope in traverse_scope(tree) for source in scope.sources.values())
    found = {id(source): source for source in sources if isinstance(source, exp.Table)}
    return list(found.values())


def _typed(node: exp.Expr, params: Mapping[str, str]) -> exp.Expr:
    """A parameter as what it is declared to be; lists travel as JSON."""
    if not isinstance(node, (exp.Parameter, exp.Placeholder)) or node.name not in params:
        return node
    declared = params[node.name]
    mark = f":{node.name}"
    if declared.endswith("[]"):
        mark = f"from_json({mark}, 'array<string>')"
    return _spark(f"CAST({mark} AS {spark_type(declared)})")


def _portable(node: exp.Expr) -> exp.Expr:
    """The three functions that sqlglot gives another meaning or none."""
    if isinstance(node, exp.JSONExtractScalar):
        return _member(node.this.transform(_portable), node.expression)
    if isinstance(node, exp.Anonymous) and node.name.lower() == "json_valid":
        return _spark(f"size({_json_array(node.expressions[0], 'string')}) = 1")
    return node


def _member(text: exp.Expr, path: exp.Expr) -> exp.Expr:
    """The member of a JSON object that a path ``$."key"`` names, as text.

    Spark's own paths cannot name every key. One object in an array is read instead of the object,
    because Spark would overlook what follows an object.
    """
    key = f"from_json(concat('[', substring({path.sql('spark')}, 3), ']'), 'array<string>')[0]"
    members = f"get({_json_array(text, 'map<string,string>')}, 0)"
    return _spark(f"try_element_at({members}, {key})")


def _json_array(text: exp.Expr, of: str) -> str:
    return f"from_json(concat('[', {text.sql('spark')}, ']'), 'array<{of}>', {_STRICT_JSON})"


def _spark(sql: str) -> exp.Expr:
    return sqlglot.parse_one(sql, read="spark")


def spark_args(file: QuestionFile, params: Mapping[str, object]) -> dict[str, str | None]:
    """The parameters as the text that the question casts to their declared types."""
    return {name: _text(params[name]) for name in file.params}


def _text(value: object) -> str | None:
    if isinstance(value, (list, tuple)):
        return json.dumps([_text(item) for item in value], ensure_ascii=False)
    if isinstance(value, datetime):
        aware = value.replace(tzinfo=UTC) if value.tzinfo is None else value
        return aware.astimezone(UTC).isoformat()
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, Decimal):
        return format(value, "f")
    return None if value is None else str(value)
