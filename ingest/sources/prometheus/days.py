"""Which days there are to read, and under which mark a day that was read whole is kept."""

import hashlib
import json
import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

from ingest.port import Kind, Marks, RejectedSourceError, TransientSourceError
from ingest.prometheus.client import PrometheusClient
from ingest.prometheus.errors import TooMuch
from ingest.settings import PrometheusSettings
from ingest.sources.prometheus.day import questions_of, start_of
from ingest.sources.prometheus.metrics import any_of, metrics_of
from ingest.usage.signals import DAY_MS, HOUR_MS

SETTLED = "settled-"
"""What the mark of a day begins with to which nothing will be added."""

_MARK = re.compile(r"(?:open|partial)-(\d+)\b.*")

_FORM = 2
"""Grows when the same samples become other rows."""

_NOT_IN_ROWS = {
    "type", "url", "since", "settle_hours", "timeout_s", "max_samples_per_query",
    "bearer_token", "bearer_token_file", "username", "password", "password_file",
    "certificate_file", "key_file", "ca_file",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Days:
    """The days of a source at one moment."""

    setting: PrometheusSettings
    now: datetime

    @property
    def mark(self) -> str:
        """The mark of a settled day: what its rows depend on beside the samples."""
        told = self.setting.model_dump(mode="json", exclude=_NOT_IN_ROWS)
        text = json.dumps([_FORM, told], sort_keys=True)
        return f"{SETTLED}{hashlib.sha256(text.encode()).hexdigest()[:16]}"

    def mark_of(self, day: date) -> str:
        """Return the mark of a day: of an open one, how much there is to read, and when."""
        if self.settled(day):
            return self.mark
        questions = questions_of(day, self.until_ms, metrics_of(self.setting))
        count = sum(len(metrics) for _, metrics in questions)
        return f"open-{count}-{self.now.astimezone(UTC):%Y%m%dT%H%M%S.%f}"

    @property
    def until_ms(self) -> int:
        """When the last hour that is over ended."""
        return int(self.now.astimezone(UTC).timestamp()) * 1000 // HOUR_MS * HOUR_MS

    def settled(self, day: date) -> bool:
        """Say whether nothing will be added to a day any more."""
        over = datetime.combine(day + timedelta(days=1), datetime.min.time(), UTC)
        return self.now >= over + timedelta(hours=self.setting.settle_hours)

    def every(self) -> list[date]:
        """Return the days since the first of which an hour is over."""
        days = -((start_of(self.setting.since) - self.until_ms) // DAY_MS)
        return [self.setting.since + timedelta(days=n) for n in range(days)]

    def to_read(self, known: Marks) -> list[date]:
        """Return the days since the first that the lake lacks, or that may have more by now."""
        return [
            day
            for day in self.every()
            if not self.settled(day) or known.get((Kind.USAGE, day.isoformat())) != self.mark
        ]


def partial(answered: int) -> str:
    """Return the mark of a day of which something is missing: no announcement has it."""
    return f"partial-{answered}"


def answered_in(mark: str | None) -> float:
    """Return how many questions were answered of a day that is kept under a mark.

    Of a settled one that is all of them, and nothing where the lake does not hold the day.
    """
    if mark is not None and mark.startswith(SETTLED):
        return math.inf
    found = _MARK.fullmatch(mark or "")
    return int(found[1]) if found else 0


def first_day(
    days: Sequence[date], setting: PrometheusSettings, client: PrometheusClient
) -> int | None:
    """Return which of ``days`` (in order) is the first that the server has something of.

    Asked by halves: nobody wants hundreds of questions about what the server has deleted.

    Raises:
        SourceError: When that cannot be found out.
    """
    if not _anything(days[0], days[-1], setting, client):
        return None
    low, high = 0, len(days) - 1
    if _anything(days[0], days[0], setting, client):
        return 0
    while low < high:
        middle = (low + high) // 2
        if _anything(days[0], days[middle], setting, client):
            high = middle
        else:
            low = middle + 1
    return low


def being_deleted(
    day: date, known: Marks, setting: PrometheusSettings, client: PrometheusClient
) -> bool:
    """Say whether the lake may know more of a day than the server, which keeps days for a while.

    That is so where the lake holds the day and the one before, and the server lacks the latter.

    Raises:
        SourceError: When that cannot be found out.
    """
    before = day - timedelta(days=1)
    held = all((Kind.USAGE, one.isoformat()) in known for one in (before, day))
    return held and not _anything(before, before, setting, client)


def _anything(
    first: date, last: date, setting: PrometheusSettings, client: PrometheusClient
) -> bool:
    """Say whether there is a series from the one day to the other; both included."""
    selector = any_of(metrics_of(setting).values(), setting.matchers)
    try:
        return bool(client.labels(selector, start_of(first), start_of(last) + DAY_MS))
    except TooMuch as refused:
        raise TransientSourceError(
            f"{client.place}: it does not say what it has ({refused}); try again later, or raise "
            "timeout_s"
        ) from refused


def nothing_there(client: PrometheusClient, day: date) -> RejectedSourceError:
    """Say that the server has none of the metrics."""
    return RejectedSourceError(
        f"{client.place}: it has none of the metrics since {day}; look at the scrape "
        "configuration, the names of metrics and matchers (comptroller sources check tells which)"
    )
