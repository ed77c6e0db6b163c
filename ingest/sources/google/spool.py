"""Writes the rows of an export into one Parquet file, batch by batch, whatever the month holds.

A usage export takes two passes: the first writes the records and sums fees and covered usage, the
second adds what became of the commitments, and at the end a record for what of them was unused.
"""

from collections.abc import Iterable, Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from ingest.sources.google.commitments import KEY, NAMES, Key, Pool, pools_of
from ingest.sources.google.records import MONEY, TEXT, column, exact, records_of
from ingest.sources.google.shares import ADDED, is_regular, with_shares

_SUMS = [
    ("fee", "sum"),
    ("paid_back", "sum"),
    ("quantity", "sum"),
    ("covered_quantity", "sum"),
    ("usage_start_time", "min"),
    ("usage_end_time", "max"),
]


def spool(batches: Iterable[pa.RecordBatch], target: Path) -> int:
    """Write ``batches`` of a usage export into ``target``; returns how many rows there were."""
    raw = target.with_suffix(".raw")
    sums: list[Mapping[str, Any]] = []
    rows = 0
    with ExitStack() as stack:
        writer: pq.ParquetWriter | None = None
        for batch in batches:
            rows += batch.num_rows
            usage, credit = records_of(batch)
            sums += _sums(usage)
            writer = writer or stack.enter_context(pq.ParquetWriter(raw, usage.schema))
            writer.write_table(pa.concat_tables([usage, credit]))
    if rows:
        _second_pass(raw, target, pools_of(sums))
        raw.unlink()
    return rows


def copy(batches: Iterable[pa.RecordBatch], names: Sequence[str], target: Path) -> int:
    """Write ``batches`` into ``target`` as they are, their columns under the ``names`` asked for.

    Returns how many rows there were.
    """
    rows = 0
    with ExitStack() as stack:
        writer: pq.ParquetWriter | None = None
        for batch in batches:
            rows += batch.num_rows
            named = batch.rename_columns(list(names))
            writer = writer or stack.enter_context(pq.ParquetWriter(target, named.schema))
            writer.write_batch(named)
    return rows


def _sums(usage: pa.Table) -> list[Mapping[str, Any]]:
    """Sum what tells the pools of commitments, by SKU, project and subscription."""
    regular = is_regular(usage)
    nothing = pa.scalar(None, MONEY)
    told = {name: column(usage, name, TEXT) for name in (*KEY, *NAMES)}
    told |= {
        "fee": pc.if_else(regular, exact(usage.column("cost")), nothing),
        "paid_back": pc.if_else(regular, usage.column("commitment_credit"), nothing),
        "quantity": column(usage, "usage_amount_in_pricing_units", pa.float64()),
    }
    for name in ("covered_quantity", "usage_start_time", "usage_end_time"):
        told[name] = usage.column(name)
    matters = pc.or_kleene(
        pc.starts_with(told["sku_description"], "Commitment"),
        pc.is_valid(usage.column("covered_quantity")),
    )
    chosen = pa.table(told).filter(matters)
    found: list[Mapping[str, Any]] = chosen.group_by([*KEY, *NAMES]).aggregate(_SUMS).to_pylist()
    return found


def _second_pass(raw: Path, target: Path, pools: Mapping[Key, Pool]) -> None:
    """Write the records again, with their share of the commitments, and the unused rest."""
    with pq.ParquetFile(raw) as stored:
        schema = stored.schema_arrow
        for name, kind in ADDED.items():
            schema = schema.append(pa.field(name, kind))
        with pq.ParquetWriter(target, schema) as writer:
            for batch in stored.iter_batches():
                writer.write_table(with_shares(pa.Table.from_batches([batch]), pools))
            rest = [_unused(pool, schema) for pool in pools.values() if pool.unused]
            if rest:
                writer.write_table(pa.Table.from_pylist(rest, schema))


def _unused(pool: Pool, schema: pa.Schema) -> Mapping[str, Any]:
    """Make the record of what no usage took of a pool's fees."""
    record: dict[str, Any] = {
        "record_type": "unused",
        "usage_start_time": pool.start,
        "usage_end_time": pool.end,
        "cost_type": "regular",
        "commitment_role": "unused",
        "commitment_id": pool.id,
        "commitment_name": pool.title,
        "commitment_category": pool.category,
        "commitment_share": pool.unused,
        "usage_amount_in_pricing_units": pool.unused_quantity,
    }
    record |= {name: pool.only(name) for name in (*KEY, *NAMES)}
    return {name: value for name, value in record.items() if name in schema.names}
