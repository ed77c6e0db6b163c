"""Holds samples until an hour is over, and puts them in order: each once, and no guard values.

A sample's key is its seat's number and its time in one integer, so that sorting is one pass.
"""

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from ingest.usage.signals import DAY_MS

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]

TIME_BITS = 28
TIME_MASK = (1 << TIME_BITS) - 1
HORIZON_MS = 3 * DAY_MS
"""Times count from one day before the day that is reduced, to one day after it."""

_GUARD = 9.2e18


@dataclass(slots=True)
class Buffer:
    """The samples of one signal of some GPUs that were not reduced yet."""

    origin_ms: int
    _series: list[tuple[int, Ints, Floats]] = field(default_factory=list)
    _kept: list[tuple[Ints, Floats]] = field(default_factory=list)

    def add(self, seat: int, times_ms: Ints, values: Floats) -> None:
        """Take a stretch of a series."""
        self._series.append((seat, times_ms, values))

    def keep(self, keys: Ints, values: Floats) -> None:
        """Take samples back that were taken before."""
        if keys.size:
            self._kept.append((keys, values))

    def take(self, since_ms: int, until_ms: int) -> tuple[Ints, Floats]:
        """Return the samples before ``until_ms`` as keys and values; later ones stay.

        Of those that came since the last time, what is before ``since_ms`` was known before.
        """
        parts, self._kept = self._kept, []
        if self._series:
            parts.append(self._stretches(since_ms))
            self._series = []
        if not parts:
            return np.empty(0, np.int64), np.empty(0, np.float64)
        keys = np.concatenate([keys for keys, _ in parts]) if len(parts) > 1 else parts[0][0]
        values = np.concatenate([told for _, told in parts]) if len(parts) > 1 else parts[0][1]
        late = (keys & TIME_MASK) >= until_ms
        if late.any():
            self.keep(keys[late], values[late])
            keys, values = keys[~late], values[~late]
        return keys, values

    def _stretches(self, since_ms: int) -> tuple[Ints, Floats]:
        self._series.sort(key=_seat)
        lengths = np.array([len(times) for _, times, _ in self._series])
        seats = np.array([seat for seat, _, _ in self._series], np.int64)
        offsets = np.concatenate([times for _, times, _ in self._series]) - self.origin_ms
        values = np.concatenate([told for _, _, told in self._series])
        keys = np.repeat(seats << TIME_BITS, lengths) + offsets
        inside = (offsets >= since_ms) & (offsets < HORIZON_MS)
        return (keys, values) if inside.all() else (keys[inside], values[inside])


def _seat(series: tuple[int, Ints, Floats]) -> int:
    return series[0]


class Arrangement:
    """The order of some keys: each once, ascending."""

    def __init__(self, raw: Ints) -> None:
        """Find the order; keys that ascend already cost one look."""
        self.raw = raw
        self.keys = raw
        self._order: Ints | None = None
        self._starts: Ints | None = None
        if not (raw[1:] > raw[:-1]).all():
            self._order = np.argsort(raw, kind="stable")
            ordered = raw[self._order]
            self._starts = first_of_each(ordered)
            self.keys = ordered[self._starts]

    def values(self, raw: Floats) -> Floats:
        """Return the values in order, the larger of two at one key; guard values are absent."""
        values = np.where((raw >= 0) & (raw < _GUARD), raw, np.nan)
        if self._order is None or self._starts is None:
            return values
        largest: Floats = np.fmax.reduceat(values[self._order], self._starts)
        return largest


def first_of_each(ordered: Ints) -> Ints:
    """Return where each value begins in an array in which equal ones are neighbours."""
    if not ordered.size:
        return np.empty(0, np.int64)
    return np.flatnonzero(np.concatenate(([True], ordered[1:] != ordered[:-1])))


def ascending(values: Ints) -> Ints:
    """Return values once each and ascending, which costs one look where they are so already."""
    return values if (values[1:] > values[:-1]).all() else np.unique(values)


def among(some: Ints, ascending_values: Ints) -> Bools:
    """Say which of some values are among others, which ascend."""
    if not ascending_values.size:
        return np.zeros(some.size, bool)
    at = np.minimum(np.searchsorted(ascending_values, some), ascending_values.size - 1)
    there: Bools = ascending_values[at] == some
    return there
