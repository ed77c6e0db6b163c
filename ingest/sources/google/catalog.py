"""Reads SKUs of the Cloud Billing catalog as prices of parts, with their history in a month."""

import re
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal

from google.cloud.billing_v1 import PricingExpression, PricingInfo, Sku

from ingest.sources.google.shapes import known_parts
from ingest.sources.google.skus import read_sku

HOURS_OF_A_MONTH = 730
_NANOS = Decimal("1e-9")
_MARKETS = {
    "OnDemand": ("on_demand", None),
    "Preemptible": ("spot", None),
    "Commit1Yr": ("committed", 12),
    "Commit3Yr": ("committed", 36),
}
_HOURS = {"h": 1, "GiBy.h": 1, "mo": HOURS_OF_A_MONTH, "GiBy.mo": HOURS_OF_A_MONTH}
_ACCELERATOR = re.compile(r"\bGPU\b|gpu slice|^Tpu|^TPU|^RTX ")

Market = tuple[str, int | None]
Versions = Mapping[datetime, Decimal]


@dataclass(slots=True)
class PartPrices:
    """Prices of a part by the hour, from when on: by part, region and market.

    Nothing counts before ``begin``. ``unknown`` counts SKUs of accelerators that belong to no
    machine in shapes.csv, ``unread`` those whose unit or price cannot be read, ``doubled`` those
    that sell a part at another price than one before; of two prices the higher is kept.
    """

    begin: datetime
    prices: dict[tuple[str, str, Market], dict[datetime, Decimal]] = field(default_factory=dict)
    unknown: Counter[str] = field(default_factory=Counter)
    unread: Counter[str] = field(default_factory=Counter)
    doubled: Counter[str] = field(default_factory=Counter)

    def add(self, skus: Iterable[Sku], regions: Iterable[str]) -> None:
        """Read SKUs; those of other regions are passed over."""
        wanted = frozenset(regions)
        for sku in skus:
            here = wanted.intersection(sku.service_regions)
            market = _MARKETS.get(sku.category.usage_type)
            if here and market:
                self._add(sku, sorted(here), market)

    def _add(self, sku: Sku, regions: Iterable[str], market: Market) -> None:
        read = read_sku(sku.description)
        if read is None or read.part not in known_parts():
            if _is_accelerator(sku):
                self.unknown[sku.description] += 1
            return
        versions = _versions(sku.pricing_info, self.begin)
        if not versions:
            self.unread[sku.description] += 1
            return
        for region in regions:
            held = self.prices.setdefault((read.part, region, market), {})
            if held and held != versions:
                self.doubled[sku.description] += 1
            for moment, price in versions.items():
                held[moment] = max(price, held.get(moment, price))


def _is_accelerator(sku: Sku) -> bool:
    return sku.category.resource_group in {"GPU", "TPU"} or bool(
        _ACCELERATOR.search(sku.description)
    )


def _versions(pricing: Iterable[PricingInfo], begin: datetime) -> dict[datetime, Decimal]:
    """Return prices by the moment they hold from; what held at ``begin`` holds from there."""
    found = {}
    for info in sorted(pricing, key=lambda one: one.effective_time or begin):
        price = price_per_hour(info.pricing_expression)
        if price is not None:
            found[max(begin, info.effective_time or begin).astimezone(UTC)] = price
    return found


def price_per_hour(expression: PricingExpression) -> Decimal | None:
    """Return the list price of one unit for an hour: of the first tier that is not free.

    A month has 730 hours, as in Google's own price lists. ``None`` is a unit that is no time.
    """
    hours = _HOURS.get(expression.usage_unit)
    tiers = sorted(expression.tiered_rates, key=lambda tier: tier.start_usage_amount)
    amounts = [tier.unit_price.units + tier.unit_price.nanos * _NANOS for tier in tiers]
    paid = [amount for amount in amounts if amount > 0]
    if hours is None or not paid:
        return None
    return Decimal(paid[0]) / hours
