"""Reads a day hour by hour, and goes on where an hour or a metric cannot be had."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time

import pyarrow as pa

from ingest.port import RejectedSourceError, TransientSourceError
from ingest.prometheus.client import PrometheusClient
from ingest.prometheus.missing import Missing
from ingest.settings import PrometheusSettings
from ingest.sources.prometheus.metrics import PRESENCE, metrics_of, selector_of
from ingest.sources.prometheus.odd import odd
from ingest.sources.prometheus.rules import rules_of
from ingest.sources.prometheus.stretches import Stretches
from ingest.usage.reduction import DayReduction
from ingest.usage.signals import DAY_MS, HOUR_MS, Signal

STRIKES = 5
"""After so many questions in a row without an answer, the server is taken to be away."""


@dataclass(slots=True)
class DayRead:
    """A day on its way into a table: what was read, and what was not.

    ``answers`` counts what the server said of the day itself; ``answered`` the hours of metrics
    that came whole, those beside the day included.
    """

    reduction: DayReduction
    missing: Missing = field(default_factory=Missing)
    answers: int = 0
    answered: int = 0

    @property
    def whole(self) -> bool:
        """Whether nothing is missing."""
        return not self.missing

    def notes(self) -> tuple[str, ...]:
        """Say what is missing, or could not be counted."""
        return (*self.missing.sentences(), *odd(self.reduction))

    def table(self) -> pa.Table:
        """The rows of the day.

        Raises:
            TransientSourceError: When there is none, and something could not be read.
        """
        rows = self.reduction.table()
        if self.missing and not (self.answers and rows.num_rows):
            raise TransientSourceError(" ".join(self.missing.sentences()))
        return rows


class DayReader:
    """Reads days from one server; ``away`` says why it is not asked any more."""

    def __init__(self, setting: PrometheusSettings, client: PrometheusClient) -> None:
        """Keep the parts; nothing is asked yet."""
        self._setting = setting
        self._metrics = metrics_of(setting)
        self._stretches = Stretches(client)
        self._strikes = 0
        self.away: str | None = None

    def read(self, day: date, until_ms: int) -> DayRead:
        """Read a day, the hour before it, and the hour after it, of what is over at ``until_ms``.

        The hours beside the day tell what lies behind its edges: a counter's last value, a gap.

        Raises:
            RejectedSourceError: When the server refuses to be asked at all.
        """
        found = DayRead(DayReduction(day, rules_of(self._setting)))
        start_ms = start_of(day)
        for hour_ms, metrics in questions_of(day, until_ms, self._metrics):
            self._hour(found, hour_ms, metrics)
            if hour_ms < start_ms:
                found.answers = 0
            elif hour_ms < start_ms + DAY_MS:
                found.reduction.close_hour(hour_ms + HOUR_MS)
        return found

    def _hour(self, found: DayRead, hour_ms: int, metrics: Mapping[Signal, str]) -> None:
        """Read the metrics of an hour; what cannot be had is told, and the rest is read."""
        failed: dict[str, str] = {}
        for signal, metric in metrics.items():
            if self.away is None:
                try:
                    for warning in self._samples(found, signal, metric, hour_ms):
                        failed[metric] = f"the answer is partial ({warning})"
                    self._strikes = 0
                except TransientSourceError as fault:
                    failed[metric] = self._struck(str(fault))
                except RejectedSourceError as fault:
                    self.away = str(fault)
                    raise
            else:
                failed[metric] = self.away
        found.answered += len(metrics) - len(failed)
        if set(failed) == set(metrics.values()) and len(set(failed.values())) == 1:
            found.missing.add_hour(hour_ms, next(iter(failed.values())))
            return
        for metric, reason in failed.items():
            found.missing.add(hour_ms, metric, reason)

    def _samples(self, found: DayRead, signal: Signal, metric: str, hour_ms: int) -> Iterator[str]:
        """Reduce an hour of a metric; yields what the server warns of."""
        selector = selector_of(metric, self._setting.matchers)
        for answer in self._stretches.read(selector, hour_ms, hour_ms + HOUR_MS):
            found.answers += 1
            found.reduction.add(signal, answer.series)
            yield from answer.warnings

    def _struck(self, reason: str) -> str:
        self._strikes += 1
        if self._strikes >= STRIKES:
            self.away = reason
        return reason


def questions_of(
    day: date, until_ms: int, metrics: Mapping[Signal, str]
) -> Iterator[tuple[int, Mapping[Signal, str]]]:
    """Yield the hours to read for a day, each with its metrics: one before it, its own, one after.

    Of the day are those that are over at ``until_ms``, and only then is there one after it.
    """
    start_ms = start_of(day)
    end_ms = start_ms + DAY_MS
    for hour_ms in range(start_ms - HOUR_MS, min(end_ms, max(until_ms, start_ms)), HOUR_MS):
        yield hour_ms, metrics
    if until_ms > end_ms:
        yield end_ms, {one: name for one, name in metrics.items() if one in PRESENCE}


def start_of(day: date) -> int:
    """Return when a day begins (milliseconds since 1970, UTC)."""
    return int(datetime.combine(day, time(), UTC).timestamp()) * 1000
