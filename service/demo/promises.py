"""Lines of commitments: what was paid for them, and what of them nobody used."""

import numpy as np
import pyarrow as pa

from service.demo.clouds import REGION_NAMES
from service.demo.columns import Column, coded, whole
from service.demo.commitments import Commitment
from service.demo.compute import sku, tags_text
from service.demo.lines import HUNDREDTH, Charges, paid, priced, times
from service.demo.market import Market
from service.demo.timeline import Ints, Timeline


def purchase_lines(commitment: Commitment, timeline: Timeline) -> pa.Table:
    """The payments: one an hour, or one a month for the hours of it that lie in the window."""
    first = np.arange(timeline.hours)
    if commitment.cloud.paid_monthly:
        first = np.array([month.first for month in timeline.months()])
    end = np.append(first[1:], timeline.hours)
    charges = Charges(commitment.cloud, timeline, first, end)
    quantity = (end - first) * commitment.machines * 100
    price = np.full(charges.rows, commitment.rate)
    cost = times(price, quantity)
    return pa.table(
        {
            **charges.frame(),
            **_described(commitment, charges, "payment"),
            **charges.texts(
                {
                    "ChargeCategory": "Purchase",
                    "ChargeFrequency": "Recurring",
                    "PricingCategory": "Standard",
                }
            ),
            **priced(quantity, price, price),
            **paid(cost, np.zeros_like(cost)),
            **_quantity(commitment, quantity),
        }
    )


def unused_lines(commitment: Commitment, market: Market, timeline: Timeline) -> pa.Table:
    """One line for each hour in which a promised machine stood unused."""
    unused = commitment.unused()
    first = np.flatnonzero(unused)
    quantity = unused[first] * 100
    charges = Charges(commitment.cloud, timeline, first, first + 1)
    listed = np.full(charges.rows, market.list_price(commitment.pool.offer))
    agreed = np.full(charges.rows, market.contracted_price(commitment.pool.offer))
    cost = times(np.full(charges.rows, commitment.rate), quantity)
    return pa.table(
        {
            **charges.frame(),
            **_described(commitment, charges, "unused"),
            **charges.texts(
                {
                    "ChargeCategory": "Usage",
                    "ChargeFrequency": "Usage-Based",
                    "PricingCategory": "Committed",
                    "CommitmentDiscountStatus": "Unused",
                }
            ),
            **priced(quantity, listed, agreed),
            **paid(np.zeros_like(cost), cost),
            **_quantity(commitment, quantity),
        }
    )


def _described(commitment: Commitment, charges: Charges, what: str) -> dict[str, Column]:
    cloud, offer = commitment.cloud, commitment.pool.offer
    return charges.texts(
        {
            "ChargeDescription": f"{cloud.commitment_type} {commitment.name}, {what}",
            "ServiceName": cloud.compute,
            "ServiceCategory": "Compute",
            "ServiceSubcategory": "Virtual Machines",
            "ResourceId": commitment.id,
            "ResourceName": commitment.name,
            "ResourceType": cloud.commitment_type,
            "RegionId": offer.region,
            "RegionName": REGION_NAMES[offer.region],
            "SubAccountId": commitment.pool.account.id,
            "SubAccountName": commitment.pool.account.name,
            "SkuId": sku(offer.machine_type, offer.region),
            "SkuPriceId": sku(offer.machine_type, offer.region, "committed"),
            "SkuMeter": "Compute Usage",
            "PricingUnit": "Hours",
            "CommitmentDiscountId": commitment.id,
            "CommitmentDiscountName": commitment.name,
            "CommitmentDiscountCategory": cloud.commitment_category,
            "CommitmentDiscountType": cloud.commitment_type,
            "Tags": tags_text((("pool", commitment.pool.name),)),
        }
    )


def _quantity(commitment: Commitment, quantity: Ints) -> dict[str, Column]:
    spend = commitment.cloud.commitment_category == "Spend"
    rate = np.full(len(quantity), commitment.rate)
    amount = times(rate, quantity) if spend else quantity * HUNDREDTH
    unit = coded(["USD" if spend else "Hours"], np.zeros(len(quantity), dtype=np.int64))
    return {"CommitmentDiscountQuantity": whole(amount), "CommitmentDiscountUnit": unit}
