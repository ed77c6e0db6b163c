"""Exact money: whole trillionths of one currency, and the only arithmetic on them."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import ROUND_HALF_EVEN, Context, Decimal
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

SCALE = 12
"""Decimals that an amount keeps: one unit of a currency is 10¹² pico."""

_UNIT = 10**SCALE
_PPM = 1_000_000
_WIDEST_DIGITS = 38
_CONTEXT = Context(prec=1000, rounding=ROUND_HALF_EVEN)
_NO_COINS = frozenset(("BIF", "CLP", "DJF", "GNF", "ISK", "JPY", "KMF", "KRW", "PYG", "RWF", "UGX"))
_NO_COINS |= {"UYI", "VND", "VUV", "XAF", "XOF", "XPF"}
_THOUSAND_COINS = frozenset(("BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND"))

Key = TypeVar("Key", str, int, tuple[str, str])


class CurrencyMismatch(ValueError):
    """Two currencies met in one sum; there is no rate here to bring them together."""

    def __init__(self, left: str, right: str) -> None:
        """Keep both sides for the reader of the message."""
        super().__init__(f"{left} and {right} cannot be brought together without a rate")
        self.left, self.right = left, right


@dataclass(frozen=True, slots=True)
class Money:
    """An exact amount: ``pico`` trillionths (10⁻¹²) of one unit of ``currency``."""

    pico: int
    currency: str

    @classmethod
    def parse(cls, amount: str | Decimal, currency: str) -> Money:
        """Read an amount; more than 12 decimals are rounded half to even.

        Raises:
            ValueError: When it is no finite number, or has more than 26 digits before the point.
        """
        try:
            pico = Decimal(amount).scaleb(SCALE, _CONTEXT).to_integral_value(context=_CONTEXT)
            return cls(int(_in_range(pico)), currency)
        except (ArithmeticError, ValueError) as error:
            raise ValueError(
                f"{amount!s} is no amount of {currency}; accepted are finite decimal numbers"
                " with up to 26 digits before the point"
            ) from error

    @classmethod
    def zero(cls, currency: str) -> Money:
        """Return nothing, in ``currency``."""
        return cls(0, currency)

    def __add__(self, other: Money) -> Money:
        """Add an amount of the same currency."""
        return Money(self.pico + self._same(other).pico, self.currency)

    def __sub__(self, other: Money) -> Money:
        """Take away an amount of the same currency."""
        return Money(self.pico - self._same(other).pico, self.currency)

    def __neg__(self) -> Money:
        """Turn a charge into a credit and back."""
        return Money(-self.pico, self.currency)

    def __abs__(self) -> Money:
        """Drop the sign."""
        return Money(abs(self.pico), self.currency)

    def __lt__(self, other: Money) -> bool:
        """Compare amounts of the same currency."""
        return self.pico < self._same(other).pico

    def __le__(self, other: Money) -> bool:
        """Compare amounts of the same currency."""
        return self.pico <= self._same(other).pico

    def __gt__(self, other: Money) -> bool:
        """Compare amounts of the same currency."""
        return self.pico > self._same(other).pico

    def __ge__(self, other: Money) -> bool:
        """Compare amounts of the same currency."""
        return self.pico >= self._same(other).pico

    @property
    def decimal(self) -> Decimal:
        """The amount as an exact decimal with 12 decimals."""
        return Decimal(self.pico).scaleb(-SCALE, _CONTEXT)

    def text(self, places: int | None = None) -> str:
        """Write the amount without its currency.

        Args:
            places: Decimals shown, 0 to 12, rounded half to even; ``None`` writes it exactly, with
                as many decimals as it needs and at least two.
        """
        if places is None:
            whole, decimals = divmod(abs(self.pico), _UNIT)
            shown = f"{decimals:0{SCALE}d}".rstrip("0").ljust(2, "0")
            return f"{_sign(self.pico)}{whole}.{shown}"
        units = _round_to(self.pico, places)
        digits = f"{abs(units):0{places + 1}d}"
        cut = len(digits) - places
        return _sign(units) + (f"{digits[:cut]}.{digits[cut:]}" if places else digits)

    def rounded(self) -> Money:
        """Round half to even to the minor unit of the currency, such as the cent."""
        places = minor_digits(self.currency)
        return Money(_round_to(self.pico, places) * 10 ** (SCALE - places), self.currency)

    def _same(self, other: Money) -> Money:
        if self.currency != other.currency:
            raise CurrencyMismatch(self.currency, other.currency)
        return other


def minor_digits(currency: str) -> int:
    """Return how many decimals the currency's smallest coin has (ISO 4217), 2 if unknown."""
    if currency in _NO_COINS:
        return 0
    return 3 if currency in _THOUSAND_COINS else 2


def sum_money(amounts: Iterable[Money], currency: str) -> Money:
    """Add amounts of one currency; nothing adds up to zero of it."""
    return sum(amounts, Money.zero(currency))


def money_sums(amounts: Iterable[Money]) -> dict[str, Money]:
    """Add amounts by currency; the currencies come in their order."""
    picos: dict[str, int] = {}
    for amount in amounts:
        picos[amount.currency] = picos.get(amount.currency, 0) + amount.pico
    return {currency: Money(picos[currency], currency) for currency in sorted(picos)}


def rounding(parts: Iterable[Money], total: Money) -> Money:
    """Return what shown parts lack to the shown total, once each is rounded to the minor unit."""
    return total.rounded() - sum_money((part.rounded() for part in parts), total.currency)


def convert(amount: Money, rate: Decimal, currency: str) -> Money:
    """Return what ``amount`` is worth in ``currency``, rounded half to even to 10⁻¹² once.

    Args:
        amount: An amount of another currency.
        rate: What one unit of its currency is worth, with up to 12 decimals.
        currency: The currency that it is converted to.
    """
    return Money(_quotient(amount.pico * int(rate.scaleb(SCALE, _CONTEXT)), _UNIT), currency)


def split(total: Money, weights: Mapping[Key, int]) -> dict[Key, Money]:
    """Divide ``total`` in proportion to ``weights``; the parts sum to ``total`` exactly.

    Shares go by largest remainder and ties by key, so the order of the input cannot change a bill;
    a credit is split as the charge that it takes back, so that both cancel out in every part.

    Raises:
        ValueError: When a weight is negative or none is positive.
    """
    shares = apportion(total.pico, weights)
    return {key: Money(pico, total.currency) for key, pico in shares.items()}


def ratios(weights: Mapping[Key, int]) -> dict[Key, Decimal]:
    """Return each weight's part of the whole with 12 decimals; together they are exactly 1.

    Raises:
        ValueError: When a weight is negative or none is positive.
    """
    return split_ratio(Decimal(1), weights)


def split_ratio(whole: Decimal, weights: Mapping[Key, int]) -> dict[Key, Decimal]:
    """Return each weight's part of a ratio of 12 decimals; together they are exactly ``whole``.

    Raises:
        ValueError: When a weight is negative or none is positive.
    """
    parts = apportion(int(whole.scaleb(SCALE)), weights)
    return {key: Decimal(part).scaleb(-SCALE) for key, part in parts.items()}


def unit_price(total: Money, quantity: int, per: int = 1) -> Money:
    """Return what ``per`` of a ``quantity`` that costs ``total`` costs, rounded half to even.

    Raises:
        ValueError: When the quantity or ``per`` is not positive.
    """
    if quantity <= 0 or per <= 0:
        raise ValueError(f"{per} of {quantity}: both must be positive")
    return Money(_quotient(total.pico * per, quantity), total.currency)


def share_ppm(part: Money, whole: Money) -> int:
    """Return ``part`` ÷ ``whole`` in millionths, rounded half to even.

    Raises:
        CurrencyMismatch: When their currencies differ.
        ValueError: When ``whole`` is not more than nothing.
    """
    if not whole > Money.zero(part.currency):
        raise ValueError(f"{whole.text()} {whole.currency} has no shares")
    return _quotient(part.pico * _PPM, whole.pico)


def percent(part: Money, whole: Money) -> Decimal | None:
    """Return how many hundredths of ``whole`` a part is, with 12 decimals; ``None`` of nothing.

    Both count by their size: a credit of 5 is 10 percent of 50.
    """
    if part.currency != whole.currency:
        raise CurrencyMismatch(part.currency, whole.currency)
    return unit_price(abs(part), abs(whole.pico), 100 * _UNIT).decimal if whole.pico else None


def apportion(total: int, weights: Mapping[Key, int]) -> dict[Key, int]:
    """Divide a whole number in proportion to ``weights`` by largest remainder, ties by key.

    Raises:
        ValueError: When a weight is negative or none is positive.
    """
    whole = sum(weights.values())
    if min(weights.values(), default=0) < 0:
        raise ValueError("a weight is negative")
    if whole == 0:
        raise ValueError("at least one weight must be positive")
    size, sign = abs(total), -1 if total < 0 else 1
    keys = sorted(weights)
    shares = [divmod(size * weights[key], whole) for key in keys]
    parts = {key: sign * share for key, (share, _) in zip(keys, shares, strict=True)}
    # The sort is stable and the keys are sorted, so that ties go by key.
    by_remainder = sorted(range(len(keys)), key=lambda place: -shares[place][1])
    for place in by_remainder[: size - sum(share for share, _ in shares)]:
        parts[keys[place]] += sign
    return parts


def _round_to(pico: int, places: int) -> int:
    return _quotient(pico, 10 ** (SCALE - places))


def _quotient(dividend: int, divisor: int) -> int:
    """Divide by a number above 0, rounding half to even."""
    whole, rest = divmod(abs(dividend), divisor)
    if 2 * rest > divisor or (2 * rest == divisor and whole % 2 == 1):
        whole += 1
    return -whole if dividend < 0 else whole


def _sign(number: int) -> str:
    return "-" if number < 0 else ""


def _in_range(pico: Decimal) -> Decimal:
    if not pico.is_finite() or pico.copy_abs() >= 10**_WIDEST_DIGITS:
        raise ValueError(str(pico))
    return pico
