"""What an offer of AWS's price list means: a price for a machine and an hour.

A reserved machine is quoted in two parts, an hourly rate and a fee for the whole term; together,
divided by the hours of the term, they are what a machine-hour costs that is paid in any case.
"""

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from ingest.port import RejectedSourceError
from ingest.sources.aws.rates import amount, moment, spread, term_hours
from ingest.sources.aws.spooled import PriceRow

_HOURLY, _UPFRONT = "Hrs", "Quantity"
_TERM_MONTHS = {"1yr": 12, "3yr": 36}
_NOTHING = Decimal(0)


@dataclass(frozen=True, slots=True)
class Rate:
    """One line of an offer: so much of a currency for an hour, or for the whole term."""

    unit: str
    price: str
    currency: str


@dataclass(frozen=True, slots=True)
class Offer:
    """One term of one machine type as the price list has it; ``sku`` is for messages."""

    sku: str
    region: str
    machine_type: str
    reserved: bool
    effective: str
    rates: tuple[Rate, ...]
    lease: str = ""
    offering_class: str = ""
    purchase_option: str = ""


def price_of(offer: Offer, currency: str, since: datetime | None) -> PriceRow | None:
    """Return the price of a machine-hour; ``None`` where the list has none in ``currency``.

    AWS writes 0 where it does not sell, so 0 is no price. A price that the list calls older than
    ``since``, when it was last looked at, is news since then.

    Raises:
        RejectedSourceError: When a number, a unit, a time or a term cannot be read.
    """
    what = f"price list, SKU {offer.sku}"
    parts = {_HOURLY: _NOTHING, _UPFRONT: _NOTHING}
    for rate in offer.rates:
        if rate.currency != currency:
            continue
        if rate.unit not in parts:
            raise RejectedSourceError(
                f"{what}: unit {rate.unit!r} is not known; accepted are {_HOURLY} and {_UPFRONT}"
            )
        parts[rate.unit] += amount(rate.price, what)
    if not any(parts.values()):
        return None
    months = _months(offer, what) if offer.reserved else None
    cost = parts[_HOURLY]
    if months is not None:
        cost = spread(cost, parts[_UPFRONT], term_hours(months))
    begins = moment(offer.effective, what)
    return PriceRow(
        region=offer.region,
        machine_type=offer.machine_type,
        purchase_model="committed" if offer.reserved else "on_demand",
        amount=cost,
        currency=currency,
        valid_from=begins if since is None else max(begins, since),
        term_months=months,
        contract=f"reserved {offer.offering_class}, {offer.purchase_option}"
        if offer.reserved
        else None,
    )


def _months(offer: Offer, what: str) -> int:
    # AWS writes "1yr" and "3yr" in one interface and "1 yr" in older files.
    lease = offer.lease.replace(" ", "")
    if lease not in _TERM_MONTHS:
        raise RejectedSourceError(f"{what}: term {offer.lease!r} is not known; accepted: 1yr, 3yr")
    return _TERM_MONTHS[lease]


def offers_of(text: str) -> Iterator[Offer]:
    """Read a product as GetProducts returns it: a JSON text with all its terms.

    Raises:
        RejectedSourceError: When it is not of that form.
    """
    try:
        product = json.loads(text)
        attributes = product["product"]["attributes"]
        sku, place = product["product"]["sku"], attributes["regionCode"]
        for reserved in (False, True):
            terms = product.get("terms", {}).get("Reserved" if reserved else "OnDemand", {})
            for term in terms.values():
                yield _offer(sku, place, attributes["instanceType"], term, reserved=reserved)
    except (ValueError, KeyError, AttributeError, TypeError) as problem:
        raise RejectedSourceError(
            f"price list: a product cannot be read ({type(problem).__name__}: {problem}):"
            f" {text[:80]!r}"
        ) from problem


def _offer(
    sku: str, region: str, machine_type: str, term: Mapping[str, Any], *, reserved: bool
) -> Offer:
    said = term.get("termAttributes", {})
    return Offer(
        sku=sku,
        region=region,
        machine_type=machine_type,
        reserved=reserved,
        effective=term["effectiveDate"],
        rates=tuple(_rates(term["priceDimensions"].values())),
        lease=said.get("LeaseContractLength", ""),
        offering_class=said.get("OfferingClass", ""),
        purchase_option=said.get("PurchaseOption", ""),
    )


def _rates(dimensions: Iterable[Mapping[str, Any]]) -> Iterator[Rate]:
    for one in dimensions:
        for currency, price in one["pricePerUnit"].items():
            yield Rate(one["unit"], price, currency)
