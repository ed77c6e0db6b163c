"""Writes the lake's cost lines as a file in the form of FOCUS 1.4; the engine streams them."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import duckdb

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

_QUESTION = "export/focus"


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


def export_focus(  # noqa: PLR0913  (what is written, from what, and where to)
    period: str, source: str, target: Path, *, view: View, engine: Engine, custom_columns: bool
) -> Exported:
    """Write the cost lines of ``period`` and ``source`` (empty: all) to ``target``.

    Its name ends in one of ``FORMATS``. Without a row nothing is written.

    Raises:
        UnwritableFile: When the file cannot be written there; says why.
    """
    params: dict[str, object] = {"period": period, "source": source}
    file = read_question(_QUESTION)
    file.check(Question(_QUESTION, params))
    part = target.with_name(f".{target.name}.part")
    with loader(engine).connection(view, writes=target.parent) as connection:
        described = connection.execute(f"DESCRIBE {file.sql}", params).fetchall()
        columns = [_Column(str(row[0]), str(row[1])) for row in described]
        kept = tuple(_kept(connection, file.sql, params, columns, custom_columns=custom_columns))
        if not kept:
            return Exported(0, ())
        copy = f"COPY ({_select(kept, file.sql, target)}) TO {literal(str(part))} ({_form(target)})"
        try:
            row = connection.execute(copy, params).fetchone()
            part.replace(target)
        except (duckdb.IOException, OSError) as problem:
            if str(part) not in str(problem):
                raise
            raise _unwritable(target, problem) from problem
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
    params: dict[str, object],
    columns: Sequence[_Column],
    *,
    custom_columns: bool,
) -> Iterator[_Column]:
    """Yield the columns that are written; none where there is no row."""
    counts = ", ".join(f'count("{column.name}")' for column in columns)
    # Names of our own columns over a question of ours.
    counted = connection.execute(f"SELECT count(*), {counts} FROM ({sql}\n)", params).fetchone()  # noqa: S608
    rows, *filled = counted or (0,)
    for column, values in zip(columns, filled, strict=False):
        is_custom = column.name.startswith("x_")
        if rows and (custom_columns if is_custom else values or column.name in MANDATORY):
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


def _form(target: Path) -> str:
    if target.suffix == ".parquet":
        return "FORMAT parquet, COMPRESSION zstd"
    compression = "gzip" if target.suffix == ".gz" else "none"
    return f"FORMAT csv, HEADER true, COMPRESSION {compression}"
