"""Billing periods and windows of time, half-open and in UTC."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

_PERIOD = re.compile(r"([0-9]{4})-(0[1-9]|1[0-2])")
_MONTHS = 12
_FIRST_YEAR = 1
_LAST_YEAR = 9998


@dataclass(frozen=True, slots=True, order=True)
class Period:
    """A FOCUS billing period: one calendar month in UTC, written ``YYYY-MM``."""

    name: str

    def __post_init__(self) -> None:
        """Refuse anything but a month.

        Raises:
            ValueError: When ``name`` is not a month between the years 0001 and 9998.
        """
        known = _PERIOD.fullmatch(self.name)
        if not known or not _FIRST_YEAR <= int(known[1]) <= _LAST_YEAR:
            raise ValueError(f"{self.name!r} is no billing period; accepted is YYYY-MM, as 2026-10")

    @classmethod
    def of(cls, moment: datetime | date) -> Period:
        """Return the period that a day or an aware moment lies in."""
        day = moment.astimezone(UTC) if isinstance(moment, datetime) else moment
        return cls(f"{day.year:04d}-{day.month:02d}")

    @property
    def first_day(self) -> date:
        """The first day of the month."""
        return date(int(self.name[:4]), int(self.name[5:]), 1)

    @property
    def start(self) -> datetime:
        """The moment at which the period begins."""
        return datetime.combine(self.first_day, datetime.min.time(), tzinfo=UTC)

    @property
    def end(self) -> datetime:
        """The moment at which the next period begins."""
        return self.next.start

    @property
    def window(self) -> Window:
        """The period as a window."""
        return Window(self.start, self.end)

    @property
    def days(self) -> int:
        """How many days the month has."""
        return (self.end - self.start).days

    @property
    def next(self) -> Period:
        """The month after."""
        return Period.of(self.first_day + timedelta(days=31))

    @property
    def previous(self) -> Period:
        """The month before."""
        return Period.of(self.first_day - timedelta(days=1))

    def __str__(self) -> str:
        """Write it as people do."""
        return self.name


@dataclass(frozen=True, slots=True)
class Window:
    """The time from ``start`` up to but not including ``end``, ``[start, end)``, in UTC."""

    start: datetime
    end: datetime

    def __post_init__(self) -> None:
        """Refuse naive moments, other zones and a window that ends before it begins.

        Raises:
            ValueError: When that is so.
        """
        for moment in (self.start, self.end):
            if moment.utcoffset() != timedelta(0):
                raise ValueError(f"{moment.isoformat()} must be an aware moment in UTC")
        if self.end < self.start:
            raise ValueError(f"a window cannot end at {self.end} before it begins at {self.start}")

    @property
    def length(self) -> timedelta:
        """How long it is."""
        return self.end - self.start

    def __contains__(self, moment: datetime) -> bool:
        """Say whether an aware moment lies inside; the end does not."""
        return self.start <= moment < self.end

    def overlap(self, other: Window) -> Window | None:
        """Return the time that both have in common, if any."""
        start, end = max(self.start, other.start), min(self.end, other.end)
        return Window(start, end) if start < end else None
