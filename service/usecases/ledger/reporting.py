"""Finds the rates that statements of a period tell their totals at, now or when it was closed."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

from service.domain.bookkeeping import MonthRate
from service.domain.reporting import RateKey, Reporting, header_currency, header_keys

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

    from service.domain.closing import PeriodClose
    from service.domain.statements import StatementLine
    from service.store.store import UnitOfWork

ALTERED = "not on record any more; run comptroller verify"
"""The source of a rate that a period was closed with and that is not stored as it was."""


def needs(lines: Iterable[StatementLine]) -> frozenset[tuple[str, str]]:
    """Return the currencies of lines, each with the period that it corrects or an empty text."""
    return frozenset((line.currency, line.origin_period) for line in lines)


def reporting_now(
    period: str, currency: str, needed: Collection[tuple[str, str]], work: UnitOfWork
) -> Reporting:
    """Return the rates into ``currency`` that are stored for a period, and for what it corrects."""
    months = {period, *(origin for _, origin in needed if origin)}
    return Reporting(
        period,
        currency,
        {key: rate for key, rate in _stored(months, work).items() if key.to_currency == currency},
    )


def reporting_when_closed(close: PeriodClose, work: UnitOfWork) -> Reporting | None:
    """Return the rates that a period was closed with, whatever is stored now.

    ``None`` is one that was closed without a reporting currency.
    """
    currency = header_currency(close.rates)
    if currency is None:
        return None
    keys = header_keys(close.period, close.rates)
    stored = _stored({key.month for key in keys}, work)
    rates = {key: _as_closed(key, text, stored.get(key), close) for key, text in keys.items()}
    return Reporting(close.period, currency, rates)


def rates_of_header(close: PeriodClose, work: UnitOfWork) -> dict[RateKey, MonthRate]:
    """Return what is stored now of the rates that the header of a close names."""
    return _stored({key.month for key in header_keys(close.period, close.rates)}, work)


def _as_closed(key: RateKey, text: str, stored: MonthRate | None, close: PeriodClose) -> MonthRate:
    if stored is not None and stored.text == text:
        return stored
    return MonthRate(
        month=key.month,
        from_currency=key.from_currency,
        to_currency=key.to_currency,
        rate=Decimal(text),
        source=ALTERED,
        at=close.at,
        actor=close.approver,
    )


def _stored(months: Iterable[str], work: UnitOfWork) -> dict[RateKey, MonthRate]:
    return {key_of(rate): rate for month in months for rate in work.rates.of(month).values()}


def key_of(rate: MonthRate) -> RateKey:
    """Return what names a rate."""
    return RateKey(rate.month, rate.from_currency, rate.to_currency)
