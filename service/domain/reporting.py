"""What totals of several currencies are worth in one: each is converted once, at a month's rate."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from service.domain.money import Money, convert, rounding, sum_money
from service.errors import ConflictError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from service.domain.bookkeeping import MonthRate

_SAME = "1.00"
"""What a currency is worth in itself."""


@dataclass(frozen=True, slots=True, order=True)
class RateKey:
    """Names a rate: the month that it holds in, and the pair that it joins."""

    month: str
    from_currency: str
    to_currency: str

    @property
    def pair(self) -> str:
        """The pair as ``EUR/USD``."""
        return f"{self.from_currency}/{self.to_currency}"


class MissingRatesError(ConflictError):
    """Totals are in currencies that nobody stored a rate for."""

    code = "missing-month-rate"

    def __init__(self, missing: Iterable[RateKey]) -> None:
        """Say each, with the command that sets it."""
        super().__init__("; ".join(map(missing_rate, sorted(missing))))


@dataclass(frozen=True, slots=True)
class Part:
    """The total of one currency and what it is worth; in the reporting currency without a rate.

    ``month`` is that of the rate: of a correction the month that it corrects.
    """

    month: str
    amount: Money
    worth: Money
    rate: MonthRate | None


@dataclass(frozen=True, slots=True)
class Reported:
    """What several totals come to in one currency; ``parts`` begin with that currency's own."""

    total: Money
    parts: tuple[Part, ...]

    @property
    def rates(self) -> tuple[MonthRate, ...]:
        """The rates that were used."""
        return tuple(part.rate for part in self.parts if part.rate is not None)

    @property
    def rounding(self) -> Money:
        """What the shown parts lack to the shown total."""
        return rounding((part.worth for part in self.parts), self.total)

    def rate_of(self, currency: str, origin_period: str) -> MonthRate | None:
        """Return the rate that an amount was converted at, ``None`` of the currency itself.

        Args:
            currency: What the amount is in.
            origin_period: The closed month that the amount corrects, or an empty text.
        """
        found = {rate.month: rate for rate in self.rates if rate.from_currency == currency}
        return found.get(origin_period) or max(found.values(), key=_month, default=None)


@dataclass(frozen=True, slots=True)
class Reporting:
    """A currency that totals of a month are also told in, and the rates into it that are stored."""

    month: str
    currency: str
    rates: Mapping[RateKey, MonthRate]

    def key(self, currency: str, origin_period: str) -> RateKey | None:
        """Return the rate that an amount needs; ``None`` of the reporting currency itself.

        A correction is worth what the original was, so that it makes no exchange difference. Where
        the original was never told in this currency its month has no rate, and takes none once it
        is closed: then the rate of the month that tells the correction is used.
        """
        if currency == self.currency:
            return None
        original = RateKey(origin_period, currency, self.currency)
        return original if original in self.rates else RateKey(self.month, currency, self.currency)

    def missing(self, needed: Iterable[tuple[str, str]]) -> tuple[RateKey, ...]:
        """Return the rates that are not stored, of (currency, origin period) that need them."""
        return tuple(key for key in self._keys(needed) if key not in self.rates)

    def used(self, needed: Iterable[tuple[str, str]]) -> dict[str, str]:
        """Return the rates of (currency, origin period) as the header of a close keeps them.

        The reporting currency itself is among them, worth one.

        Raises:
            MissingRatesError: When a rate is not stored.
        """
        keys = self._keys(needed)
        self._refuse_missing(keys)
        texts = {header_name(self.month, key): self.rates[key].text for key in keys}
        return {f"{self.currency}/{self.currency}": _SAME, **texts}

    def reported(self, amounts: Iterable[tuple[str, Money]]) -> Reported:
        """Convert the sum of each currency and month once, whatever the order of the amounts.

        Args:
            amounts: Pairs of the period that an amount corrects (or an empty text) and the amount.

        Raises:
            MissingRatesError: When a rate is not stored.
        """
        sums: dict[RateKey | None, Money] = {}
        keys: dict[tuple[str, str], RateKey | None] = {}
        for origin, amount in amounts:
            need = (amount.currency, origin)
            if need not in keys:
                keys[need] = self.key(*need)
            key = keys[need]
            sums[key] = sums[key] + amount if key in sums else amount
        self._refuse_missing(key for key in sums if key)
        parts = tuple(self._parts(sums))
        return Reported(sum_money((part.worth for part in parts), self.currency), parts)

    def _parts(self, sums: Mapping[RateKey | None, Money]) -> Iterator[Part]:
        if None in sums:
            yield Part(self.month, sums[None], sums[None], None)
        for key in sorted(key for key in sums if key):
            rate = self.rates[key]
            worth = convert(sums[key], rate.rate, self.currency)
            yield Part(key.month, sums[key], worth, rate)

    def _keys(self, needed: Iterable[tuple[str, str]]) -> list[RateKey]:
        return sorted({key for need in needed if (key := self.key(*need))})

    def _refuse_missing(self, keys: Iterable[RateKey]) -> None:
        if missing := [key for key in keys if key not in self.rates]:
            raise MissingRatesError(missing)


def together(currency: str, reported: Iterable[Reported]) -> Reported:
    """Return what all are worth together; sums of each currency and month are converted once.

    Parts that were each converted for themselves may miss it by what rounding left of each.
    """
    sums: dict[tuple[str, str, str], Part] = {}
    for part in (part for one in reported for part in one.parts):
        key = ("" if part.rate is None else part.month, part.amount.currency, part.month)
        before = sums.get(key)
        amount = part.amount if before is None else before.amount + part.amount
        worth = convert(amount, part.rate.rate, currency) if part.rate else amount
        sums[key] = Part(part.month, amount, worth, part.rate)
    parts = tuple(sums[key] for key in sorted(sums))
    return Reported(sum_money((part.worth for part in parts), currency), parts)


def missing_rate(key: RateKey) -> str:
    """Say which rate is missing, and how it is set."""
    return (
        f"{key.month} has no rate from {key.from_currency} to {key.to_currency} (comptroller rates"
        f" set {key.month} {key.from_currency} {key.to_currency} RATE --source WHERE-FROM)"
    )


def header_name(month: str, key: RateKey) -> str:
    """Return what a rate is called in the header of a month's close.

    Its own is ``EUR/USD``, that of a month that it corrects ``2026-09 EUR/USD``.
    """
    return key.pair if key.month == month else f"{key.month} {key.pair}"


def header_keys(month: str, rates: Mapping[str, str]) -> dict[RateKey, str]:
    """Return the rates that the header of a month's close names, without the currency itself."""
    found = {}
    for name, text in rates.items():
        at, _, pair = name.rpartition(" ")
        from_currency, _, to_currency = pair.partition("/")
        if from_currency != to_currency:
            found[RateKey(at or month, from_currency, to_currency)] = text
    return found


def header_currency(rates: Mapping[str, str]) -> str | None:
    """Return the currency that a close was also told in; ``None`` where it was told in none."""
    return next((name.rpartition("/")[2] for name in sorted(rates)), None)


def rate_faults(
    month: str, closed: Mapping[str, str], stored: Mapping[RateKey, MonthRate]
) -> tuple[str, ...]:
    """Return which stored rates are not those that a month was closed with, in sentences."""
    faults = []
    for key, text in sorted(header_keys(month, closed).items()):
        now = stored[key].text if key in stored else "none"
        if now != text:
            faults.append(
                f"the rate {key.pair} of {key.month} is {now}, and was {text} when closed"
            )
    return tuple(faults)


def _month(rate: MonthRate) -> str:
    return rate.month
