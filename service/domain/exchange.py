"""Brings amounts of several currencies into whole millionths of the one that plans are made in."""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import ROUND_HALF_EVEN, Context, Decimal
from typing import TYPE_CHECKING

from service.domain.money import Money
from service.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Mapping

MICROS = 10**6
"""Millionths in one unit of a currency."""

_EXACT = Context(prec=200, rounding=ROUND_HALF_EVEN)
_ONE = Decimal(1)


class MissingRate(InputError):
    """An amount is in a currency that nobody gave a rate for."""

    code = "missing-rate"


@dataclass(frozen=True, slots=True)
class Exchange:
    """Rates into ``currency``: what one unit of another currency is worth in it."""

    currency: str
    rates: Mapping[str, Decimal] = field(default_factory=dict)

    def micros(self, amount: Decimal, currency: str, times: Decimal = _ONE) -> int:
        """``amount`` times ``times`` in millionths of ``self.currency``, rounded half-even once.

        Raises:
            MissingRate: When there is no rate for ``currency``; the message names the setting.
        """
        product = _EXACT.multiply(_EXACT.multiply(amount, times), self._rate(currency))
        return int(product.scaleb(6, _EXACT).to_integral_value(context=_EXACT))

    def text(self, micros: int) -> str:
        """Write millionths of the planning currency for people, with two decimals."""
        return f"{Money(micros * MICROS, self.currency).text(2)} {self.currency}"

    def _rate(self, currency: str) -> Decimal:
        if currency == self.currency:
            return _ONE
        if currency not in self.rates:
            raise MissingRate(
                f"there is no exchange rate from {currency} to {self.currency}; set"
                f' exchange_rates = {{ {currency} = "..." }} in comptroller.toml'
            )
        return self.rates[currency]
