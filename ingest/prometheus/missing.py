"""Keeps what of a day could not be read, and says it in few sentences."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime

from ingest.usage.signals import HOUR_MS

_ALL = ""
"""In the place of a metric: nothing of the hour could be read."""


@dataclass(slots=True)
class Missing:
    """What could not be read: by reason and metric, the hours (milliseconds since 1970)."""

    hours: dict[tuple[str, str], list[int]] = field(default_factory=dict)

    def __bool__(self) -> bool:
        """Whether anything is missing."""
        return bool(self.hours)

    def add(self, hour_ms: int, metric: str, reason: str) -> None:
        """Remember that an hour of a metric is missing."""
        self.hours.setdefault((reason, metric), []).append(hour_ms)

    def add_hour(self, hour_ms: int, reason: str) -> None:
        """Remember that a whole hour is missing."""
        self.add(hour_ms, _ALL, reason)

    def sentences(self) -> tuple[str, ...]:
        """Say what is missing: metrics that lack the same hours for the same reason together."""
        together: dict[tuple[str, tuple[int, ...]], list[str]] = {}
        for (reason, metric), hours in self.hours.items():
            together.setdefault((reason, tuple(hours)), []).append(metric)
        return tuple(
            f"{_of(metrics)}{', '.join(_spans(hours))} UTC: {reason}; the next run reads it again"
            for (reason, hours), metrics in together.items()
        )


def _of(metrics: Iterable[str]) -> str:
    named = ", ".join(filter(None, metrics))
    return f"{named} of " if named else ""


def _spans(hours: Iterable[int]) -> Iterator[str]:
    """Write hours that follow each other as one span."""
    spans: list[list[int]] = []
    for hour in sorted(hours):
        if spans and spans[-1][1] == hour:
            spans[-1][1] += HOUR_MS
        else:
            spans.append([hour, hour + HOUR_MS])
    return (_span(start, end) for start, end in spans)


def _span(start_ms: int, end_ms: int) -> str:
    """Write ``[start, end)`` with the day it begins on, and the day it ends on if that differs."""
    start, last = (datetime.fromtimestamp(at / 1000, UTC) for at in (start_ms, end_ms - HOUR_MS))
    day = "" if start.date() == last.date() else f"{last:%Y-%m-%d} "
    return f"{start:%Y-%m-%d %H:%M} to {day}{last.hour + 1:02}:00"
