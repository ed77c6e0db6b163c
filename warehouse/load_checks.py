"""Findings: rules that rows break without being set aside, counted over the staged files."""

import csv
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files as resources

import duckdb

from warehouse.load_reader import REMOVED_COLUMNS, LoadFile, template
from warehouse.questions import read_question
from warehouse.sql_text import literal

_OWN_QUESTIONS = frozenset({"gpu_usage", "job_run", "node"})
"""Tables with rules about rows beside each other, in ``load/<table>_findings.sql``."""

_MUST_COME = {
    "cost_line": (
        "BillingAccountName",
        "ChargeClass",
        "ChargeDescription",
        "PricingQuantity",
        "PricingUnit",
    )
}
"""Columns that may be null in every row and yet must be there."""


@dataclass(frozen=True, slots=True)
class Finding:
    """A rule that ``rows`` rows of a delivery broke in ``column``."""

    rule: str
    column: str
    rows: int


@dataclass(frozen=True, slots=True)
class _Rule:
    """A line of ``<table>_rules.csv``: ``breach`` is true for a row that breaks the rule."""

    rule: str
    column: str
    since: str
    breach: str


def header_findings(
    table: str, files: Sequence[LoadFile], records: Mapping[str, int]
) -> list[Finding]:
    """Say what is odd about the columns of the files and about files without records."""
    found: dict[tuple[str, str], int] = {}
    known = template(table)
    spelled = {name.lower(): name for name in known}
    for file in files:
        rows = records[file.file_id]
        if rows == 0:
            found["file has no records", file.name] = 0
            continue
        for column in file.columns:
            if column not in known:
                near = spelled.get(column.lower())
                rule = f"column is not kept, it is spelled {near}" if near else "column is not kept"
                found[rule, column] = found.get((rule, column), 0) + rows
        for column in _MUST_COME.get(table, ()):
            if column not in file.columns:
                key = ("column is missing", column)
                found[key] = found.get(key, 0) + rows
    return [Finding(rule, column, rows) for (rule, column), rows in found.items()]


def row_findings(
    connection: duckdb.DuckDBPyConnection,
    table: str,
    paths: Sequence[str],
    given: Mapping[str, int],
    version: str,
) -> list[Finding]:
    """Count the broken rules in the staged files of ``table``, in one pass.

    ``given`` says how many rows brought each typed column; what of it is not there was unreadable.
    ``version`` is that of the delivered dialect: rules of later ones do not apply.
    """
    if not paths:
        return []
    listed = ", ".join(literal(path) for path in paths)
    connection.execute(f"CREATE TEMP VIEW staged AS FROM read_parquet([{listed}])")
    rules = [rule for rule in _rules(table) if rule.since <= version]
    removed = REMOVED_COLUMNS.get(table, ())
    typed = [column for column in given if column not in removed]
    counts = [f"count(*) FILTER ({rule.breach})" for rule in rules]
    counts += [f'count("{column}")' for column in typed]
    # Rules are files of ours, columns are those of the table.
    row = connection.execute(f"SELECT {', '.join(counts)} FROM staged").fetchone() or ()  # noqa: S608
    broken = [
        Finding(rule.rule, rule.column, int(rows)) for rule, rows in zip(rules, row, strict=False)
    ]
    unread = [
        Finding("cannot be read, so it is null", column, given[column] - int(rows))
        for column, rows in zip(typed, row[len(rules) :], strict=True)
    ]
    return [one for one in (*broken, *unread, *_own(connection, table)) if one.rows > 0]


def _own(connection: duckdb.DuckDBPyConnection, table: str) -> Iterable[Finding]:
    if table not in _OWN_QUESTIONS:
        return []
    question = read_question(f"load/{table}_findings")
    return [
        Finding(rule, column, rows or 0)
        for rule, column, rows in connection.execute(question.sql).fetchall()
    ]


@cache
def _rules(table: str) -> tuple[_Rule, ...]:
    source = resources("warehouse").joinpath("sql", "load", f"{table}_rules.csv")
    lines = source.read_text(encoding="utf-8").splitlines()
    return tuple(_Rule(**row) for row in csv.DictReader(lines))
