"""Reads the times that sacct prints: local ones without an offset, or seconds since 1970."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

_ABSENT = frozenset({"", "unknown", "none", "n/a", "invalid", "0"})


def moment(text: str, zone: ZoneInfo) -> datetime | None:
    """Return the moment in UTC, ``None`` where sacct says that there is none.

    Raises:
        ValueError: When it is no time.
    """
    if text.strip().lower() in _ABSENT:
        return None
    if text.isdigit():
        return datetime.fromtimestamp(int(text), UTC)
    found = datetime.fromisoformat(text)
    return (found if found.tzinfo else found.replace(tzinfo=zone)).astimezone(UTC)


def moment_after(text: str, before: datetime | None, zone: ZoneInfo) -> datetime | None:
    """Return the moment; in the hour that a clock shows twice, the one that is not too early.

    Raises:
        ValueError: When it is no time.
    """
    found = moment(text, zone)
    if found is None or before is None or found >= before or text.isdigit():
        return found
    local = datetime.fromisoformat(text)
    return found if local.tzinfo else local.replace(tzinfo=zone, fold=1).astimezone(UTC)
