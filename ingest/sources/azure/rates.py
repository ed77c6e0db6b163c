"""Money and time of Azure's prices: per machine and hour, whatever they are quoted in."""

import re
from datetime import UTC, datetime
from decimal import ROUND_HALF_EVEN, Decimal, InvalidOperation

from ingest.port import RejectedSourceError

_TWELVE_DECIMALS = Decimal("0.000000000001")
_YEAR_HOURS = 8760
_MONTHS = 12
_HOURS = re.compile(r"(\d+) Hours?")
_TERM = re.compile(r"P?(\d+) ?(Y|Years?|M|Months?)")


def amount(value: object, what: str) -> Decimal:
    """Read an amount of money.

    Raises:
        RejectedSourceError: When it is no number, or less than nothing.
    """
    try:
        found = Decimal(str(value))
    except InvalidOperation:
        found = Decimal("NaN")
    if not found.is_finite() or found < 0:
        raise RejectedSourceError(f"{what}: {value!r} is no price; accepted is a number from 0 on")
    return found


def hours_in(unit: str) -> int | None:
    """Return how many hours a unit of sale is (``1 Hour``, ``100 Hours``), if it is hours."""
    found = _HOURS.fullmatch(unit.strip())
    return int(found[1]) if found and int(found[1]) > 0 else None


def months_in(term: str, what: str) -> int:
    """Return the months of a term, as ``3 Years`` or ``P3Y``.

    Raises:
        RejectedSourceError: When it is none.
    """
    found = _TERM.fullmatch(term.strip())
    if not found:
        raise RejectedSourceError(f"{what}: {term!r} is no term; accepted is one as 3 Years or P3Y")
    return int(found[1]) * (_MONTHS if found[2].startswith("Y") else 1)


def per_hour(whole: Decimal, hours: int, machines: int = 1) -> Decimal:
    """Spread a price over the hours and machines that it is for, rounded once to 12 decimals."""
    return (whole / (hours * machines)).quantize(_TWELVE_DECIMALS, ROUND_HALF_EVEN)


def term_hours(months: int) -> int:
    """Return the hours of a term; a year has 365 days."""
    return months * _YEAR_HOURS // _MONTHS


def moment(text: object, what: str) -> datetime:
    """Read a time, which is UTC where it does not say.

    Raises:
        RejectedSourceError: When it is none.
    """
    try:
        found = datetime.fromisoformat(str(text))
    except ValueError as problem:
        raise RejectedSourceError(
            f"{what}: {text!r} is no time; accepted is one as 2026-11-01T00:00:00Z"
        ) from problem
    return found.replace(tzinfo=UTC) if found.tzinfo is None else found.astimezone(UTC)
