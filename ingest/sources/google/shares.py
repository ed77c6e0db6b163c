"""Gives each record its part in the commitments: fee or covered usage."""

from collections.abc import Mapping
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from ingest.sources.google.commitments import KEY, Key, Pool, is_fee, pool_key
from ingest.sources.google.records import MONEY, TEXT, column, exact

ADDED = {
    "commitment_role": TEXT,
    "commitment_id": TEXT,
    "commitment_name": TEXT,
    "commitment_category": TEXT,
    "commitment_share": MONEY,
}
"""The columns that are added to the records."""

_SEPARATOR = "\x1f"
_NOTHING = {"role": None, "id": None, "name": None, "category": None, "rate": None}
_TYPES = {**dict.fromkeys(_NOTHING, TEXT), "rate": pa.float64()}


def with_shares(records: pa.Table, pools: Mapping[Key, Pool]) -> pa.Table:
    """Return the records with the added columns; what is handed out is counted in the pools."""
    keys = pc.binary_join_element_wise(
        *(pc.fill_null(column(records, name, TEXT), "") for name in KEY), _SEPARATOR
    ).combine_chunks()
    coded = keys.dictionary_encode()
    places = [_place(tuple(key.split(_SEPARATOR)), pools) for key in coded.dictionary.to_pylist()]
    given = {
        name: pa.array([place[name] for place in places], kind).take(coded.indices)
        for name, kind in _TYPES.items()
    }
    takes = _takes_part(records, given["role"])
    share = exact(pc.multiply(column(records, "covered_quantity", pa.float64()), given["rate"]))
    given["share"] = share
    _count(keys, share, pools)
    for name, kind in ADDED.items():
        values = given[name.removeprefix("commitment_")]
        records = records.append_column(name, pc.if_else(takes, values, pa.scalar(None, kind)))
    return records


def _place(key: Key, pools: Mapping[Key, Pool]) -> Mapping[str, Any]:
    """Say what the rows of one SKU are to its pool."""
    place = pool_key(key)
    pool = pools.get(place) if place else None
    if pool is None:
        return _NOTHING
    named = {"id": pool.id, "name": pool.title, "category": pool.category}
    if is_fee(key):
        return {"role": "fee", "rate": None, **named}
    return {"role": "covered", "rate": pool.fee_per_unit, **named}


def is_regular(records: pa.Table) -> pa.ChunkedArray:
    """Say which records are no tax and no adjustment; where nothing is said, all are regular."""
    return pc.fill_null(pc.equal(column(records, "cost_type", TEXT), "regular"), True)  # noqa: FBT003 - no keyword


def _takes_part(records: pa.Table, role: pa.Array) -> pa.ChunkedArray:
    """Say which records these are: regular fees, and covered usage."""
    is_usage = pc.equal(records.column("record_type"), "usage")
    fee = pc.and_(pc.equal(role, "fee"), pc.and_(is_usage, is_regular(records)))
    covered = pc.and_(pc.equal(role, "covered"), pc.is_valid(records.column("covered_quantity")))
    return pc.fill_null(pc.or_kleene(fee, covered), False)  # noqa: FBT003 - no keyword


def _count(keys: pa.Array, share: pa.ChunkedArray, pools: Mapping[Key, Pool]) -> None:
    """Add up what each pool hands out."""
    sums = pa.table({"key": keys, "share": share}).group_by("key").aggregate([("share", "sum")])
    for row in sums.to_pylist():
        place = pool_key(tuple(row["key"].split(_SEPARATOR)))
        if place and row["share_sum"] is not None:
            pools[place].shared += row["share_sum"]
