"""What pods served by the hour: the growth of their counters, given to the GPUs that they held."""

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from ingest.usage.hours import Sums, add_up
from ingest.usage.samples import TIME_BITS, TIME_MASK, Arrangement, Buffer, Floats, Ints
from ingest.usage.signals import COUNTERS, DAY_MS, HOUR_MS, Signal

_HOUR_BITS = 5


@dataclass(frozen=True, slots=True)
class Served:
    """What was served: in all, or by pods that held no GPU in that hour."""

    tokens_in: int = 0
    tokens_out: int = 0
    requests: int = 0


@dataclass(slots=True)
class Counters:
    """The counters of pods; each series by its labels, as a pod may have several of one kind."""

    origin_ms: int
    pods: dict[tuple[str, str], int] = field(default_factory=dict)
    sums: dict[Signal, list[Sums]] = field(default_factory=dict)
    _series: dict[tuple[Signal, frozenset[tuple[str, str]]], int] = field(default_factory=dict)
    _pod_of: list[int] = field(default_factory=list)
    _buffers: dict[Signal, Buffer] = field(default_factory=dict)

    def buffer(self, signal: Signal) -> Buffer:
        """Return where samples of a signal wait."""
        found = self._buffers.get(signal)
        if found is None:
            found = self._buffers[signal] = Buffer(self.origin_ms)
        return found

    def series(self, signal: Signal, labels: Mapping[str, str], pod: tuple[str, str]) -> int:
        """Return the number of a series."""
        number = self._series.setdefault((signal, frozenset(labels.items())), len(self._pod_of))
        if number == len(self._pod_of):
            self._pod_of.append(self.pods.setdefault(pod, len(self.pods)))
        return number

    def close(self, since_ms: int, until_ms: int) -> None:
        """Add up the growth up to a time before which every sample is known."""
        pod_of = np.array(self._pod_of, np.int64)
        for signal, buffer in self._buffers.items():
            arrangement, values = _told(*buffer.take(since_ms, until_ms))
            if not arrangement.size:
                continue
            series, times = arrangement >> TIME_BITS, arrangement & TIME_MASK
            last = np.append(series[1:] != series[:-1], True)
            buffer.keep(arrangement[last], values[last])
            growth = _growth(series, values)
            inside = (times > DAY_MS) & (times <= 2 * DAY_MS) & ~np.isnan(growth)
            hours = (times[inside] - 1 - DAY_MS) // HOUR_MS
            keys = (pod_of[series[inside]] << _HOUR_BITS) + hours
            self.sums.setdefault(signal, []).append(add_up(keys, {"grown": growth[inside]}))


def _told(keys: Ints, values: Floats) -> tuple[Ints, Floats]:
    """Return the samples in order, without those whose value is absent."""
    arrangement = Arrangement(keys)
    ordered = arrangement.values(values)
    there = ~np.isnan(ordered)
    return arrangement.keys[there], ordered[there]


def _growth(series: Ints, values: Floats) -> Floats:
    """Return how much each sample's counter grew since the one before, NaN for the first one."""
    growth = np.full(values.size, np.nan)
    grown = values[1:] - values[:-1]
    growth[1:] = np.where(grown < 0, values[1:], grown)
    growth[1:][series[1:] != series[:-1]] = np.nan
    whole: Floats = np.rint(growth)
    return whole


def served(totals: Mapping[Signal, int]) -> Served:
    """Return counts by signal as one."""
    tokens_in, tokens_out, requests = (totals.get(signal, 0) for signal in COUNTERS)
    return Served(tokens_in, tokens_out, requests)
