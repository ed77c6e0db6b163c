"""What pods served by the hour: the growth of their counters, given to the GPUs that they held."""

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from ingest.usage.hours import Sums, add_up
from ingest.usage.merging import Merging
from ingest.usage.samples import TIME_BITS, TIME_MASK, Arrangement, Buffer, Floats, Ints
from ingest.usage.signals import COUNTERS, DAY_MS, HOUR_MS, Signal

_HOUR_BITS = 5

_OF_SCRAPES = frozenset(
    {
        *("job", "instance", "endpoint", "service"),
        *("exported_job", "exported_instance", "exported_endpoint", "exported_service"),
        *("prometheus", "prometheus_replica", "thanos_replica", "receive_replica", "__replica__"),
    }
)
"""Labels that tell who looked: series that differ in nothing else are looks at one counter."""


@dataclass(frozen=True, slots=True)
class Served:
    """What was served: in all, or by pods that held no GPU in that hour."""

    tokens_in: int = 0
    tokens_out: int = 0
    requests: int = 0


@dataclass(slots=True)
class Counters:
    """The counters of pods, of which each may have several, and be looked at in several scrapes."""

    origin_ms: int
    step_ms: int
    pods: dict[tuple[str, str], int] = field(default_factory=dict)
    sums: dict[Signal, list[Sums]] = field(default_factory=dict)
    _series: dict[tuple[Signal, frozenset[tuple[str, str]]], int] = field(default_factory=dict)
    _counters: dict[object, int] = field(default_factory=dict)
    _counter_of: list[int] = field(default_factory=list)
    _pod_of: list[int] = field(default_factory=list)
    _merging: Merging = field(init=False)
    _buffers: dict[Signal, Buffer] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Begin without anything seen."""
        self._merging = Merging(self.step_ms)

    def buffer(self, signal: Signal) -> Buffer:
        """Return where samples of a signal wait."""
        found = self._buffers.get(signal)
        if found is None:
            found = self._buffers[signal] = Buffer(self.origin_ms)
        return found

    def series(self, signal: Signal, labels: Mapping[str, str], pod: tuple[str, str]) -> int:
        """Return the number of a series."""
        told = frozenset(labels.items())
        number = self._series.setdefault((signal, told), len(self._counter_of))
        if number == len(self._counter_of):
            own = frozenset(one for one in told if one[0] not in _OF_SCRAPES)
            counter = self._counters.setdefault((signal, pod, own), len(self._pod_of))
            if counter == len(self._pod_of):
                self._pod_of.append(self.pods.setdefault(pod, len(self.pods)))
            self._counter_of.append(counter)
        return number

    def close(self, since_ms: int, until_ms: int) -> None:
        """Add up the growth up to a time before which every sample is known."""
        pod_of = np.array(self._pod_of, np.int64)
        counter_of = np.array(self._counter_of, np.int64)
        for signal, buffer in self._buffers.items():
            keys, values = _told(*buffer.take(since_ms, until_ms))
            if not keys.size:
                continue
            looks, growth = self._merging.growth(keys, values, counter_of)
            times = looks & TIME_MASK
            inside = (times > DAY_MS) & (times <= 2 * DAY_MS) & ~np.isnan(growth)
            hours = (times[inside] - 1 - DAY_MS) // HOUR_MS
            sums = (pod_of[looks[inside] >> TIME_BITS] << _HOUR_BITS) + hours
            self.sums.setdefault(signal, []).append(add_up(sums, {"grown": growth[inside]}))


def _told(keys: Ints, values: Floats) -> tuple[Ints, Floats]:
    """Return the samples in order, without those whose value is absent."""
    arrangement = Arrangement(keys)
    ordered = arrangement.values(values)
    there = ~np.isnan(ordered)
    return arrangement.keys[there], ordered[there]


def served(totals: Mapping[Signal, int]) -> Served:
    """Return counts by signal as one."""
    tokens_in, tokens_out, requests = (totals.get(signal, 0) for signal in COUNTERS)
    return Served(tokens_in, tokens_out, requests)
