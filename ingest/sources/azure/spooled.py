"""Prices that an API returned, written to a file in the form of a price list."""

from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from ingest.files import look_at
from ingest.port import DeliveredFile
from ingest.sources.azure.price_rows import PriceRow

PROVIDER = "azure"

_SCHEMA = pa.schema(
    [
        ("provider", pa.string()),
        ("region", pa.string()),
        ("zone", pa.string()),
        ("machine_type", pa.string()),
        ("purchase_model", pa.string()),
        ("term_months", pa.int32()),
        ("unit", pa.string()),
        ("amount", pa.decimal128(38, 12)),
        ("currency", pa.string()),
        ("valid_from", pa.timestamp("us", tz="UTC")),
        ("valid_to", pa.timestamp("us", tz="UTC")),
    ]
)


def spool_prices(rows: Sequence[PriceRow], target: Path) -> DeliveredFile:
    """Write the rows; the same rows give the same file, byte by byte."""
    table = pa.Table.from_pylist(
        [{"provider": PROVIDER, **asdict(row)} for row in rows], schema=_SCHEMA
    )
    pq.write_table(table, target, compression="zstd")
    return look_at(target)
