"""List prices from the Cloud Billing catalog, as a price list of whole machines."""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path
from zoneinfo import ZoneInfo

import pyarrow as pa
import pyarrow.parquet as pq
from google.cloud.billing_v1 import CloudCatalogClient, ListSkusRequest

from ingest.files import look_at
from ingest.port import (
    Announcement,
    Check,
    Delivery,
    Kind,
    Marks,
    RejectedSourceError,
    SourceError,
)
from ingest.settings import GoogleAccountSettings
from ingest.sources.google.catalog import PartPrices
from ingest.sources.google.errors import answers
from ingest.sources.google.offers import MachinePrice, machine_prices
from ingest.sources.google.session import Patience, catalog_client
from ingest.sources.google.shapes import shapes

COMPUTE_ENGINE = "services/6F81-5844-456A"
CLOUD_TPU = "services/E000-3F24-B8AA"

_PAGE_ROWS = 5000
_CALIFORNIA = ZoneInfo("America/Los_Angeles")
_ROLE = "any Google account, and the Cloud Billing API enabled in its project"
_SHOWN = 5
_SCHEMA = pa.schema(
    {
        "provider": pa.string(),
        "region": pa.string(),
        "zone": pa.string(),
        "machine_type": pa.string(),
        "purchase_model": pa.string(),
        "term_months": pa.int32(),
        "unit": pa.string(),
        "amount": pa.decimal128(38, 12),
        "currency": pa.string(),
        "valid_from": pa.timestamp("us", tz="UTC"),
        "valid_to": pa.timestamp("us", tz="UTC"),
    }
)


class GoogleAccount:
    """The price list of this month, with the changes in it; the month before stays as it was."""

    def __init__(
        self,
        setting: GoogleAccountSettings,
        *,
        clock: Callable[[], datetime],
        patience: Patience | None = None,
    ) -> None:
        """Nothing is asked yet, not even for credentials.

        Raises:
            RejectedSourceError: When a machine type is none that prices can be joined for.
        """
        self.name = setting.name
        self._setting = setting
        self._clock = clock
        self._patience = patience or Patience()
        self._machine_types = setting.machine_types or list(shapes())
        unknown = [one for one in self._machine_types if one not in shapes()]
        if unknown:
            raise RejectedSourceError(
                f"{self.name}: machine_types {', '.join(unknown)} cannot be priced; accepted are "
                f"{', '.join(shapes())}"
            )

    def announced(self, known: Marks) -> list[Announcement]:
        """Say that there is a price list of this month, which can change on any day."""
        del known  # The catalog has no mark; what did not change is told by its content.
        period, _, _ = self._month()
        return [Announcement(Kind.PRICES, period, None, None, "Cloud Billing catalog")]

    def fetch(self, announced: Announcement, folder: Path, version: int) -> Delivery:
        """Write the month's prices into ``folder``.

        Raises:
            SourceError: When the catalog cannot be read, or prices none of the machines.
        """
        period, _, _ = self._month()
        if announced.period != period:
            raise RejectedSourceError(
                f"{self.name}: prices of {announced.period} were announced, but it is {period} "
                "now; ask again"
            )
        prices = list(self._prices(self.parts()))
        if not prices:
            raise RejectedSourceError(
                f"{self.name}: the catalog has no price of any of these machines in "
                f"{', '.join(self._setting.regions)}; look at regions, as us-central1"
            )
        target = folder / f"{self.name}-prices-{period}.parquet"
        pq.write_table(pa.Table.from_pylist([self._row(one) for one in prices], _SCHEMA), target)
        return Delivery(
            source=self.name,
            kind=Kind.PRICES,
            dialect="canonical-prices",
            version=version,
            complete=True,
            files=(look_at(target),),
            period=period,
            mark=announced.mark,
        )

    def check(self) -> Sequence[Check]:
        """Read the catalog once, and say what of it cannot be priced; never raises."""
        try:
            parts = self.parts(self._patience.short())
        except SourceError as problem:
            return [Check("Cloud Billing catalog", passed=False, advice=str(problem))]
        priced = {(one.machine_type, one.region) for one in self._prices(parts)}
        return [
            Check("Cloud Billing catalog can be read", passed=True),
            *(self._regional(region, priced) for region in self._setting.regions),
            _told("accelerators in the catalog that belong to no known machine", parts.unknown),
            _told("prices in the catalog that cannot be read", parts.unread),
            _told("prices in the catalog that differ for the same part", parts.doubled),
        ]

    def parts(self, patience: Patience | None = None) -> PartPrices:
        """Read the prices of all parts of machines in this month.

        Raises:
            SourceError: When the catalog cannot be read.
        """
        _, start, end = self._month()
        patience = patience or self._patience
        parts = PartPrices(start)
        for service in (COMPUTE_ENGINE, CLOUD_TPU):
            request = ListSkusRequest(
                parent=service,
                start_time=start,
                end_time=end,
                currency_code=self._setting.currency,
                page_size=_PAGE_ROWS,
            )
            with answers(f"{self.name}: Cloud Billing catalog", _ROLE):
                skus = self._client.list_skus(
                    request=request,
                    retry=patience.catalog(),
                    timeout=patience.call_s,
                )
                parts.add(skus, self._setting.regions)
        return parts

    @cached_property
    def _client(self) -> CloudCatalogClient:
        return catalog_client(self._setting.endpoint)

    def _month(self) -> tuple[str, datetime, datetime]:
        """Return this month and its time up to now: Google's months begin in California."""
        now = self._clock()
        local = now.astimezone(_CALIFORNIA)
        start = local.replace(day=1, hour=0, minute=0, second=0, microsecond=0).astimezone(UTC)
        next_month = datetime(start.year + start.month // 12, start.month % 12 + 1, 1, tzinfo=UTC)
        return f"{start:%Y-%m}", start, min(now.astimezone(UTC), next_month)

    def _prices(self, parts: PartPrices) -> list[MachinePrice]:
        return list(machine_prices(parts, self._machine_types, self._setting.regions))

    def _row(self, price: MachinePrice) -> dict[str, object]:
        purchase_model, term_months = price.market
        return {
            "provider": "gcp",
            "region": price.region,
            "machine_type": price.machine_type,
            "purchase_model": purchase_model,
            "term_months": term_months,
            "unit": "machine-hour",
            "amount": price.amount,
            "currency": self._setting.currency,
            "valid_from": price.valid_from,
            "valid_to": price.valid_to,
        }

    def _regional(self, region: str, priced: set[tuple[str, str]]) -> Check:
        missing = [one for one in self._machine_types if (one, region) not in priced]
        found = len(self._machine_types) - len(missing)
        named = ", ".join(missing[:_SHOWN]) + (", …" if len(missing) > _SHOWN else "")
        return Check(
            f"{found} of {len(self._machine_types)} machine types have prices in {region}",
            passed=found > 0 and not (missing and self._setting.machine_types),
            advice=f"no price in {region}: {named}" if missing else "",
        )


def _told(what: str, found: dict[str, int]) -> Check:
    """Count SKUs and name the first of them."""
    if not found:
        return Check(f"no {what}", passed=True)
    named = ", ".join(sorted(found)[:_SHOWN]) + (", …" if len(found) > _SHOWN else "")
    return Check(f"{sum(found.values())} {what}", passed=True, advice=named)
