"""Turns items of Azure's price list into prices of offers: per machine and hour.

Traps: a reservation's price is for its whole term although its unit says ``1 Hour``; a machine
with Windows, for development and tests, or of low priority is another product under the same name.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal

from ingest.sources.azure.rates import (
    amount,
    hours_in,
    moment,
    months_in,
    per_hour,
    term_hours,
)
from ingest.sources.azure.retail import Item

_UNIT = "machine-hour"
_OTHER_PRODUCTS = ("windows", "cloudservices", "cloud services", "dedicated host")


@dataclass(frozen=True, slots=True)
class PriceRow:
    """One line of a price list, in the form that is loaded."""

    region: str
    machine_type: str
    purchase_model: str
    term_months: int | None
    unit: str
    amount: Decimal
    currency: str
    valid_from: datetime

    @property
    def offer(self) -> tuple[str, str, str, int]:
        """What the price is of."""
        return self.region, self.machine_type, self.purchase_model, self.term_months or 0


def price_rows(items: Iterable[Item]) -> list[PriceRow]:
    """Return the prices that items tell, in a fixed order.

    A reservation is for this machine type alone and a savings plan for any: where both are sold
    for a term, the reservation's is the committed price of the machine.

    Raises:
        RejectedSourceError: When a price, a term or a time cannot be read.
    """
    reserved: set[PriceRow] = set()
    others: set[PriceRow] = set()
    planned: set[PriceRow] = set()
    for item in items:
        if not _is_machine(item):
            continue
        if item["type"] == "Reservation":
            reserved.add(_reserved(item))
        else:
            row = _by_the_hour(item)
            others.add(row)
            planned |= set(_planned(item, row))
    taken = {row.offer for row in reserved}
    rows = others | reserved | {row for row in planned if row.offer not in taken}
    return sorted(rows, key=lambda row: (row.offer, row.valid_from, row.amount))


def _is_machine(item: Item) -> bool:
    """Say whether an item is a plain machine, by its first and only price tier."""
    if item.get("type") not in {"Consumption", "Reservation"} or item.get("tierMinimumUnits"):
        return False
    product = str(item.get("productName", "")).lower()
    return "low priority" not in _names(item) and not any(one in product for one in _OTHER_PRODUCTS)


def _names(item: Item) -> str:
    return f"{item.get('skuName', '')} {item.get('meterName', '')}".lower()


def _by_the_hour(item: Item) -> PriceRow:
    """Read a price by use; a unit that is not hours stands as it is, and is set aside then."""
    unit = str(item.get("unitOfMeasure", ""))
    hours = hours_in(unit)
    return _row(
        item,
        "spot" if "spot" in _names(item) else "on_demand",
        None,
        per_hour(amount(item["retailPrice"], _what(item)), hours or 1),
        unit=_UNIT if hours else unit,
    )


def _reserved(item: Item) -> PriceRow:
    """Read a reservation: its price is for all hours of the term."""
    months = months_in(str(item.get("reservationTerm", "")), _what(item))
    whole = amount(item["retailPrice"], _what(item))
    return _row(item, "committed", months, per_hour(whole, term_hours(months)))


def _planned(item: Item, row: PriceRow) -> Iterator[PriceRow]:
    """Read what the machine costs by the hour under a savings plan of each term."""
    for plan in item.get("savingsPlan") or ():
        months = months_in(str(plan.get("term", "")), _what(item))
        hours = hours_in(str(item.get("unitOfMeasure", ""))) or 1
        price = per_hour(amount(plan.get("retailPrice", plan.get("unitPrice")), _what(item)), hours)
        yield replace(row, purchase_model="committed", term_months=months, amount=price)


def _row(
    item: Item, model: str, months: int | None, price: Decimal, *, unit: str = _UNIT
) -> PriceRow:
    return PriceRow(
        region=str(item["armRegionName"]),
        machine_type=str(item["armSkuName"]),
        purchase_model=model,
        term_months=months,
        unit=unit,
        amount=price,
        currency=str(item["currencyCode"]),
        valid_from=moment(item["effectiveStartDate"], _what(item)),
    )


def _what(item: Item) -> str:
    return f"price of meter {item.get('meterId', '')} ({item.get('armSkuName', '')})"
