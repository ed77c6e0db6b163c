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
    "properties": ["provider", "account", "service", "resource", "pool", "charge_category"],
    "tag_paths": ['$."team"', '$."env"', '$."cost.center"'],
}
"""What a parameter of this name is asked with; a new name needs a value here."""


def asked(name: str, duck: Engine, view: View) -> Question:
    """The question with parameters by their names, and inputs by DuckDB's own answers."""
    file = read_question(name)
    known = dict(PARAMS) | (_an_origin(duck, view) if name == "ask/cost_lines_of_origin" else {})
    params = {param: known[param] for param in file.params}
    inputs = {
        relation: _input(relation, columns, duck, view) for relation, columns in file.inputs.items()
    }
    return Question(name, params, inputs)


def _an_origin(duck: Engine, view: View) -> dict[str, object]:
    """The properties of the origin of one cost line."""
    columns = "ServiceProviderName, SubAccountId, ServiceName, SkuId, ChargeCategory"
    # Names of columns, all our own.
    select = f"""SELECT ChargePeriodStart::DATE, {columns}, CommitmentDiscountStatus,
        BillingCurrency FROM cost_line WHERE x_BillingPeriod = '2026-10'
        AND ChargePeriodStart::VARCHAR || SubAccountId || SkuId IS NOT NULL LIMIT 1"""  # noqa: S608 - see above
    names = ("day", "provider", "account", "service", "sku", "charge_category")
    with loader(duck).connection(replace(view, teams=None)) as connection:
        row = connection.execute(select).fetchone() or [None] * 8
    return dict(zip((*names, "commitment_status", "currency"), row, strict=True))


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
    return invented(columns)
