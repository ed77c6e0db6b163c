"""Writes lines as the FOCUS files that AWS and Azure deliver."""

import csv
import gzip
import io
from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pyarrow as pa
from pyarrow import parquet

from tests.scenario.truth import Line


def focus_parquet(lines: Sequence[Line], period: str) -> bytes:
    """FOCUS 1.2 as AWS writes it: costs are doubles, times have milliseconds."""
    rows = [_record(line, period, provider="AWS") for line in lines]
    moments = ("BillingPeriodStart", "BillingPeriodEnd", "ChargePeriodStart", "ChargePeriodEnd")
    schema = pa.schema(
        [(name, pa.timestamp("ms")) for name in moments]
        + [(name, pa.float64()) for name in COSTS]
        + [(name, pa.string()) for name in WORDS]
    )
    table = pa.Table.from_pylist(
        [
            {
                **row,
                **{name: row[name].replace(tzinfo=None) for name in moments},
                **{name: float(row[name]) for name in COSTS},
            }
            for row in rows
        ],
        schema,
    )
    sink = io.BytesIO()
    parquet.write_table(table, sink, compression="snappy")
    return sink.getvalue()


def focus_csv_gz(lines: Sequence[Line], period: str) -> bytes:
    """FOCUS 1.0 as Azure writes it: CSV, gzip."""
    text = io.StringIO()
    moments = ("BillingPeriodStart", "BillingPeriodEnd", "ChargePeriodStart", "ChargePeriodEnd")
    columns = [*moments, *COSTS, *(name for name in WORDS if name != "InvoiceId")]
    writer = csv.DictWriter(text, columns, extrasaction="ignore")
    writer.writeheader()
    for line in lines:
        row = _record(line, period, provider="Microsoft")
        writer.writerow({**row, **{name: f"{row[name]:%Y-%m-%dT%H:%M:%SZ}" for name in moments}})
    return gzip.compress(text.getvalue().encode(), mtime=0)


COSTS = ("BilledCost", "EffectiveCost", "ListCost", "ContractedCost")
WORDS = (
    "BillingAccountId",
    "SubAccountId",
    "BillingCurrency",
    "ChargeCategory",
    "ProviderName",
    "PublisherName",
    "InvoiceIssuerName",
    "InvoiceId",
    "ServiceName",
    "ServiceCategory",
    "ResourceId",
)


def month_of(period: str) -> tuple[datetime, datetime]:
    """The first moments of a month and of the next."""
    start = datetime.fromisoformat(f"{period}-01").replace(tzinfo=UTC)
    after = date(start.year + start.month // 12, start.month % 12 + 1, 1)
    return start, datetime(after.year, after.month, 1, tzinfo=UTC)


def _record(line: Line, period: str, *, provider: str) -> dict[str, Any]:
    start, end = month_of(period)
    begins = datetime(line.day.year, line.day.month, line.day.day, tzinfo=UTC)
    return {
        "BillingPeriodStart": start,
        "BillingPeriodEnd": end,
        "ChargePeriodStart": begins,
        "ChargePeriodEnd": begins + timedelta(days=1),
        "BilledCost": line.billed,
        "EffectiveCost": line.effective,
        "ListCost": line.effective,
        "ContractedCost": line.effective,
        "BillingAccountId": "payer",
        "SubAccountId": line.account,
        "BillingCurrency": line.currency,
        "ChargeCategory": line.category,
        "ProviderName": provider,
        "PublisherName": provider,
        "InvoiceIssuerName": provider,
        "InvoiceId": f"{provider}-{period}",
        "ServiceName": line.service,
        "ServiceCategory": "Compute",
        "ResourceId": line.id,
    }
