"""Bills as AWS writes them, tiny, and a source that reads them from a bucket of its own."""

import gzip
import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from ingest.settings import AwsExportSettings
from ingest.sources.aws.export import AwsExport

NOW = datetime(2026, 11, 21, 2, 30, tzinfo=UTC)
FOCUS = "BilledCost,EffectiveCost,BillingCurrency,BillingPeriodStart\n{},{},USD,2026-10-01\n"
CUR_2 = {
    "bill_billing_period_start_date": "2026-10-01T00:00:00Z",
    "bill_payer_account_name": "acme",
    "line_item_currency_code": "USD",
    "line_item_line_item_type": "Usage",
    "line_item_unblended_cost": 1.5,
}
CUR_1 = (
    "bill/BillingPeriodStartDate,lineItem/LineItemType,lineItem/UnblendedCost\n2026-10-01,Usage,1\n"
)


def focus_csv(cost: str) -> bytes:
    """One FOCUS row, as gzip."""
    return gzip.compress(FOCUS.format(cost, cost).encode(), mtime=0)


def parquet(rows: Sequence[Mapping[str, Any]]) -> bytes:
    """Rows as a Parquet file."""
    sink = io.BytesIO()
    pq.write_table(pa.Table.from_pylist([*map(dict, rows)]), sink)
    return sink.getvalue()


@dataclass(frozen=True)
class Shop:
    """A bucket on the local server, and how to make sources that read from it."""

    url: str
    s3: Any
    bucket: str

    def source(self, **changed: Any) -> AwsExport:  # noqa: ANN401 - settings of any type
        """Return a source of the export ``gpu`` under ``bills``, as of 21 November 2026."""
        said = {
            "name": "aws",
            "type": "aws-export",
            "bucket": self.bucket,
            "prefix": "bills",
            "export": "gpu",
            "since": "2026-09",
            "endpoint_url": self.url,
        }
        return AwsExport(AwsExportSettings(**(said | changed)), clock=lambda: NOW)
