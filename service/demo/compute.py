"""Hourly lines of machines: on demand, spot, or covered by a commitment."""

import hashlib
import json
from collections.abc import Sequence

import numpy as np
import pyarrow as pa

from service.demo.clouds import REGION_NAMES, Cloud
from service.demo.columns import Column, coded
from service.demo.commitments import Commitment
from service.demo.fleet import Offer
from service.demo.lines import HUNDREDTH, Charges, consumed, paid, priced, times
from service.demo.machines import Machine
from service.demo.market import HOURS_A_WEEK, Market
from service.demo.timeline import Flags, Ints, Timeline, cut_at_hours


def machine_lines(
    cloud: Cloud,
    machines: Sequence[Machine],
    commitments: Sequence[Commitment],
    market: Market,
    timeline: Timeline,
) -> pa.Table:
    """One line for each machine and hour that it ran in."""
    spans = [(n, *span) for n, machine in enumerate(machines) for span in machine.spans]
    owner, starts, ends = np.array(spans, dtype=np.int64).reshape(-1, 3).T
    span, hour, ticks = cut_at_hours(starts, ends)
    machine = owner[span]
    promise = _promise(machines, commitments, machine, hour)
    charges = Charges(cloud, timeline, hour, hour + 1)
    return pa.table(
        {
            **charges.frame(),
            **charges.texts(_USAGE | {"ServiceName": cloud.compute, "ResourceType": cloud.machine}),
            **_identity(machines, machine),
            **_money(machines, commitments, market, (machine, hour, ticks, promise)),
            **consumed(ticks, "Hours"),
            **promised(commitments, promise, ticks),
        }
    )


_USAGE: dict[str, str | None] = {
    "ChargeCategory": "Usage",
    "ChargeFrequency": "Usage-Based",
    "ServiceCategory": "Compute",
    "ServiceSubcategory": "Virtual Machines",
    "PricingUnit": "Hours",
    "SkuMeter": "Compute Usage",
}
_CATEGORY = {"on_demand": "Standard", "spot": "Dynamic"}


def _promise(
    machines: Sequence[Machine], commitments: Sequence[Commitment], machine: Ints, hour: Ints
) -> Ints:
    """The number of the commitment that covers each line, from 1; 0 where none does."""
    hours = commitments[0].covered.shape[1] if commitments else int(hour.max(initial=0)) + 1
    cover = np.zeros((len(machines), hours), dtype=np.int64)
    for number, commitment in enumerate(commitments, 1):
        rows = [n for n, one in enumerate(machines) if one.pool == commitment.pool.name]
        cover[rows] = np.where(commitment.covered, number, 0)
    return np.asarray(cover[machine, hour], dtype=np.int64)


def _money(
    machines: Sequence[Machine],
    commitments: Sequence[Commitment],
    market: Market,
    line: tuple[Ints, Ints, Ints, Ints],
) -> dict[str, Column]:
    machine, hour, ticks, promise = line
    offers = {offer: n for n, offer in enumerate(dict.fromkeys(one.offer for one in machines))}
    offer = np.array([offers[one.offer] for one in machines], dtype=np.int64)[machine]
    listed = np.array([market.list_price(one) for one in offers], dtype=np.int64)[offer]
    agreed = np.array([market.contracted_price(one) for one in offers], dtype=np.int64)[offer]
    row = np.array([market.spot_row(one) for one in offers], dtype=np.int64)[offer]
    price = np.where(row >= 0, market.spot[row, hour // HOURS_A_WEEK], agreed)
    rate = np.array([0, *(one.rate for one in commitments)], dtype=np.int64)[promise]
    covered: Flags = promise > 0
    bought = times(price, ticks)
    models = [_CATEGORY[one.model] for one in offers]
    category = coded([*models, "Committed"], np.where(covered, len(models), offer))
    return {
        **priced(ticks, listed, price),
        **paid(np.where(covered, 0, bought), np.where(covered, times(rate, ticks), bought)),
        "PricingCategory": category,
    }


def promised(commitments: Sequence[Commitment], promise: Ints, quantity: Ints) -> dict[str, Column]:
    """The commitment columns of Used lines; null where ``promise`` is 0."""
    rate = np.array([0, *(one.rate for one in commitments)], dtype=np.int64)
    spend = np.array([False, *(one.cloud.commitment_category == "Spend" for one in commitments)])
    amount = np.where(spend[promise], times(rate[promise], quantity), quantity * HUNDREDTH)
    columns: dict[str, list[str | None]] = {
        "CommitmentDiscountId": [one.id for one in commitments],
        "CommitmentDiscountName": [one.name for one in commitments],
        "CommitmentDiscountCategory": [one.cloud.commitment_category for one in commitments],
        "CommitmentDiscountType": [one.cloud.commitment_type for one in commitments],
        "CommitmentDiscountUnit": [
            "USD" if one.cloud.commitment_category == "Spend" else "Hours" for one in commitments
        ],
        "CommitmentDiscountStatus": ["Used" for _ in commitments],
    }
    return {
        **{name: coded([None, *texts], promise) for name, texts in columns.items()},
        "CommitmentDiscountQuantity": pa.array(amount, pa.int64(), mask=promise == 0),
    }


def _identity(machines: Sequence[Machine], machine: Ints) -> dict[str, Column]:
    offers = [one.offer for one in machines]
    texts: dict[str, list[str | None]] = {
        "ResourceId": [one.resource_id for one in machines],
        "ResourceName": [one.name for one in machines],
        "SubAccountId": [one.account.id for one in machines],
        "SubAccountName": [one.account.name for one in machines],
        "RegionId": [offer.region for offer in offers],
        "RegionName": [REGION_NAMES[offer.region] for offer in offers],
        "AvailabilityZone": [offer.zone for offer in offers],
        "SkuId": [sku(offer.machine_type, offer.region) for offer in offers],
        "SkuPriceId": [sku(offer.machine_type, offer.region, offer.model) for offer in offers],
        "SkuPriceDetails": [_details(offer) for offer in offers],
        "ChargeDescription": [_description(offer) for offer in offers],
        "Tags": [tags_text(one.tags) for one in machines],
    }
    return {name: coded(values, machine) for name, values in texts.items()}


def tags_text(tags: Sequence[tuple[str, str]]) -> str | None:
    """Tags as a JSON object; nothing where there are none."""
    return json.dumps(dict(tags)) if tags else None


def sku(*parts: str) -> str:
    """A name for a stock keeping unit that looks like a provider's and never changes."""
    digest = hashlib.sha256("/".join(parts).encode()).hexdigest()
    return digest[:16].upper()


def _details(offer: Offer) -> str:
    kind = offer.type
    return json.dumps(
        {
            "InstanceType": kind.name,
            "CoreCount": kind.vcpus,
            "MemorySize": kind.ram_gib,
            "GpuCount": kind.accelerators,
            "OperatingSystem": "Linux",
        }
    )


def _description(offer: Offer) -> str:
    how = "spot" if offer.model == "spot" else "on demand"
    return f"{offer.machine_type} in {REGION_NAMES[offer.region]}, {how}, per hour"
