"""What stands beside postings: the batch that they came in, and the rates of a month."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from uuid import UUID

from service.domain.money import Money


@dataclass(frozen=True, slots=True)
class LedgerBatch:
    """Postings that were made together: for which period, by which run or person, and why.

    ``run_id`` is the allocation run whose sums were posted, ``None`` for what a person posts.
    """

    id: UUID
    period: str
    run_id: UUID | None
    at: datetime
    actor: str
    reason: str


@dataclass(frozen=True, slots=True)
class MonthRate:
    """What one unit of ``from_currency`` is worth in ``to_currency`` throughout a month.

    Raises:
        ValueError: When the rate is no positive number with up to 12 decimals, or joins a
            currency with itself.
    """

    month: str
    from_currency: str
    to_currency: str
    rate: Decimal
    source: str
    at: datetime
    actor: str

    def __post_init__(self) -> None:
        """Refuse what is no rate."""
        if self.from_currency == self.to_currency:
            raise ValueError(f"a rate joins two currencies, not {self.from_currency} with itself")
        price = Money.parse(self.rate, self.to_currency)
        if price.pico <= 0 or price.decimal != self.rate:
            raise ValueError(
                f"{self.rate} is no rate of {self.from_currency} in {self.to_currency};"
                " accepted are positive numbers with up to 12 decimals"
            )

    @property
    def text(self) -> str:
        """The rate as an exact decimal without needless noughts, as 1.0845."""
        return Money.parse(self.rate, self.to_currency).text()
