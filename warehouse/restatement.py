"""What a delivery changes of what its periods hold: rows and money added, removed and changed."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from decimal import Decimal

from warehouse.lake import Lake
from warehouse.load_state import loader
from warehouse.load_write import Load
from warehouse.port import Engine, StagedFile
from warehouse.questions import read_question
from warehouse.sql_text import literal, projection
from warehouse.tables import MONTH, SOURCE, ColumnType, spec_of

_TABLE = "cost_line"


@dataclass(frozen=True, slots=True)
class Restated:
    """The changes of one account, service and currency; ``changed`` money is new minus old.

    ``account`` is the sub-account, or the billing account where there is none.
    """

    account: str | None
    service: str | None
    currency: str | None
    rows_added: int
    rows_removed: int
    rows_changed: int
    billed_added: Decimal
    billed_removed: Decimal
    billed_changed: Decimal
    effective_added: Decimal
    effective_removed: Decimal
    effective_changed: Decimal


def restated(
    load: Load,
    staged: Sequence[StagedFile],
    periods: Collection[str],
    *,
    lake: Lake,
    engine: Engine,
) -> tuple[Restated, ...]:
    """Compare the cost lines that ``periods`` of the load's source held with those staged.

    Nothing is said about other tables than cost lines, and about periods that held nothing: what
    is new there restates nothing.
    """
    if load.table != _TABLE or not periods:
        return ()
    before = lake.view_before(_TABLE, load.load_id)
    files = [one.uri for one in staged if one.partition.period in periods]
    with loader(engine).connection(before, reads=files) as connection:
        listed = ", ".join(literal(period) for period in sorted(periods))
        # Names of tables and columns are the lake's own, the rest is quoted.
        mine = f"{SOURCE} = {literal(load.source)} AND {MONTH} IN ({listed})"
        question = f"SELECT DISTINCT {MONTH} FROM {_TABLE} WHERE {mine}"  # noqa: S608 - see above
        held = {str(row[0]) for row in connection.execute(question).fetchall()}
        if not held:
            return ()
        sides = [f"SELECT -1 AS side, {_line()} FROM {_TABLE} WHERE {mine}"]  # noqa: S608 - see above
        if files := [one.uri for one in staged if one.partition.period in held]:
            sides.append(f"SELECT 1 AS side, {_line()} FROM ({_staged(files)})")  # noqa: S608 - see above
        connection.execute(f"CREATE TEMP VIEW line AS {' UNION ALL '.join(sides)}")
        rows = connection.execute(read_question("load/restated").sql).fetchall()
    return tuple(Restated(*row) for row in rows)


def _staged(files: Sequence[str]) -> str:
    listed = ", ".join(literal(file) for file in files)
    columns = projection(spec_of(_TABLE).columns, spec_of(_TABLE).columns)
    return f"SELECT {columns} FROM read_parquet([{listed}], hive_partitioning = false)"  # noqa: S608 - quoted


def _line() -> str:
    """What a line is about, and its amounts, each as one number; own columns belong to neither."""
    focus = {
        name: kind for name, kind in spec_of(_TABLE).columns.items() if not name.startswith("x_")
    }
    amounts = ", ".join(f'"{n}"' for n, kind in focus.items() if kind is ColumnType.DECIMAL)
    others = ", ".join(f'"{n}"' for n, kind in focus.items() if kind is not ColumnType.DECIMAL)
    return (
        "coalesce(SubAccountId, BillingAccountId) AS account, ServiceName AS service, "
        f"BillingCurrency AS currency, hash({others}) AS same, hash({amounts}) AS amounts, "
        "BilledCost AS billed, EffectiveCost AS effective"
    )
