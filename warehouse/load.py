"""Stages a delivery: the engine writes Parquet by partition, rejected rows go to the quarantine.

Python touches no row. First one pass counts rows by period, finds those that must be set aside and
counts the rules that the others break; then the engine streams these into files.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from decimal import Decimal
from pathlib import Path

import duckdb

from warehouse.load_checks import (
    Finding,
    beside_findings,
    check_columns,
    header_findings,
    rules_of,
    unread,
)
from warehouse.load_counts import by_currency, count_rows
from warehouse.load_dialects import Dialect, read_dialect
from warehouse.load_files import UnreadableDelivery
from warehouse.load_gpu import find_accelerators, references
from warehouse.load_reader import register, with_records
from warehouse.load_state import loader
from warehouse.load_typed import template
from warehouse.load_write import Load, Written, write_quarantine, write_rows
from warehouse.port import Engine, StagedFile, View
from warehouse.questions import read_question
from warehouse.sql_text import literal

SAMPLES = 10
"""How many set-aside rows are told one by one."""


@dataclass(frozen=True, slots=True)
class Rejected:
    """A row that was set aside, and why."""

    file_name: str
    record_number: int
    reason: str


@dataclass(frozen=True, slots=True)
class Staged:
    """Files that are written and not committed, and what is to be said about them.

    ``periods`` are those that any row belongs to, set aside or not; ``quarantined_cost`` is the
    billed cost of set-aside rows and ``rounding`` what rounding to 12 decimals added to the billed
    cost of the others, by currency (XXX where it cannot be read).
    """

    table: str
    periods: tuple[str, ...] = ()
    rows: int = 0
    files: tuple[StagedFile, ...] = ()
    quarantined: int = 0
    quarantine_files: tuple[StagedFile, ...] = ()
    quarantined_cost: Mapping[str, Decimal] = field(default_factory=dict)
    rounding: Mapping[str, Decimal] = field(default_factory=dict)
    findings: tuple[Finding, ...] = ()
    rejected: tuple[Rejected, ...] = ()


def stage(
    load: Load,
    *,
    engine: Engine,
    folder: Path,
    dialects: Callable[[str], Dialect] = read_dialect,
) -> Staged:
    """Write the rows of ``load`` as files into ``folder``, which lies in the lake.

    With ``load.period`` exactly that partition is covered, also by no row at all.

    Raises:
        UnreadableDelivery: When a file is damaged or lacks a column; names file and place.
    """
    if not load.files and load.period is not None:
        nothing = Finding("delivery has no records", load.period, 0)
        return Staged(load.table, (load.period,), findings=(nothing,))
    dialect = dialects(load.dialect) if load.is_mapped else None
    for file in load.files:
        check_columns(load.table, file, dialect)
    reads = [file.path for file in load.files]
    tables = references(load.references)
    opened = loader(engine).connection(View({}), tables, reads=reads)
    with opened as connection, _errors(load), _no_spool(folder):
        records = register(connection, load.files, load.table, folder, dialect)
        unknown = find_accelerators(connection) if load.kind == "focus" else []
        connection.execute(f"CREATE TEMP VIEW converted AS {_converted(load)}")
        if load.kind == "focus":
            rows = read_question("load/focus_rows").sql
            connection.execute(f"CREATE TEMP VIEW filled AS {rows}")
        staged = _staged(connection, load, dialect, records, folder)
        return replace(staged, findings=(*staged.findings, *unknown))


@contextmanager
def _no_spool(folder: Path) -> Iterator[None]:
    """Leave no spooled file behind."""
    try:
        yield
    finally:
        for spooled in folder.glob("spool-*.parquet"):
            spooled.unlink()


def _converted(load: Load) -> str:
    """The kind's question; rows of other periods than the declared one are set aside."""
    question = read_question(f"load/{load.kind}").sql
    if load.period is None:
        return question
    period = literal(load.period)
    # The question is a file of ours, the period a literal.
    return f"""SELECT * REPLACE (
            {period} AS _period,
            CASE
                WHEN _reason IS NULL AND _period <> {period}
                    THEN other_period(_period, {period})
                ELSE _reason
            END AS _reason
        ) FROM ({question})"""  # noqa: S608 - see above


@contextmanager
def _errors(load: Load) -> Iterator[None]:
    """Say which files a failure of the engine is about."""
    try:
        yield
    except (duckdb.ProgrammingError, duckdb.OutOfMemoryException):
        raise
    except duckdb.Error as problem:
        names = ", ".join(file.name for file in load.files)
        why = str(problem).splitlines()[0]
        raise UnreadableDelivery(
            f"{names}: cannot be read: damaged behind the header ({why}); fetch it again"
        ) from problem


def _staged(
    connection: duckdb.DuckDBPyConnection,
    load: Load,
    dialect: Dialect | None,
    records: Mapping[str, int],
    folder: Path,
) -> Staged:
    typed = [name for name, want in template(load.table).items() if want != "text"]
    rules = rules_of(load.table, load.version)
    given = [f'"_given_{name}"' for name in typed]
    counts = count_rows(connection, [*given, *(rule.breach for rule in rules)])
    written = write_rows(connection, load, counts, folder)
    _refuse_loss(load, sum(count.good for count in counts), written)
    tallies = [sum(column) for column in zip(*(count.tallies for count in counts), strict=True)]
    findings = header_findings(load.table, load.files, records, dialect)
    findings += [
        Finding(rule.rule, rule.column, rows)
        for rule, rows in zip(rules, tallies[len(typed) :], strict=False)
        if rows
    ]
    findings += unread(dict(zip(typed, tallies, strict=False)), written)
    files = tuple(one.file for one in written)
    findings += beside_findings(connection, load.table, [file.uri for file in files])
    bad = sum(count.bad for count in counts)
    if bad and dialect is not None:
        with_records(connection)
    return Staged(
        table=load.table,
        periods=tuple(sorted({count.period for count in counts} - {""} | load.declared)),
        rows=sum(count.good for count in counts),
        files=files,
        quarantined=bad,
        quarantine_files=write_quarantine(connection, load, counts, folder) if bad else (),
        quarantined_cost={
            count.currency: cost for count in by_currency(counts) if (cost := count.bad_cost)
        },
        rounding={count.currency: count.rounding for count in by_currency(counts) if count.good},
        findings=tuple(findings),
        rejected=_samples(connection) if bad else (),
    )


def _refuse_loss(load: Load, counted: int, written: Sequence[Written]) -> None:
    """Make sure that what was written is what was counted: both passes read the same files."""
    rows = sum(one.file.rows for one in written)
    if rows != counted:  # pragma: no cover - only if a file changes meanwhile, or by our own fault
        names = ", ".join(file.name for file in load.files)
        raise UnreadableDelivery(
            f"{names}: {rows} of {counted} rows were written; nothing was loaded, load it again"
        )


def _samples(connection: duckdb.DuckDBPyConnection) -> tuple[Rejected, ...]:
    rows = connection.execute(
        "SELECT _file_name, _record_number, _reason FROM converted WHERE _reason IS NOT NULL"
        " ORDER BY _file_name, _record_number LIMIT $samples",
        {"samples": SAMPLES},
    ).fetchall()
    return tuple(Rejected(*row) for row in rows)
