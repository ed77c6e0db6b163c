"""What a provider itself says was billed, to hold the lake's bills against."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Protocol, runtime_checkable


@dataclass(frozen=True, slots=True)
class BillTotal:
    """What one account was billed for one service in one currency."""

    account: str
    service: str
    currency: str
    billed: Decimal


@dataclass(frozen=True, slots=True)
class BillTotals:
    """A month's totals, when they were asked for, and what the asking cost.

    ``estimated``: the provider still changes them. ``requests`` is 0 where an earlier answer was
    used again; ``price_of_requests`` is in ``price_currency``.
    """

    rows: tuple[BillTotal, ...]
    as_of: datetime
    estimated: bool
    requests: int
    price_of_requests: Decimal
    price_currency: str


@runtime_checkable
class TotalsSource(Protocol):
    """A source that can tell totals of bills; ``name`` is that of the source."""

    name: str

    def billed(self, period: str, cache_folder: Path) -> BillTotals:
        """Return what was billed in a month ``YYYY-MM``; answers are kept in ``cache_folder``.

        Raises:
            SourceError: When that cannot be found out.
        """
        ...
