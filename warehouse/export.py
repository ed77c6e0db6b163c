"""Writes the lake's cost lines as a file in the form of FOCUS 1.4; the engine streams them."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import duckdb
import pyarrow as pa

from warehouse.errors import WarehouseError
from warehouse.load_state import loader
from warehouse.port import Engine, Question, View
from warehouse.questions import read_question
from warehouse.sql_text import literal

FORMATS = (".parquet", ".csv", ".csv.gz")
"""The ends of file names that can be written."""

MANDATORY = frozenset(
    (
        *("BilledCost", "EffectiveCost", "ListCost", "ContractedCost"),
        *("BillingAccountId", "BillingAccountName", "BillingCurrency"),
        *("BillingPeriodStart", "BillingPeriodEnd", "ChargePeriodStart", "ChargePeriodEnd"),
        *("ChargeCategory", "ChargeClass", "ChargeDescription", "PricingQuantity", "PricingUnit"),
        *("InvoiceIssuerName", "ServiceProviderName", "HostProviderName"),
        *("ServiceCategory", "ServiceName"),
    )
)
"""FOCUS columns that are there in any case; of others, those that no row has are left out."""

ALLOCATED = frozenset(("x_Team", "x_Line", "x_Pool", "x_OriginChargeId", "x_OriginBilledCost"))
"""Our own columns that say who bears a row; they are there in any case where they are asked for."""

_BORNE = """SELECT x_Team AS team, BillingCurrency AS currency,
    sum(BilledCost) AS billed_cost, sum(EffectiveCost) AS effective_cost,
    sum(ContractedCost) AS contracted_cost, sum(ListCost) AS list_cost
FROM exported GROUP BY 1, 2 ORDER BY 1, 2"""


class UnwritableFile(WarehouseError):
    """The file that was to be written cannot be, as its folder takes none or is full."""


@dataclass(frozen=True, slots=True)
class Exported:
    """What was written: rows, and the columns in their order."""

    rows: int
    columns: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Column:
    name: str
    kind: str


@dataclass(frozen=True, slots=True)
class Target:
    """The file to write: its name ends in one of ``FORMATS``.

    ``metadata`` is kept in the file where its form has a place for it, which is Parquet.
    """

    path: Path
    custom_columns: bool = False
    metadata: Mapping[str, str] = field(default_factory=dict)


def export_focus(
    period: str, source: str, target: Target, *, view: View, engine: Engine
) -> Exported:
    """Write the cost lines of ``period`` and ``source`` (empty: all). Without a row, write nothing.

    Raises:
        UnwritableFile: When the file cannot be written there; says why.
    """
    question = Question("export/focus", {"period": period, "source": source})
    with _connected(question, target, view, engine) as (connection, sql):
        return _write(connection, sql, question.params, target)


def export_allocated(  # noqa: PLR0913  (what is written, from what, and where to)
    question: Question,
    source: str,
    target: Target,
    *,
    view: View,
    engine: Engine,
    proof: Callable[[pa.Table], None],
) -> Exported:
    """Write the answer of ``export/focus_allocated``. Without a row, write nothing.

    Args:
        question: The question with its parameters and inputs.
        source: Only the lines of this source are written; empty for all.
        target: The file to write.
        view: The snapshots that the allocation belongs to.
        engine: What writes.
        proof: Gets what each team bears in each currency of the rows of all sources, and raises
            where that is not what it should be; nothing is written then.

    Raises:
        UnwritableFile: When the file cannot be written there; says why.
    """
    with _connected(question, target, view, engine) as (connection, sql):
        # Its windows are computed once, and spill to the engine's folder where they are many.
        # The question is ours.
        connection.execute(f"CREATE TEMP TABLE exported AS {sql}", dict(question.params))
        proof(connection.execute(_BORNE).to_arrow_table())
        mine = "SELECT * FROM exported WHERE $source = '' OR x_SourceId = $source"
        return _write(connection, mine, {"source": source}, target)


@contextmanager
def _connected(
    question: Question, target: Target, view: View, engine: Engine
) -> Iterator[tuple[duckdb.DuckDBPyConnection, str]]:
    file = read_question(question.name)
    file.check(question)
    with loader(engine).connection(
        view,
        question.inputs,
        writes=target.path.parent,
        periods=file.wanted_periods(question),
    ) as connection:
        yield connection, file.sql


def _write(
    connection: duckdb.DuckDBPyConnection,
    sql: str,
    params: Mapping[str, object],
    target: Target,
) -> Exported:
    described = connection.execute(f"DESCRIBE {sql}", dict(params)).fetchall()
    columns = [_Column(str(row[0]), str(row[1])) for row in described]
    kept = tuple(_kept(connection, sql, params, columns, custom_columns=target.custom_columns))
    if not kept:
        return Exported(0, ())
    path = target.path
    part = path.with_name(f".{path.name}.part")
    copy = f"COPY ({_select(kept, sql, path)}) TO {literal(str(part))} ({_form(target)})"
    try:
        row = connection.execute(copy, dict(params)).fetchone()
        part.replace(path)
    except (duckdb.IOException, OSError) as problem:
        if str(part) not in str(problem):
            raise
        raise _unwritable(path, problem) from problem
    finally:
        part.unlink(missing_ok=True)
    return Exported(int(row[0]) if row else 0, tuple(column.name for column in kept))


def _unwritable(target: Path, problem: Exception) -> UnwritableFile:
    """Tell the cause behind what DuckDB or the system say of the file."""
    why = problem.strerror if isinstance(problem, OSError) else str(problem).rpartition(": ")[2]
    return UnwritableFile(
        f"{target}: cannot be written ({why}); name a file in a folder that takes new files and "
        "has room for it"
    )


def _kept(
    connection: duckdb.DuckDBPyConnection,
    sql: str,
    params: Mapping[str, object],
    columns: Sequence[_Column],
    *,
    custom_columns: bool,
) -> Iterator[_Column]:
    """Yield the columns that are written; none where there is no row."""
    counts = ", ".join(f'count("{column.name}")' for column in columns)
    # Names of our own columns over a question of ours.
    counting = f"SELECT count(*), {counts} FROM ({sql}\n)"  # noqa: S608
    counted = connection.execute(counting, dict(params)).fetchone()
    rows, *filled = counted or (0,)
    for column, values in zip(columns, filled, strict=False):
        is_custom = column.name.startswith("x_") and column.name not in ALLOCATED
        always = column.name in MANDATORY | ALLOCATED
        if rows and (custom_columns if is_custom else values or always):
            yield column


def _select(columns: Sequence[_Column], sql: str, target: Path) -> str:
    """Write the SELECT of the file's columns: typed in Parquet, FOCUS's texts in CSV."""
    plain = target.suffix == ".parquet"
    listed = ", ".join(
        f'"{column.name}"' if plain else f'{_as_text(column)} AS "{column.name}"'
        for column in columns
    )
    return f"SELECT {listed} FROM ({sql}\n)"  # noqa: S608 - names of our own columns


def _as_text(column: _Column) -> str:
    """Numbers without zeros at their end, moments in UTC with a Z."""
    name = f'"{column.name}"'
    if column.kind.startswith("DECIMAL"):
        return f"rtrim(rtrim({name}::VARCHAR, '0'), '.')"
    if column.kind.startswith("TIMESTAMP"):
        return f"replace(strftime({name}, '%Y-%m-%dT%H:%M:%S.%fZ'), '.000000Z', 'Z')"
    return name


def _form(target: Target) -> str:
    if target.path.suffix == ".parquet":
        listed = ", ".join(
            f"{literal(name)}: {literal(value)}" for name, value in sorted(target.metadata.items())
        )
        kept = f", KV_METADATA {{{listed}}}" if listed else ""
        return f"FORMAT parquet, COMPRESSION zstd{kept}"
    compression = "gzip" if target.path.suffix == ".gz" else "none"
    return f"FORMAT csv, HEADER true, COMPRESSION {compression}"
