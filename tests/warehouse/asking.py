"""Each question as it is asked of a lake of invented rows."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, date, datetime

import pyarrow as pa

from tests.warehouse.invented import invented
from warehouse.load_state import loader
from warehouse.port import Engine, Question, View
from warehouse.questions import read_question

PARAMS: Mapping[str, object] = {
    "period": "2026-10",
    "run": "run-1",
    "by": "team",
    "basis": "contracted",
    "at": datetime(2026, 10, 1, 12, tzinfo=UTC),
    "begin": datetime(2026, 9, 30, tzinfo=UTC),
    "until": datetime(2026, 10, 3, tzinfo=UTC),
    "first": date(2026, 9, 30),
    "end": date(2026, 10, 3),
    "source": "aws-bills",
    "runs": ["run-1"],
    "first_period": "2026-09",
    "end_period": "2026-11",
    "before": "2026-09",
    "limit": 20,
    "skip": 0,
    "names": ["file_name-a", "none"],
    "properties": [
        *("provider", "account", "service", "resource", "pool", "charge_category"),
        *("commitment_status", "commitment"),
    ],
    "tag_paths": ['$."team"', '$."env"', '$."cost.center"'],
}
"""What a parameter of this name is asked with; a new name needs a value here."""


_ORIGIN: Mapping[str, str] = {
    "day": "ChargePeriodStart::DATE",
    "provider": "ServiceProviderName",
    "account": "SubAccountId",
    "service": "ServiceName",
    "sku": "SkuId",
    "charge_category": "ChargeCategory",
    "commitment_status": "CommitmentDiscountStatus",
    "currency": "BillingCurrency",
    "invoice_issuer": "InvoiceIssuerName",
    "invoice": "InvoiceId",
    "commitment": "CommitmentDiscountId",
    "accelerator_model": "x_AcceleratorModel",
}
"""The columns of a cost line whose origin is asked for."""


_LINE = (
    *("team", "line", "pool", "provider", "account", "service", "charge_category"),
    *("commitment", "method_id", "currency"),
)
"""What allocated cost is summed by into one line of a statement."""


def asked(name: str, duck: Engine, view: View) -> Question:
    """The question with parameters by their names, and inputs by DuckDB's own answers."""
    file = read_question(name)
    known = dict(PARAMS)
    if name == "ask/cost_lines_of_origin":
        known |= _an_origin(duck, view)
    if name == "ask/rows_of_line":
        known |= _a_line(duck, view)
    params = {param: known[param] for param in file.params}
    inputs = {
        relation: _input(relation, columns, duck, view) for relation, columns in file.inputs.items()
    }
    return Question(name, params, inputs)


def _an_origin(duck: Engine, view: View) -> dict[str, object]:
    """The properties of the origin of one cost line."""
    columns = ", ".join(f"{column} AS {name}" for name, column in _ORIGIN.items())
    # Names of columns, all our own.
    select = f"""SELECT {columns} FROM cost_line WHERE x_BillingPeriod = '2026-10'
        AND ChargePeriodStart::VARCHAR || SubAccountId || SkuId || CommitmentDiscountId
            || CommitmentDiscountStatus IS NOT NULL
            AND CapacityReservationStatus IS NULL LIMIT 1"""  # noqa: S608 - see above
    with loader(duck).connection(replace(view, teams=None)) as connection:
        row = connection.execute(select).fetchone() or [None] * len(_ORIGIN)
    return dict(zip(_ORIGIN, row, strict=True))


def _a_line(duck: Engine, view: View) -> dict[str, object]:
    """The statement line of one row of an allocation, as it is asked for by list prices."""
    columns = ", ".join(f"coalesce({name}, '')" for name in _LINE)
    # Names of columns, all our own.
    select = f"""SELECT {columns} FROM allocation WHERE x_BillingPeriod = '2026-10'
        AND run_id = 'run-1' AND list_cost IS NOT NULL AND team IS NOT NULL AND line IS NOT NULL
        AND method_id IS NOT NULL ORDER BY x_RecordNumber LIMIT 1"""  # noqa: S608 - see above
    with loader(duck).connection(replace(view, teams=None)) as connection:
        row = connection.execute(select).fetchone() or [""] * len(_LINE)
    return {"cost": "list", **dict(zip(_LINE, row, strict=True))}


def _input(name: str, columns: Mapping[str, str], duck: Engine, view: View) -> pa.Table:
    everything = replace(view, teams=None)
    if name == "machine":
        return duck.query(Question("ask/machine_times"), everything)
    if name == "owner":
        kinds = duck.query(asked("ask/charge_kinds", duck, everything), everything)
        owners = invented({"team": "VARCHAR", "shared_pool": "VARCHAR"}, rows=kinds.num_rows)
        return kinds.append_column("team", owners["team"]).append_column(
            "shared_pool", owners["shared_pool"]
        )
    if name == "origin":
        return _origins(duck.query(asked("ask/charge_groups", duck, everything), everything))
    if name == "stored":
        months = {"run": ["run-1", "run-1"], "period": ["2026-09", "2026-10"]}
        return pa.table(months)
    return invented(columns)


def _origins(groups: pa.Table) -> pa.Table:
    """Groups of charges as the origins whose cost lines are asked for, two lines of each."""
    rows = [
        row
        | {
            "number": number,
            "wanted": 2,
            "owner": (row["team"] or "unallocated") if row["pool"] is None else None,
            "contracted_unknown": int(row["contracted_cost"] is None),
            "list_unknown": int(row["list_cost"] is None),
        }
        for number, row in enumerate(groups.to_pylist())
    ]
    asked_for = read_question("ask/cost_lines_of_origins").inputs["origin"]
    schema = pa.schema([(column, _ARROW[kind]) for column, kind in asked_for.items()])
    return pa.Table.from_pylist(rows, schema)


_ARROW = {"INTEGER": pa.int32(), "VARCHAR": pa.string(), "DATE": pa.date32()}
