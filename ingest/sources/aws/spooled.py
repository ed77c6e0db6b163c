"""Rows that an API returned, written to a file in the form of a price list or of availability."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from itertools import islice
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from ingest.files import look_at
from ingest.port import DeliveredFile

_PROVIDER = "aws"
_UNIT = "machine-hour"
_BATCH = 10_000
_MOMENT = pa.timestamp("us", tz="UTC")

_PRICES = pa.schema(
    [
        *((name, pa.string()) for name in ("provider", "region", "zone", "machine_type")),
        *((name, pa.string()) for name in ("purchase_model", "contract")),
        ("term_months", pa.int32()),
        ("unit", pa.string()),
        ("amount", pa.decimal128(38, 12)),
        ("currency", pa.string()),
        ("valid_from", _MOMENT),
        ("valid_to", _MOMENT),
    ]
)

_LOOKS = pa.schema(
    [
        ("at", _MOMENT),
        *((name, pa.string()) for name in ("provider", "region", "zone", "machine_type", "market")),
        *((name, pa.int32()) for name in ("requested", "obtained", "score")),
    ]
)


@dataclass(frozen=True, slots=True)
class PriceRow:
    """What one machine costs for an hour, from a moment on; ``contract`` says under which terms."""

    region: str
    machine_type: str
    purchase_model: str
    amount: Decimal
    currency: str
    valid_from: datetime
    valid_to: datetime | None = None
    zone: str | None = None
    term_months: int | None = None
    contract: str | None = None

    def record(self) -> dict[str, object]:
        """The row in the form of a price list."""
        return {
            "provider": _PROVIDER,
            "region": self.region,
            "zone": self.zone,
            "machine_type": self.machine_type,
            "purchase_model": self.purchase_model,
            "contract": self.contract,
            "term_months": self.term_months,
            "unit": _UNIT,
            "amount": self.amount,
            "currency": self.currency,
            "valid_from": self.valid_from,
            "valid_to": self.valid_to,
        }


@dataclass(frozen=True, slots=True)
class LookRow:
    """How likely AWS says it is, at a moment, to get spot machines in a zone: 1 to 10."""

    at: datetime
    region: str
    zone: str | None
    machine_type: str
    requested: int
    score: int

    def record(self) -> dict[str, object]:
        """The row in the form of availability; nothing was launched, so nothing was obtained."""
        return {
            "at": self.at,
            "provider": _PROVIDER,
            "region": self.region,
            "zone": self.zone,
            "machine_type": self.machine_type,
            "market": "spot",
            "requested": self.requested,
            "obtained": None,
            "score": self.score,
        }


def spool_prices(rows: Iterable[PriceRow], folder: Path) -> DeliveredFile:
    """Write a price list; its name tells its content, so what is new never has an old name."""
    return _spooled("prices", _PRICES, (row.record() for row in rows), folder)


def spool_looks(rows: Iterable[LookRow], folder: Path) -> DeliveredFile:
    """Write what was seen of availability."""
    return _spooled("availability", _LOOKS, (row.record() for row in rows), folder)


def _spooled(
    stem: str, schema: pa.Schema, records: Iterator[dict[str, object]], folder: Path
) -> DeliveredFile:
    path = folder / f"{stem}.parquet"
    with pq.ParquetWriter(path, schema) as writer:
        while batch := list(islice(records, _BATCH)):
            writer.write_batch(pa.RecordBatch.from_pylist(batch, schema))
    found = look_at(path)
    return replace(found, name=f"aws-{stem}-{found.file_id}.parquet")
