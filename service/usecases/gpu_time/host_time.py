"""Finds time of GPUs that no label gives to anybody, and gives it to the jobs of their hosts."""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass
from datetime import timedelta
from itertools import groupby
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from service.domain.host_holders import Claim, Device, is_disputed, take
from service.domain.periods import Window

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from datetime import datetime

    from service.domain.attempts import Attempt
    from service.domain.host_holders import Taken
    from service.usecases.charge_owners import Reader

_HOUR = timedelta(hours=1)
_MS = timedelta(milliseconds=1)
_ROWS_AT_ONCE = 400_000
"""So many hours of devices are looked at together: all days of 70 hosts, one day of 2,000."""

_DEVICES_OF_HOST = 8
_COUNTED = ("tokens_in", "tokens_out", "requests")
_WHOSE = ("source", "job_id", "attempt")
_TIMES = ("allocated_ms", "observed_ms", "activity_ms", "no_process_ms")
_TEXT = pa.dictionary(pa.int32(), pa.string())
_SCHEMA = pa.schema(
    [
        ("hour", pa.timestamp("us", tz="UTC")),
        *((name, _TEXT) for name in ("gpu_uuid", "slice", "source", "job_id")),
        ("attempt", pa.int32()),
        *((name, pa.int64()) for name in (*_TIMES, *_COUNTED)),
    ]
)


@dataclass(frozen=True, slots=True)
class HostTime:
    """What jobs held of GPUs of their hosts: a row for each GPU (or slice), hour and attempt.

    ``disputed_ms`` is what jobs of several sources may have held, so that nobody has it.
    """

    taken: pa.Table
    disputed_ms: int = 0


def host_time(
    window: Window, attempts: Iterable[Attempt], machine: pa.Table, reader: Reader
) -> HostTime:
    """Give the unlabelled time of GPUs in ``window`` to the attempts that ran on their hosts."""
    working = [one for one in attempts if one.claims_hosts]
    rows = _Rows()
    if working:
        names = sorted({host for one in working for host in one.hosts})
        for part in _parts(window, len(names)):
            finder = _Finder(part, working, machine, reader)
            for hour, found in finder.taken(names):
                rows.add(hour, found)
            rows.disputed_ms += finder.disputed_ms
            rows.flush()
    return HostTime(rows.table(), rows.disputed_ms)


def _parts(window: Window, hosts: int) -> Iterator[Window]:
    """Cut a window into stretches of days whose rows fit into memory."""
    days = max(1, _ROWS_AT_ONCE // (hosts * 24 * _DEVICES_OF_HOST))
    start = window.start
    while start < window.end:
        end = min(start + timedelta(days=days), window.end)
        yield Window(start, end)
        start = end


class _Finder:
    """Looks at some days: which devices are free, and who ran on their hosts."""

    def __init__(
        self, window: Window, attempts: Iterable[Attempt], machine: pa.Table, reader: Reader
    ) -> None:
        """Sort the attempts by the hosts and hours in which they ran."""
        self._window, self._machine, self._reader = window, machine, reader
        self._at_work: defaultdict[tuple[str, datetime], list[Attempt]] = defaultdict(list)
        self._labelled: Counter[tuple[object, ...]] = Counter()
        self._labelling: set[tuple[datetime, str]] = set()
        self.disputed_ms = 0
        for one in attempts:
            for hour in _hours(one, window):
                for host in one.hosts:
                    self._at_work[host, hour].append(one)

    def taken(self, names: Sequence[str]) -> Iterator[tuple[datetime, Iterator[Taken]]]:
        """Yield what attempts took, by hour and host."""
        if not self._at_work:
            return
        free = self._ask("free_gpus", work_host=pa.table({"name": pa.array(names, pa.string())}))
        if free.num_rows:
            self._read_labels()
        rows = (row for batch in free.to_batches() for row in batch.to_pylist())
        for (hour, host), found in groupby(rows, key=lambda row: (row["hour"], row["host"])):
            group = list(found)
            claims = self._claims(hour, host, {host, *(row["told_host"] for row in group)})
            devices = [_device(row) for row in group]
            if is_disputed(claims):
                self.disputed_ms += sum(one.capacity_ms for one in devices)
            elif claims:
                yield hour, take(devices, claims)

    def _read_labels(self) -> None:
        """Count the devices that labels give to each job, on a host and on all."""
        for row in self._ask("labelled_gpus").to_pylist():
            key = row["hour"], row["source"], row["job_id"]
            self._labelled[key] += row["gpus"]
            self._labelled[*key, row["host"]] += row["gpus"]
            self._labelling.add((row["hour"], row["host"]))

    def _claims(self, hour: datetime, host: str, names: Iterable[str]) -> list[Claim]:
        """Return what the attempts of a host still lack in an hour."""
        found: dict[tuple[str, str, int], tuple[Attempt, int]] = {}
        for name in names:
            for one in self._at_work.get((name, hour), ()):
                _, gpus = found.get(_whose(one), (one, 0))
                found[_whose(one)] = one, max(gpus, one.gpus_on(name))
        claims = (self._claim(one, gpus, hour, host) for one, gpus in found.values())
        return sorted(one for one in claims if one.gpus > 0)

    def _claim(self, attempt: Attempt, gpus: int, hour: datetime, host: str) -> Claim:
        key = hour, attempt.source, attempt.job_id
        labelled = self._labelled[*key, host]
        lacks = min(gpus - labelled, attempt.gpus - self._labelled[key])
        if not labelled and (hour, host) in self._labelling:
            # Labels work there: who has none holds nothing, or is of another host of that name.
            lacks = 0
        ran = attempt.ran_in(Window(hour, hour + _HOUR))
        begin, end = ((moment - hour) // _MS for moment in (ran.start, ran.end))
        return Claim(*_whose(attempt), begin, end, lacks)

    def _ask(self, name: str, **inputs: pa.Table) -> pa.Table:
        params: dict[str, object] = {"begin": self._window.start, "until": self._window.end}
        return self._reader.ask(name, params, machine=self._machine, **inputs)


def _whose(attempt: Attempt) -> tuple[str, str, int]:
    return attempt.source, attempt.job_id, attempt.attempt


def _hours(attempt: Attempt, window: Window) -> Iterator[datetime]:
    """Yield the full hours of ``window`` in which an attempt ran."""
    ran = attempt.ran_in(window)
    hour = ran.start.replace(minute=0, second=0, microsecond=0)
    while hour < ran.end:
        yield hour
        hour += _HOUR


def _device(row: Mapping[str, Any]) -> Device:
    return Device(
        row["gpu_uuid"],
        row["slice"],
        row["capacity_ms"],
        row["observed_ms"],
        row["activity_ms"],
        row["no_process_ms"],
        {name: row[name] for name in _COUNTED if row[name] is not None},
    )


class _Rows:
    """What was taken, kept by column and packed part by part: a month has millions of rows."""

    def __init__(self) -> None:
        """Begin without a row."""
        self._batches: list[pa.RecordBatch] = []
        self._columns: dict[str, list[Any]] = {name: [] for name in _SCHEMA.names}
        self.disputed_ms = 0

    def add(self, hour: datetime, found: Iterable[Taken]) -> None:
        """Add what was taken in an hour."""
        for one in found:
            values = {"hour": hour, "gpu_uuid": one.device.gpu_uuid, "slice": one.device.slice}
            values |= {name: getattr(one.claim, name) for name in _WHOSE}
            values |= {name: getattr(one, name) for name in _TIMES}
            values |= {name: one.counted.get(name) for name in _COUNTED}
            for name, value in values.items():
                self._columns[name].append(value)

    def flush(self) -> None:
        """Pack the rows that are still lists."""
        if self._columns["hour"]:
            self._batches.append(pa.RecordBatch.from_pydict(self._columns, schema=_SCHEMA))
            self._columns = {name: [] for name in _SCHEMA.names}

    def table(self) -> pa.Table:
        """Return all packed rows."""
        return pa.Table.from_batches(self._batches, schema=_SCHEMA)
