"""Reads what can be bought at a moment from the lake, in millionths of the planning currency."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ingest.machines import MachineType, machine_types, provider_key
from warehouse.port import Engine, Question

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from datetime import datetime

    from service.domain.exchange import Exchange
    from warehouse.lake import Lake

ON_DEMAND, SPOT = "on_demand", "spot"
MARKETS = (ON_DEMAND, SPOT)
"""The purchase models that can be bought by the hour without a contract."""

_UNIT = "machine-hour"


@dataclass(frozen=True, slots=True)
class Price:
    """What one machine costs for an hour; ``zone`` is ``None`` where it is the same in all."""

    machine: MachineType
    region: str
    zone: str | None
    market: str
    hour_micros: int


@dataclass(frozen=True, slots=True)
class PriceList:
    """The usable prices, and how many rows could not be used or were outdone, by reason."""

    prices: tuple[Price, ...]
    notes: Mapping[str, int]


def current_prices(at: datetime, exchange: Exchange, *, lake: Lake, engine: Engine) -> PriceList:
    """Read the prices that hold at ``at``; what is missing or not understood is no offer.

    Raises:
        MissingRate: When a price is in a currency without a rate.
    """
    rows = engine.query(Question("ask/current_prices", {"at": at}), lake.view(["price"]))
    notes: Counter[str] = Counter()
    found = []
    for row in rows.to_pylist():
        price = _price(row, exchange, notes)
        if price is not None:
            found.append(price)
            notes["price from several sources, the newest taken"] += bool(row["several_sources"])
    kept = _worth_offering(_zones_first(found), notes)
    return PriceList(tuple(kept), dict(sorted((+notes).items())))


def _price(row: dict[str, Any], exchange: Exchange, notes: Counter[str]) -> Price | None:
    """Turn a row into a price, or note why it is none."""
    if row["purchase_model"] not in MARKETS:
        notes[f"{row['purchase_model']} price, offered only under a contract"] += 1
        return None
    if row["amount"] is None or row["currency"] is None:
        notes["price is missing, which is unknown and not nothing"] += 1
        return None
    if row["unit"] != _UNIT:
        notes[f"price per {row['unit']}, accepted is {_UNIT}"] += 1
        return None
    machine = machine_types().get((provider_key(row["provider"]), row["machine_type"]))
    if machine is None:
        notes["machine type is not in ingest/machines.csv"] += 1
        return None
    micros = exchange.micros(row["amount"], row["currency"])
    zone = row["zone"] or None
    return Price(machine, row["region"], zone, row["purchase_model"], micros)


def _zones_first(prices: Iterable[Price]) -> list[Price]:
    """Where zones have prices of their own, the price of the region would count them twice."""
    prices = list(prices)
    zoned = {_group(price) for price in prices if price.zone is not None}
    return [price for price in prices if price.zone is not None or _group(price) not in zoned]


def _worth_offering(prices: list[Price], notes: Counter[str]) -> Iterable[Price]:
    """Leave out spot that costs as much as on-demand: that is no discount but no offer."""
    on_demand: dict[tuple[object, ...], int] = {}
    for price in prices:
        if price.market == ON_DEMAND:
            for place in ((*_type(price), price.zone), _type(price)):
                on_demand[place] = min(price.hour_micros, on_demand.get(place, price.hour_micros))
    for price in prices:
        dear = on_demand.get((*_type(price), price.zone), on_demand.get(_type(price)))
        if price.market == SPOT and dear is not None and price.hour_micros >= dear:
            notes["spot price not below on-demand, not offered"] += 1
        else:
            yield price


def _type(price: Price) -> tuple[str, str, str]:
    return price.machine.provider, price.region, price.machine.name


def _group(price: Price) -> tuple[str, ...]:
    return (*_type(price), price.market)
