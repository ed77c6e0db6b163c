"""The hours of the invented months, cut fine enough for starts and stops inside an hour."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

import numpy as np
import numpy.typing as npt

Ints = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]

TICKS_PER_HOUR = 100
"""A tick is 36 s, so that every quantity of machine-hours has at most two decimals."""
MS_PER_TICK = 36_000
SATURDAY = 5
US_PER_TICK = MS_PER_TICK * 1_000


@dataclass(frozen=True, slots=True)
class Month:
    """A billing period as far as the window reaches into it: hours [first, end) of the window."""

    name: str
    first: int
    end: int
    begins: datetime
    ends: datetime


@dataclass(frozen=True, slots=True)
class Timeline:
    """The ``days`` whole UTC days before ``today``; ticks and hours count from their start."""

    today: date
    days: int

    def __post_init__(self) -> None:
        """Refuse an empty window."""
        if self.days < 1:
            raise ValueError(f"a company needs at least one day, not {self.days}")

    @property
    def start(self) -> datetime:
        """The first moment of the window."""
        return datetime.combine(self.today - timedelta(days=self.days), time(), UTC)

    @property
    def hours(self) -> int:
        """How many hours the window has."""
        return self.days * 24

    @property
    def ticks(self) -> int:
        """How many ticks the window has."""
        return self.hours * TICKS_PER_HOUR

    def at(self, tick: int) -> datetime:
        """The moment of one tick."""
        return self.start + timedelta(milliseconds=tick * MS_PER_TICK)

    def epoch_us(self, ticks: Ints) -> Ints:
        """The moments of many ticks, in microseconds since 1970."""
        return ticks * US_PER_TICK + int(self.start.timestamp()) * 1_000_000

    def months(self) -> tuple[Month, ...]:
        """The billing periods that the window touches, in order."""
        months = []
        first = 0
        while first < self.hours:
            begins = (self.start + timedelta(hours=first)).replace(day=1, hour=0)
            ends = (begins + timedelta(days=32)).replace(day=1)
            end = min(self.hours, int((ends - self.start) / timedelta(hours=1)))
            months.append(Month(f"{begins:%Y-%m}", first, end, begins, ends))
            first = end
        return tuple(months)

    def rhythm(self) -> npt.NDArray[np.float64]:
        """How busy people are in each hour: 1 on a weekday at noon, little at night."""
        noon = 0.5 + 0.5 * np.cos((np.arange(self.hours) % 24 - 15) / 24 * 2 * np.pi)
        return np.where(self.weekend(), 0.15 + 0.25 * noon, 0.2 + 0.8 * noon)

    def weekend(self) -> Flags:
        """Which hours lie on a Saturday or a Sunday."""
        return (self.start.weekday() + np.arange(self.hours) // 24) % 7 >= SATURDAY


def cut_at_hours(starts: Ints, ends: Ints) -> tuple[Ints, Ints, Ints]:
    """Cut half-open spans of ticks at full hours: index of the span, hour, ticks inside it."""
    first = starts // TICKS_PER_HOUR
    pieces = (ends - 1) // TICKS_PER_HOUR - first + 1
    span = np.repeat(np.arange(len(starts)), pieces)
    hour = first[span] + np.arange(len(span)) - np.repeat(np.cumsum(pieces) - pieces, pieces)
    inside = np.minimum(ends[span], (hour + 1) * TICKS_PER_HOUR)
    inside -= np.maximum(starts[span], hour * TICKS_PER_HOUR)
    return span, hour, inside


def runs_of(on: Flags) -> list[tuple[int, int]]:
    """The half-open runs of true values in a row of hours, in ticks."""
    edges = np.flatnonzero(np.diff(np.concatenate(([False], on, [False])).astype(np.int8)))
    return [
        (int(first) * TICKS_PER_HOUR, int(end) * TICKS_PER_HOUR)
        for first, end in zip(edges[::2], edges[1::2], strict=True)
    ]
