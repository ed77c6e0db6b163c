"""Stores what currencies are worth in a month, until the month is closed."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING

from service.domain.bookkeeping import MonthRate
from service.domain.records import AuditEntry
from service.errors import InputError
from service.store.repositories.closed import PeriodClosedError
from service.usecases.ledger.rate_fields import COLUMNS, check_fields, rows_of
from service.usecases.ledger.reporting import key_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from datetime import datetime
    from pathlib import Path

    from service.domain.periods import Period
    from service.domain.reporting import RateKey
    from service.store.store import Store, UnitOfWork


@dataclass(frozen=True, slots=True)
class StoredRate:
    """A rate that holds, and whether its month is closed, so that it can never change."""

    rate: MonthRate
    is_final: bool


@dataclass(frozen=True, slots=True)
class Rater:
    """Stores rates as one person's word."""

    store: Store
    clock: Callable[[], datetime]
    actor: str

    def set(self, fields: Mapping[str, str]) -> bool:
        """Store one rate, given by ``COLUMNS``; return whether it is another than before.

        Raises:
            InputError: When a field cannot be used; names it and what is accepted.
            PeriodClosedError: When the month is closed with another rate, or with none.
        """
        return bool(self._store([("", self._rate(fields))]))

    def load(self, file: Path) -> int:
        """Store every rate of a CSV file or none; return how many are other than before.

        Raises:
            InputError: When the file cannot be read, or a row cannot be used; names file, line
                and column, and what is accepted.
            PeriodClosedError: When a month is closed with another rate, or with none.
        """
        found: dict[RateKey, tuple[str, MonthRate]] = {}
        for line, fields in rows_of(file):
            place = f"{file}, line {line}"
            rate = self._rate(fields, f"{place}, column ")
            if (key := key_of(rate)) in found:
                raise InputError(
                    f"{place}: {key.pair} of {key.month} stands above already; accepted is one rate"
                    " for each month and pair"
                )
            found[key] = (f"{place}: ", rate)
        return len(self._store(found.values()))

    def _rate(self, fields: Mapping[str, str], place: str = "") -> MonthRate:
        check_fields(fields, place)
        month, from_currency, to_currency, rate, source = (fields[name] for name in COLUMNS)
        return MonthRate(
            month=month,
            from_currency=from_currency,
            to_currency=to_currency,
            rate=Decimal(rate),
            source=source,
            at=self.clock(),
            actor=self.actor,
        )

    def _store(self, rates: Iterable[tuple[str, MonthRate]]) -> list[MonthRate]:
        """Store those that are not stored as they are, all together."""
        stored = []
        with self.store.work() as work:
            for place, rate in rates:
                before = work.rates.of(rate.month).get((rate.from_currency, rate.to_currency))
                if before and (before.text, before.source) == (rate.text, rate.source):
                    continue
                _refuse_closed(rate, before, place, work)
                work.rates.add(rate)
                work.audit.add(_audit(rate, before))
                stored.append(rate)
        return stored


def stored_rates(store: Store, period: Period | None = None) -> tuple[StoredRate, ...]:
    """Return the rates that hold, of one month or of all, by month and pair."""
    with store.work() as work:
        closed = {close.period for close in work.closes.all()}
        months = work.rates.months() if period is None else (str(period),)
        rates = [rate for month in months for _, rate in sorted(work.rates.of(month).items())]
    return tuple(StoredRate(rate, rate.month in closed) for rate in rates)


def _refuse_closed(rate: MonthRate, before: MonthRate | None, place: str, work: UnitOfWork) -> None:
    if work.closes.of(rate.month) is None:
        return
    was = f"stays {before.text} ({before.source})" if before else "can be set no more"
    raise PeriodClosedError(f"{place}{rate.month} is closed; its rate {key_of(rate).pair} {was}")


def _audit(rate: MonthRate, before: MonthRate | None) -> AuditEntry:
    was = before.text if before else None
    detail = {"rate": rate.text, "source": rate.source, "before": was}
    subject = f"rate {rate.month} {key_of(rate).pair}"
    return AuditEntry(rate.at, rate.actor, "rate.set", subject, detail)
