"""The moments at which a GPU was looked at, and until when each of them speaks for it.

A moment covers the time to the next one; where that is further away than one and a half steps, it
covers one step and the rest is a gap. Samples of two exporters less than half a step apart are of
one moment.
"""

from dataclasses import dataclass

import numpy as np

from ingest.usage.samples import TIME_BITS, TIME_MASK, Bools, Ints, first_of_each


@dataclass(frozen=True, slots=True)
class Moments:
    """Moments of some GPUs in order: GPU and time in one integer."""

    keys: Ints
    step_ms: int

    @property
    def gpus(self) -> Ints:
        """The number of each moment's GPU."""
        return self.keys >> TIME_BITS

    @property
    def times(self) -> Ints:
        """When each moment begins."""
        return self.keys & TIME_MASK

    def locate(self, keys: Ints) -> Ints:
        """Return the moment that covers each key of GPU and time, -1 where none does."""
        if keys.size == self.keys.size and (keys == self.keys).all():
            return np.arange(keys.size)
        begun = self.begun(keys)
        covered = 2 * (keys - self.keys[np.maximum(begun, 0)]) < 3 * self.step_ms
        return np.where(covered, begun, -1)

    def begun(self, keys: Ints) -> Ints:
        """Return the last moment up to each key of GPU and time, -1 where there is none."""
        found = np.searchsorted(self.keys, keys, side="right") - 1
        same = self.keys[np.maximum(found, 0)] >> TIME_BITS == keys >> TIME_BITS
        return np.where((found >= 0) & same, found, -1)


@dataclass(frozen=True, slots=True)
class Intervals:
    """What each moment speaks for: covered to ``covered``, a gap from there to ``following``.

    ``complete`` tells for which of them everything up to the next moment is known.
    """

    covered: Ints
    following: Ints
    followed: Bools
    complete: Bools


def moments_of(keys: Ints, step_ms: int) -> Moments:
    """Return the moments of keys of GPU and time, in any order."""
    if not (keys[1:] > keys[:-1]).all():
        keys = np.unique(keys)
    apart = keys[1:] - keys[:-1]
    if (2 * apart < step_ms).any():
        keys = keys[_heads(keys, step_ms)]
    return Moments(keys, step_ms)


def intervals_of(moments: Moments, until_ms: int) -> Intervals:
    """Return what each moment speaks for, when all samples before ``until_ms`` are known."""
    times, gpus, step_ms = moments.times, moments.gpus, moments.step_ms
    followed = np.append(gpus[1:] == gpus[:-1], False)
    following = np.where(followed, np.append(times[1:], 0), times + step_ms)
    near = 2 * (following - times) <= 3 * step_ms
    return Intervals(
        covered=np.where(near, following, times + step_ms),
        following=following,
        followed=followed,
        complete=followed & (2 * following + step_ms <= 2 * until_ms),
    )


def _heads(keys: Ints, step_ms: int) -> Bools:
    """Say which keys begin a moment: from each to the first that is half a step later."""
    later = np.searchsorted(keys, keys + (step_ms + 1) // 2)
    gpus = keys >> TIME_BITS
    heads = np.zeros(keys.size, bool)
    at = first_of_each(gpus)
    while at.size:
        heads[at] = True
        to = later[at]
        inside = to < keys.size
        at, to = at[inside], to[inside]
        at = to[gpus[to] == gpus[at]]
    return heads
