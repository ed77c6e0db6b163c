"""What a machine-hour cost in each week: list, contract and a spot price that wanders."""

from dataclasses import dataclass
from decimal import Decimal

import numpy as np

from service.demo.clouds import CLOUDS
from service.demo.fleet import Offer
from service.demo.reference import PICO, ListPrice, list_prices, pico
from service.demo.timeline import Ints, Timeline

HOURS_A_WEEK = 168
WANDER = 0.06
"""A spot price moves about this much of itself from week to week."""

SPOT_STEP = PICO // 10_000
"""Spot prices are quoted with four decimals."""


@dataclass(frozen=True, slots=True)
class Market:
    """Prices in 10⁻¹² USD; ``spot`` has a row for each price of ``spot_prices`` and its weeks."""

    prices: tuple[ListPrice, ...]
    spot_prices: tuple[ListPrice, ...]
    spot: Ints

    def list_price(self, offer: Offer) -> int:
        """The on-demand list price of a machine-hour."""
        return pico(self._found(offer, "on_demand").amount)

    def contracted_price(self, offer: Offer) -> int:
        """The on-demand price after the company's contract."""
        return pico(self._found(offer, "on_demand").amount * _CONTRACTED[offer.provider])

    def spot_row(self, offer: Offer) -> int:
        """The row of ``spot`` with the offer's price path; -1 for offers at a fixed price."""
        return self.spot_prices.index(self._found(offer, "spot")) if offer.model == "spot" else -1

    def _found(self, offer: Offer, model: str) -> ListPrice:
        return next(
            price
            for price in self.prices
            if (price.machine_type, price.region) == (offer.machine_type, offer.region)
            and price.purchase_model == model
            and price.zone in ("", offer.zone)
        )


_CONTRACTED: dict[str, Decimal] = {cloud.provider: cloud.contracted for cloud in CLOUDS}


def market_of(timeline: Timeline, rng: np.random.Generator) -> Market:
    """Let every spot price of the reference table wander around its listed value."""
    prices = list_prices()
    spots = tuple(price for price in prices if price.purchase_model == "spot")
    weeks = -(-timeline.hours // HOURS_A_WEEK)
    drift = np.clip(np.cumsum(rng.normal(0, WANDER, (len(spots), weeks)), axis=1), -0.35, 0.35)
    base = np.array([pico(price.amount) for price in spots], dtype=np.int64)
    steps = np.rint(base[:, None] * (1 + drift) / SPOT_STEP).astype(np.int64)
    return Market(prices, spots, steps * SPOT_STEP)
