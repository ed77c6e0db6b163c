"""Lines that only an invoice has: support, credits and tax."""

from collections.abc import Mapping

import numpy as np
import pyarrow as pa

from service.demo.clouds import Cloud
from service.demo.columns import MONTH, Column
from service.demo.compute import sku
from service.demo.lines import Charges, paid, priced
from service.demo.reference import PICO
from service.demo.services import SHARED_ACCOUNTS
from service.demo.timeline import Ints, Timeline

CENT = PICO // 100
SUPPORT_PER_MILLE = {"aws": 30, "azure": 0, "gcp": 30}
SUPPORT_FLAT_USD = {"aws": 0, "azure": 1_000, "gcp": 0}
CREDIT_USD = {"aws": 4_000, "azure": 0, "gcp": 2_500}
TAX_PER_MILLE = 21


def invoice_lines(cloud: Cloud, charged: pa.Table, timeline: Timeline) -> pa.Table:
    """Support, credit and tax of each month, on what the month's other lines billed."""
    billed = _billed_by_month(charged, timeline)
    support = _cents(billed // 1000 * SUPPORT_PER_MILLE[cloud.provider])
    support += SUPPORT_FLAT_USD[cloud.provider] * PICO
    credit = np.full(len(billed), -CREDIT_USD[cloud.provider] * PICO)
    tax = _cents((billed + support + credit) // 1000 * TAX_PER_MILLE)
    lines = [_support(cloud, support, timeline), _tax(cloud, tax, timeline)]
    if credit.any():
        lines.append(_credit(cloud, credit, timeline))
    return pa.concat_tables(lines, promote_options="default")


def _billed_by_month(charged: pa.Table, timeline: Timeline) -> Ints:
    """Sums of the company's size stay below 9 million USD, all that 64 bits of 10⁻¹² can hold."""
    billed = np.zeros(len(timeline.months()), dtype=np.int64)
    np.add.at(billed, charged[MONTH].to_numpy(), charged["BilledCost"].to_numpy())
    return billed


def _cents(amount: Ints) -> Ints:
    return np.asarray(amount // CENT * CENT, dtype=np.int64)


def _support(cloud: Cloud, amount: Ints, timeline: Timeline) -> pa.Table:
    one = np.full(len(amount), 100)
    texts = {
        "ChargeCategory": "Purchase",
        "ChargeFrequency": "Recurring",
        "ChargeDescription": f"{cloud.support}, month",
        "PricingCategory": "Standard",
        "PricingUnit": "Months",
        "ServiceName": cloud.support,
        "ServiceCategory": "Management and Governance",
        "ServiceSubcategory": "Support",
        "SkuId": sku(cloud.provider, "support"),
        "SkuPriceId": sku(cloud.provider, "support", "month"),
        "SkuMeter": "Support",
    }
    return _monthly(cloud, amount, texts, timeline, priced(one, amount, amount))


def _credit(cloud: Cloud, amount: Ints, timeline: Timeline) -> pa.Table:
    texts = {
        "ChargeCategory": "Credit",
        "ChargeFrequency": "One-Time",
        "ChargeDescription": f"{cloud.name} promotional credit",
        "ServiceName": cloud.compute,
        "ServiceCategory": "Compute",
        "ServiceSubcategory": "Virtual Machines",
    }
    return _monthly(cloud, amount, texts, timeline, _unpriced(amount))


def _tax(cloud: Cloud, amount: Ints, timeline: Timeline) -> pa.Table:
    texts = {
        "ChargeCategory": "Tax",
        "ChargeFrequency": "Recurring",
        "ChargeDescription": "Sales tax",
        "ServiceName": "Tax",
        "ServiceCategory": "Other",
        "ServiceSubcategory": "Other (Other)",
    }
    return _monthly(cloud, amount, texts, timeline, _unpriced(amount))


def _unpriced(amount: Ints) -> dict[str, Column]:
    return {"ListCost": pa.array(amount), "ContractedCost": pa.array(amount)}


def _monthly(
    cloud: Cloud,
    amount: Ints,
    texts: Mapping[str, str],
    timeline: Timeline,
    prices: Mapping[str, Column],
) -> pa.Table:
    """Lines over what of each month lies in the window; the open month is billed to date."""
    months = timeline.months()
    first = np.array([month.first for month in months])
    end = np.array([month.end for month in months])
    charges = Charges(cloud, timeline, first, end)
    account = SHARED_ACCOUNTS[cloud.provider]
    whose = {"SubAccountId": account.id, "SubAccountName": account.name}
    return pa.table(
        {**charges.frame(), **charges.texts({**texts, **whose}), **prices, **paid(amount, amount)}
    )
