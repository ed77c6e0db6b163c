"""Findings: rules that rows break without being set aside, counted while rows are counted."""

import csv
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files as resources

import duckdb

from warehouse.load_reader import LoadFile, template
from warehouse.load_write import Written
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
class Rule:
    """A line of ``<table>_rules.csv``: ``breach`` is true for a row that breaks the rule.

    It may ask the table's columns and, cheaper of decimals, ``_double_c`` and ``_given_c``.
    """

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


def rules_of(table: str, version: str) -> list[Rule]:
    """Return the rules for rows of ``table`` that hold for a version of the delivered dialect."""
    return [rule for rule in _rules(table) if rule.since <= version]


def unread(given: Mapping[str, int], written: Sequence[Written]) -> list[Finding]:
    """Find values that came (``given`` says how many) and are not there in what was written."""
    return [
        Finding("cannot be read, so it is null", column, rows - there)
        for column, rows in given.items()
        if (there := sum(one.file.rows - one.nulls.get(column, 0) for one in written)) < rows
    ]


def beside_findings(
    connection: duckdb.DuckDBPyConnection, table: str, paths: Sequence[str]
) -> list[Finding]:
    """Find what is odd about staged rows beside each other, where the table has such rules."""
    if table not in _OWN_QUESTIONS or not paths:
        return []
    listed = ", ".join(literal(path) for path in paths)
    connection.execute(f"CREATE TEMP VIEW staged AS FROM read_parquet([{listed}])")
    rows = connection.execute(read_question(f"load/{table}_findings").sql).fetchall()
    return [finding for row in rows if (finding := Finding(*row)).rows > 0]


@cache
def _rules(table: str) -> tuple[Rule, ...]:
    source = resources("warehouse").joinpath("sql", "load", f"{table}_rules.csv")
    lines = source.read_text(encoding="utf-8").splitlines()
    return tuple(Rule(**row) for row in csv.DictReader(lines))
