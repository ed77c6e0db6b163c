"""Rows of the detailed export as BigQuery answers them, without asking BigQuery."""

import json
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

import pyarrow as pa

from ingest.sources.google.queries import COLUMNS, CREDIT_FIELDS
from ingest.sources.google.spool import spool

FEE = "Commitment v1: A3 Cpu in Iowa for 1 Year"
CUD = "COMMITTED_USAGE_DISCOUNT"

_NUMBERS = {
    "cost",
    "cost_at_list",
    "currency_conversion_rate",
    "usage_amount",
    "usage_amount_in_pricing_units",
}
_TIMES = {"usage_start_time", "usage_end_time", "export_time"}
_CREDITS = pa.list_(
    pa.struct([(name, pa.float64() if name == "amount" else pa.string()) for name in CREDIT_FIELDS])
)


def spooled(rows: Sequence[Mapping[str, Any]], folder: Path, batch_rows: int = 2) -> Path:
    """Write rows as the source does, in batches of a few."""
    target = folder / "gcp_billing_export_resource_v1_X-2026-10.parquet"
    found = list(batches(rows, batch_rows))
    assert spool(found, target) == len(rows)
    return target


def batches(rows: Sequence[Mapping[str, Any]], batch_rows: int) -> Iterator[pa.RecordBatch]:
    """Flatten rows as the query does."""
    schema = pa.schema([*((name, _type(name)) for name in COLUMNS), ("labels", pa.string())])
    schema = schema.append(pa.field("machine_spec", pa.string()))
    schema = schema.append(pa.field("credits", _CREDITS))
    flat = [_flat(row) for row in rows]
    for begin in range(0, len(flat), batch_rows):
        yield pa.RecordBatch.from_pylist(flat[begin : begin + batch_rows], schema)


def _type(name: str) -> pa.DataType:
    if name in _TIMES:
        return pa.timestamp("us", tz="UTC")
    return pa.float64() if name in _NUMBERS else pa.string()


def _flat(row: Mapping[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = {"credits": row["credits"], "machine_spec": row.get("machine_spec")}
    for name, path in COLUMNS.items():
        value: Any = row
        for part in path.split("."):
            value = (value or {}).get(part)
        found[name] = datetime.fromisoformat(value) if name in _TIMES else value
    pairs = [
        f"{json.dumps(one['key'])}:{json.dumps(one['value'])}" for one in row.get("labels", ())
    ]
    return found | {"labels": ",".join(pairs) or None}
