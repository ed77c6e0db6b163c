"""Cuts stretches of time by the hours of a day, and adds up what is in each."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ingest.usage.samples import Floats, Ints, first_of_each
from ingest.usage.signals import DAY_MS, HOUR_MS

TICKS = 100_000
"""Parts of a millisecond in which time is added up: whole, so that no order changes a sum."""

HOURS = 24
_FIRST_MS = DAY_MS
_LAST_MS = 2 * DAY_MS


@dataclass(frozen=True, slots=True)
class Pieces:
    """Stretches of time, each inside one hour: from which stretch, in which hour, how long."""

    of: Ints
    hours: Ints
    lengths_ms: Ints


@dataclass(frozen=True, slots=True)
class Sums:
    """What was added up for each key: a number and an hour in one integer, ascending."""

    keys: Ints
    columns: Mapping[str, Floats]


def pieces_of(begins: Ints, ends: Ints) -> Pieces:
    """Cut stretches by the hours of the day; what is outside the day goes."""
    begins = np.maximum(begins, _FIRST_MS) - _FIRST_MS
    ends = np.minimum(ends, _LAST_MS) - _FIRST_MS
    inside = np.flatnonzero(begins < ends)
    begins, ends = begins[inside], ends[inside]
    first = begins // HOUR_MS
    counts = (ends - 1) // HOUR_MS - first + 1
    if counts.size == 0 or counts.max() == 1:
        return Pieces(inside, first, ends - begins)
    of = np.repeat(np.arange(inside.size), counts)
    hours = first[of] + np.arange(of.size) - np.repeat(np.cumsum(counts) - counts, counts)
    lengths = np.minimum(ends[of], (hours + 1) * HOUR_MS) - np.maximum(begins[of], hours * HOUR_MS)
    return Pieces(inside[of], hours, lengths)


def ticks(lengths_ms: Ints, parts: Floats) -> Floats:
    """Return a part of each length, in whole ticks."""
    return np.rint(lengths_ms * parts * TICKS)


def add_up(keys: Ints, columns: Mapping[str, NDArray[np.generic]]) -> Sums:
    """Add columns up by key; those called ``max_...`` give their largest, and NaN is absent."""
    groups = _Groups(keys)
    return Sums(groups.keys, {name: groups.sums(name, one) for name, one in columns.items()})


def merged(sums: list[Sums], names: Iterable[str]) -> Sums:
    """Add up what was added up before; a column that one of them lacks is absent there."""
    groups = _Groups(np.concatenate([np.empty(0, np.int64), *(one.keys for one in sums)]))
    columns = {}
    for name in names:
        parts = [np.empty(0), *(_column(one, name) for one in sums)]
        columns[name] = groups.sums(name, np.concatenate(parts))
    return Sums(groups.keys, columns)


class _Groups:
    """The rows of each key, found once for every column."""

    def __init__(self, keys: Ints) -> None:
        """Put the keys in order, where they are not."""
        self._order: Ints | None = None
        if not (keys[1:] >= keys[:-1]).all():
            self._order = np.argsort(keys, kind="stable")
            keys = keys[self._order]
        self._starts = first_of_each(keys)
        self.keys = keys[self._starts]

    def sums(self, name: str, column: NDArray[np.generic]) -> Floats:
        """Return each key's sum of a column, or its largest."""
        if not self._starts.size:
            return np.empty(0)
        if self._order is not None:
            column = column[self._order]
        work = np.fmax if name.startswith("max_") else np.add
        result: Floats = work.reduceat(column.astype(np.float64, copy=False), self._starts)
        return result


def _column(sums: Sums, name: str) -> Floats:
    absent = np.nan if name.startswith("max_") else 0.0
    found = sums.columns.get(name)
    return np.full(sums.keys.size, absent) if found is None else found
