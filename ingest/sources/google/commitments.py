"""Committed-use discounts: which fee paid for which usage, and what of it was not used.

The export joins the two by nothing but place and prose, so fees and usage meet in a *pool*: of a
resource-based commitment the same part of a machine in the same region, of a spend-based one the
subscription. A resource-based pool's fee is spread over the quantity that was committed; usage
takes the share of what it covered, and what is left stands as unused. A spend-based fee is paid
back by Google as far as it was used, so the rest is unused. Fees that find no pool stay what they
are: a purchase whose effective cost is what was billed.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any

from ingest.sources.google.skus import is_spend_fee, read_sku

KEY = (
    "billing_account_id",
    "currency",
    "region",
    "sku_id",
    "sku_description",
    "subscription_instance_id",
)
"""The columns that tell the pool of a row."""

NAMES = (
    "service_id",
    "service_description",
    "project_id",
    "project_name",
    "usage_pricing_unit",
    "invoice_month",
)
"""What else the record of an unused commitment says, where all its fees say the same."""

Key = tuple[str, ...]


@dataclass(slots=True)
class Pool:
    """Fees of one kind of commitment in one place, and the usage that they cover.

    ``committed`` and ``covered`` count the pricing unit of the SKU; ``paid_back`` is negative.
    """

    id: str
    title: str
    category: str
    fee: Decimal = Decimal(0)
    paid_back: Decimal = Decimal(0)
    shared: Decimal = Decimal(0)
    committed: float = 0.0
    covered: float = 0.0
    start: datetime | None = None
    end: datetime | None = None
    said: dict[str, set[str | None]] = field(default_factory=dict)

    @property
    def is_known(self) -> bool:
        """Whether the fee can be told from what it paid for."""
        if self.category == "Usage":
            return self.fee + self.paid_back > 0 and self.committed > 0
        return self.fee > 0 and self.paid_back < 0

    @property
    def fee_per_unit(self) -> float:
        """What a covered unit costs; never so much that more than the fee is handed out."""
        return float(self.fee + self.paid_back) / max(self.committed, self.covered)

    @property
    def unused(self) -> Decimal:
        """What of the fee no usage took."""
        return self.fee + self.paid_back - self.shared

    @property
    def unused_quantity(self) -> float | None:
        """How much of what was committed no usage took; of a spend-based one there is no such."""
        return max(self.committed - self.covered, 0.0) if self.category == "Usage" else None

    def take_fee(self, row: Mapping[str, Any]) -> None:
        """Add fees of one SKU."""
        self.fee += row["fee_sum"] or 0
        self.paid_back += row["paid_back_sum"] or 0
        self.committed += row["quantity_sum"] or 0.0
        self.start = min(filter(None, (self.start, row["usage_start_time_min"])))
        self.end = max(filter(None, (self.end, row["usage_end_time_max"])))
        for name in (*KEY, *NAMES):
            self.said.setdefault(name, set()).add(row[name])

    def only(self, name: str) -> str | None:
        """Return what all fees say alike."""
        said = self.said[name]
        return next(iter(said)) if len(said) == 1 else None


def pools_of(rows: Iterable[Mapping[str, Any]]) -> dict[Key, Pool]:
    """Gather the pools from sums by SKU; those that cannot be told apart are left out."""
    pools: dict[Key, Pool] = {}
    for row in rows:
        key = tuple(row[name] or "" for name in KEY)
        place = pool_key(key)
        if place is None:
            continue
        pool = pools.setdefault(place, _empty(place))
        if is_fee(key):
            pool.take_fee(row)
        else:
            pool.covered += row["covered_quantity_sum"] or 0.0
    return {place: pool for place, pool in pools.items() if pool.is_known}


def is_fee(key: Key) -> bool:
    """Say whether a row's SKU is the fee of a commitment."""
    description = key[KEY.index("sku_description")]
    sku = read_sku(description)
    return is_spend_fee(description) or (sku is not None and sku.years > 0)


def pool_key(key: Key) -> Key | None:
    """Return what names the pool of a row."""
    account, currency, region, sku_id, description, subscription = key
    if is_spend_fee(description):
        return account, currency, "Spend", subscription or sku_id, description
    sku = read_sku(description)
    if sku is None:
        return None
    return account, currency, "Usage", f"{region}/{sku.part}", sku.part


def _empty(place: Key) -> Pool:
    _, _, category, name, title = place
    return Pool(f"cud/{name}", title, category)
