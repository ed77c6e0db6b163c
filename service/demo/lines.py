"""Cost lines in the making: what all lines share, and what each kind of money needs."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from service.demo.clouds import Cloud
from service.demo.columns import MONTH, Column, coded, moments, same, whole
from service.demo.reference import PICO
from service.demo.teams import COMPANY
from service.demo.timeline import TICKS_PER_HOUR, Ints, Timeline

HUNDREDTH = PICO // 100
"""Quantities are whole hundredths, so price times quantity never needs more than 12 decimals."""


@dataclass(frozen=True, slots=True)
class Charges:
    """When charges were made, hours [first, end), and the month that bills them."""

    cloud: Cloud
    timeline: Timeline
    first: Ints
    end: Ints
    billed_in: Ints | None = None

    @property
    def rows(self) -> int:
        """How many charges there are."""
        return len(self.first)

    def frame(self) -> dict[str, Column]:
        """The columns that every line has: who bills whom, when, in what."""
        months = self.timeline.months()
        starts = np.array([month.first for month in months])
        number = np.searchsorted(starts, self.first, side="right") - 1
        month = number if self.billed_in is None else self.billed_in
        last = len(months) - 1
        invoices = [
            None if n == last else f"{self.cloud.provider.upper()}-{m.name}"
            for n, m in enumerate(months)
        ]
        begins = np.array([int(m.begins.timestamp()) for m in months])[month] * 1_000_000
        ends = np.array([int(m.ends.timestamp()) for m in months])[month] * 1_000_000
        return {
            MONTH: pa.array(month),
            "BillingPeriodStart": moments(begins),
            "BillingPeriodEnd": moments(ends),
            "ChargePeriodStart": self._moments(self.first),
            "ChargePeriodEnd": self._moments(self.end),
            "InvoiceId": coded(invoices, month),
            **self.texts(
                {
                    "BillingAccountId": self.cloud.account_id,
                    "BillingAccountName": COMPANY,
                    "BillingAccountType": self.cloud.account_type,
                    "BillingCurrency": "USD",
                    "PricingCurrency": "USD",
                    "InvoiceIssuerName": self.cloud.issuer,
                    "ProviderName": self.cloud.name,
                    "PublisherName": self.cloud.name,
                    "ServiceProviderName": self.cloud.name,
                    "HostProviderName": self.cloud.name,
                    "SubAccountType": self.cloud.sub_account_type,
                }
            ),
        }

    def texts(self, texts: Mapping[str, str | None]) -> dict[str, Column]:
        """Columns with one text for all lines."""
        return {name: same(text, self.rows) for name, text in texts.items()}

    def _moments(self, hours: Ints) -> Column:
        return moments(self.timeline.epoch_us(hours * TICKS_PER_HOUR))


def priced(quantity: Ints, list_price: Ints, contracted: Ints) -> dict[str, Column]:
    """Columns of prices and quantities; ``quantity`` in hundredths of the unit."""
    return {
        "PricingQuantity": whole(quantity * HUNDREDTH),
        "ListUnitPrice": whole(list_price),
        "ListCost": whole(times(list_price, quantity)),
        "ContractedUnitPrice": whole(contracted),
        "ContractedCost": whole(times(contracted, quantity)),
    }


def paid(billed: Ints, effective: Ints) -> dict[str, Column]:
    """What the invoice says, and what the charge is worth."""
    return {"BilledCost": whole(billed), "EffectiveCost": whole(effective)}


def consumed(quantity: Ints, unit: str) -> dict[str, Column]:
    """How much was consumed, in hundredths of the unit."""
    return {
        "ConsumedQuantity": whole(quantity * HUNDREDTH),
        "ConsumedUnit": same(unit, len(quantity)),
    }


def times(price: Ints, quantity: Ints) -> Ints:
    """Price times hundredths; exact, because no price here has more than ten decimals."""
    return np.asarray(price // 100 * quantity, dtype=np.int64)
