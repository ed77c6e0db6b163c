"""What currencies are worth in each month."""

from sqlalchemy import select
from sqlalchemy.orm import Session

from service.domain.bookkeeping import MonthRate
from service.store.models import ExchangeRateRow
from service.store.repositories.closed import told_when_closed


class Rates:
    """The rates of months; a newer one of the same pair holds, until the month is closed."""

    def __init__(self, session: Session) -> None:
        """Read and write inside the session's transaction."""
        self._session = session

    def add(self, rate: MonthRate) -> None:
        """Store a rate; an earlier one of the pair and month stays on record.

        Raises:
            PeriodClosedError: When the month is closed.
        """
        row = ExchangeRateRow(
            month=rate.month,
            from_currency=rate.from_currency,
            to_currency=rate.to_currency,
            at=rate.at,
            rate=rate.rate,
            source=rate.source,
            actor=rate.actor,
        )
        with told_when_closed(rate.month):
            self._session.add(row)
            self._session.flush()

    def of(self, month: str) -> dict[tuple[str, str], MonthRate]:
        """Give the rate that holds for each pair (from, to) of ``month``."""
        return {(rate.from_currency, rate.to_currency): rate for rate in self.history(month)}

    def months(self) -> tuple[str, ...]:
        """Give the months that a rate was ever stored for, in their order."""
        query = select(ExchangeRateRow.month).distinct().order_by(ExchangeRateRow.month)
        return tuple(self._session.scalars(query))

    def history(self, month: str) -> tuple[MonthRate, ...]:
        """Give every rate that was ever stored for ``month``, by pair and oldest first."""
        query = (
            select(ExchangeRateRow)
            .where(ExchangeRateRow.month == month)
            .order_by(
                ExchangeRateRow.from_currency, ExchangeRateRow.to_currency, ExchangeRateRow.at
            )
        )
        return tuple(_rate(row) for row in self._session.scalars(query))


def _rate(row: ExchangeRateRow) -> MonthRate:
    return MonthRate(
        month=row.month,
        from_currency=row.from_currency,
        to_currency=row.to_currency,
        rate=row.rate,
        source=row.source,
        at=row.at,
        actor=row.actor,
    )
