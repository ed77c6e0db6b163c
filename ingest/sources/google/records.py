"""Makes records of the rows of a usage export: the usage itself, then one for each credit.

What a commitment takes off its usage, or pays back of its fee, is no credit in the sense of FOCUS:
it stays with its row, summed in ``commitment_credit``. Arrow does it for whole batches; Python
touches no row.
"""

from collections.abc import Mapping

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from ingest.sources.google.queries import CREDIT_FIELDS

MONEY = pa.decimal128(38, 12)
TEXT = pa.string()
FOLDED = (
    "COMMITTED_USAGE_DISCOUNT",
    "COMMITTED_USAGE_DISCOUNT_DOLLAR_BASE",
    "FEE_UTILIZATION_OFFSET",
)
"""Credits that are how Google writes a commitment down: they belong to what they lower."""

_WIDE = pa.decimal256(76, 40)
_NEGLIGIBLE = 1e-13
_MADE = {
    "record_type": TEXT,
    **{f"credit_{name}": TEXT for name in CREDIT_FIELDS},
    "credit_amount": pa.float64(),
    "commitment_credit": MONEY,
    "covered_quantity": pa.float64(),
}


def records_of(batch: pa.RecordBatch) -> tuple[pa.Table, pa.Table]:
    """Return the usage records of some rows, and the records of their credits."""
    table = pa.Table.from_batches([batch])
    listed = table.column("credits").combine_chunks()
    plain = table.drop_columns(["credits"])
    rows, found = pc.list_parent_indices(listed), pc.list_flatten(listed)
    fields = pa.table({f"credit_{name}": _field(found, name) for name in CREDIT_FIELDS})
    folded = pc.fill_null(pc.is_in(fields.column("credit_type"), pa.array(FOLDED)), False)  # noqa: FBT003 - no keyword
    usage = _with_cover(_completed(plain, "usage", {}), rows.filter(folded), fields.filter(folded))
    own = pc.invert(folded)
    given = {name: fields.filter(own).column(name) for name in fields.column_names}
    return usage, _completed(plain.take(rows.filter(own)), "credit", given)


def exact(values: pa.ChunkedArray | pa.Array) -> pa.ChunkedArray | pa.Array:
    """Return amounts as the load reads them: the shortest text, half-even to 12 decimals."""
    if pa.types.is_floating(values.type):
        small = pc.less(pc.abs(values), _NEGLIGIBLE)
        values = pc.cast(pc.if_else(small, 0.0, values), TEXT)
    return pc.cast(pc.round(pc.cast(values, _WIDE), 12, "half_to_even"), MONEY)


def column(table: pa.Table, name: str, kind: pa.DataType) -> pa.ChunkedArray:
    """Return a column, nulls where the export has it not."""
    if name in table.column_names:
        return pc.cast(table.column(name), kind)
    return pa.chunked_array([pa.nulls(table.num_rows, kind)])


def replaced(table: pa.Table, name: str, values: pa.ChunkedArray | pa.Array) -> pa.Table:
    """Return the table with other values in one column."""
    return table.set_column(table.column_names.index(name), name, values)


def _field(found: pa.StructArray, name: str) -> pa.Array:
    kind = _MADE[f"credit_{name}"]
    if found.type.get_field_index(name) < 0:
        return pa.nulls(len(found), kind)
    return pc.cast(pc.struct_field(found, name), kind)


def _completed(table: pa.Table, record_type: str, given: Mapping[str, pa.ChunkedArray]) -> pa.Table:
    """Add the columns of a record that the export has not."""
    for name, kind in _MADE.items():
        table = table.append_column(name, given.get(name, pa.nulls(table.num_rows, kind)))
    return replaced(table, "record_type", pa.repeat(record_type, table.num_rows))


def _with_cover(usage: pa.Table, rows: pa.Array, credit: pa.Table) -> pa.Table:
    """Say of usage what its commitment credits are, and how much of its quantity they cover."""
    amounts = exact(credit.column("credit_amount"))
    sums = (
        pa.table({"row": pc.cast(rows, pa.int64()), "amount": amounts})
        .group_by("row")
        .aggregate([("amount", "sum")])
    )
    at = pc.index_in(pa.array(np.arange(usage.num_rows)), sums.column("row").combine_chunks())
    folded = pc.cast(sums.column("amount_sum").combine_chunks().take(at), MONEY)
    cost = column(usage, "cost", pa.float64())
    paid = pc.if_else(pc.equal(cost, 0.0), pa.scalar(None, pa.float64()), cost)
    part = pc.negate(pc.divide(pc.cast(folded, pa.float64()), paid))
    part = pc.max_element_wise(part, 0.0, skip_nulls=False)
    part = pc.min_element_wise(part, 1.0, skip_nulls=False)
    covered = pc.multiply(column(usage, "usage_amount_in_pricing_units", pa.float64()), part)
    is_fee = pc.starts_with(column(usage, "sku_description", TEXT), "Commitment")
    covered = pc.if_else(pc.fill_null(is_fee, False), pa.scalar(None, pa.float64()), covered)  # noqa: FBT003 - no keyword
    return replaced(replaced(usage, "commitment_credit", folded), "covered_quantity", covered)
