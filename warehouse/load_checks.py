"""Findings: rules that rows break without being set aside, counted while rows are counted."""

import csv
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files as resources

import duckdb

from warehouse.load_dialects import Dialect, missing_sentence
from warehouse.load_files import LoadFile, UnreadableDelivery
from warehouse.load_typed import template
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


_NEEDED = {
    "cost_line": ("BilledCost", "EffectiveCost", "BillingCurrency", "BillingPeriodStart"),
}
"""Columns without which every row would be set aside."""


@dataclass(frozen=True, slots=True)
class Finding:
    """A rule that ``rows`` rows of a delivery broke in ``column``."""

    rule: str
    column: str
    rows: int


@dataclass(frozen=True, slots=True)
class Rule:
    """A line of ``<table>_rules.csv``: ``breach`` is true for a row that breaks the rule.

    It may ask the table's columns and, cheaper of decimals, ``_double_c`` and ``_given_c``; cheaper
    of texts is ``_told_c``, which is empty where the column is null.
    """

    rule: str
    column: str
    since: str
    breach: str


def check_columns(table: str, file: LoadFile, dialect: Dialect | None) -> None:
    """Refuse a file without the columns that its rows cannot do without.

    Raises:
        UnreadableDelivery: When columns are missing, or come twice; names them.
    """
    if dialect is not None:
        dialect.check(file)
    elif lost := [name for name in _NEEDED.get(table, ()) if name not in file.columns]:
        raise UnreadableDelivery(missing_sentence(file, lost, _NEEDED[table], "a FOCUS bill"))


def header_findings(
    table: str, files: Sequence[LoadFile], records: Mapping[str, int], dialect: Dialect | None
) -> list[Finding]:
    """Say what is odd about the columns of the files and about files without records."""
    found: dict[tuple[str, str], int] = {}
    for file in files:
        rows = records[file.file_id]
        if rows == 0:
            found["file has no records", file.name] = 0
            continue
        odd = _odd_columns(table, file) if dialect is None else _unmapped(file, dialect)
        for key in odd:
            found[key] = found.get(key, 0) + rows
    return [Finding(rule, column, rows) for (rule, column), rows in found.items()]


def _odd_columns(table: str, file: LoadFile) -> list[tuple[str, str]]:
    """What is odd about the columns of a file that has those of its table."""
    known = template(table)
    spelled = {name.lower(): name for name in known}
    odd = []
    for column in file.columns:
        if column not in known:
            near = spelled.get(column.lower())
            rule = f"column is not kept, it is spelled {near}" if near else "column is not kept"
            odd.append((rule, column))
    lost = [column for column in _MUST_COME.get(table, ()) if column not in file.columns]
    return odd + [("column is missing", column) for column in lost]


def _unmapped(file: LoadFile, dialect: Dialect) -> list[tuple[str, str]]:
    """What is odd about the columns of a file that is mapped."""
    odd = [("column is not kept", name) for name in file.columns if not dialect.keeps(name)]
    return odd + [("column is missing", name) for name in dialect.missing(file.columns)]


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
