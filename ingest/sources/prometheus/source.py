"""GPU usage from Prometheus: one delivery for each day, replaced whole until it is settled."""

import time
from collections.abc import Callable, Iterator, Sequence
from datetime import date, datetime
from pathlib import Path

import pyarrow.parquet as pq

from ingest.files import look_at
from ingest.port import Announcement, Check, Delivery, Kind, Marks, TransientSourceError
from ingest.prometheus.client import PrometheusClient
from ingest.settings import PrometheusSettings
from ingest.sources.prometheus.check import check_server
from ingest.sources.prometheus.day import DayRead, DayReader, start_of
from ingest.sources.prometheus.days import (
    SETTLED,
    Days,
    answered_in,
    being_deleted,
    first_day,
    nothing_there,
    partial,
)
from ingest.usage.signals import DAY_MS, HOUR_MS

DIALECT = "canonical-usage"


class PrometheusUsage:
    """The days of one server; ``pause`` waits between tries (seconds)."""

    def __init__(
        self,
        setting: PrometheusSettings,
        *,
        clock: Callable[[], datetime],
        pause: Callable[[float], None] = time.sleep,
    ) -> None:
        """Keep the setting; nothing is asked yet."""
        self.name = setting.name
        self._setting = setting
        self._clock = clock
        self._client = PrometheusClient(setting, pause=pause)
        self._reader = DayReader(setting, self._client)
        self._known: Marks = {}

    def announced(self, known: Marks) -> Iterator[Announcement]:
        """Say which days the lake lacks, or may have to be read again; oldest first.

        Raises:
            SourceError: When the server cannot be asked, or has stopped to answer.
        """
        self._reader = DayReader(self._setting, self._client)
        self._known = dict(known)
        days = Days(self._setting, self._clock())
        wanted = days.to_read(known)
        if not wanted:
            return
        with self._client:
            first = first_day(wanted, self._setting, self._client)
            if first is None:
                raise nothing_there(self._client, wanted[0])
            if being_deleted(wanted[first], known, self._setting, self._client):
                first += 1
        for day in wanted[first:]:
            if self._reader.away is not None:
                raise TransientSourceError(
                    f"{self._reader.away}; the days from {day} on wait for the next run"
                )
            period, mark = day.isoformat(), days.mark_of(day)
            yield Announcement(Kind.USAGE, period, mark, None, self._client.place)

    def fetch(self, announced: Announcement, folder: Path, version: int) -> Delivery:
        """Read a day and write its rows into ``folder``; says in notes what is missing.

        Raises:
            SourceError: When nothing of the day can be had, or less than the lake holds of it.
        """
        day = date.fromisoformat(announced.period or "")
        now_ms = Days(self._setting, self._clock()).until_ms
        settled = (announced.mark or "").startswith(SETTLED)
        with self._client:
            found = self._reader.read(day, start_of(day) + DAY_MS + HOUR_MS if settled else now_ms)
        held = self._known.get((Kind.USAGE, day.isoformat()))
        if not found.whole and found.answered < answered_in(held):
            raise TransientSourceError(
                f"{day} could not be read whole; what the lake has of the day stays: "
                f"{' '.join(found.missing.sentences())}"
            )
        return self._delivery(announced, found, folder, version)

    def _delivery(
        self, announced: Announcement, found: DayRead, folder: Path, version: int
    ) -> Delivery:
        table = found.table()
        target = folder / f"{announced.period}.parquet"
        if table.num_rows:
            pq.write_table(table, target, compression="zstd")
        return Delivery(
            source=self.name,
            kind=Kind.USAGE,
            dialect=DIALECT,
            version=version,
            complete=True,
            files=(look_at(target),) if table.num_rows else (),
            period=announced.period,
            mark=announced.mark if found.whole else partial(found.answered),
            notes=found.notes(),
        )

    def check(self) -> Sequence[Check]:
        """Try everything that the source needs, and say what is missing; never raises."""
        return check_server(self._setting, self._client, now=self._clock())
