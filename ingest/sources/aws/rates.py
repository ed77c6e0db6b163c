"""Money and time of AWS's price lists: per machine and hour, whatever they are quoted in."""

from datetime import UTC, datetime
from decimal import ROUND_HALF_EVEN, Decimal, InvalidOperation

from ingest.port import RejectedSourceError

_TWELVE_DECIMALS = Decimal("0.000000000001")
_YEAR_HOURS = 8760
_MONTHS = 12
_YEAR_S = 365 * 24 * 3600


def signed_amount(text: object, what: str) -> Decimal:
    """Read an amount of money; a float goes through its shortest text.

    Raises:
        RejectedSourceError: When it is no number.
    """
    try:
        found = Decimal(str(text)).quantize(_TWELVE_DECIMALS, ROUND_HALF_EVEN)
    except InvalidOperation:
        found = Decimal("NaN")
    if not found.is_finite():
        raise RejectedSourceError(
            f"{what}: {text!r} is no amount; accepted is a number below 10^16"
        )
    return found


def amount(text: object, what: str) -> Decimal:
    """Read a price.

    Raises:
        RejectedSourceError: When it is no number, or less than nothing.
    """
    found = signed_amount(text, what)
    if found < 0:
        raise RejectedSourceError(f"{what}: {text!r} is no price; accepted is a number from 0 on")
    return found


def spread(hourly: Decimal, upfront: Decimal, hours: int, machines: int = 1) -> Decimal:
    """Return what one machine costs for an hour: ``upfront`` is for all machines and hours."""
    share = upfront / (hours * machines)
    return (hourly + share).quantize(_TWELVE_DECIMALS, ROUND_HALF_EVEN)


def term_hours(months: int) -> int:
    """Return the hours of a term; AWS's year has 365 days."""
    return months * _YEAR_HOURS // _MONTHS


def months_of(seconds: int) -> int:
    """Return the months of a term given in seconds."""
    return round(seconds * _MONTHS / _YEAR_S)


def moment(text: str, what: str) -> datetime:
    """Read a time of a price list, which is UTC where it does not say.

    Raises:
        RejectedSourceError: When it is none.
    """
    try:
        found = datetime.fromisoformat(text)
    except ValueError as problem:
        raise RejectedSourceError(
            f"{what}: {text!r} is no time; accepted is one as 2026-11-01T00:00:00Z"
        ) from problem
    return found.replace(tzinfo=UTC) if found.tzinfo is None else found.astimezone(UTC)


def currency_of(region: str) -> str:
    """Return the currency that AWS sells a region's machines in."""
    return "CNY" if region.startswith("cn-") else "USD"
