"""Follows counters that several scrapes look at, and says how much each grew from look to look.

A counter began again where a look is less than the one before and its own scrape fell as well: two
scrapes at nearly one time may answer in another order than they asked. The first look of a scrape
has nothing to fall from; it is of a new process where nobody looked for half a step before it.
"""

from dataclasses import dataclass, field

import numpy as np

from ingest.usage.samples import TIME_BITS, TIME_MASK, Bools, Floats, Ints, first_of_each


@dataclass(slots=True)
class Merging:
    """What was last seen: by series, and of each counter when, the last value and the highest."""

    step_ms: int
    _own: Floats = field(default_factory=lambda: np.empty(0))
    _times: Floats = field(default_factory=lambda: np.empty(0))
    _latest: Floats = field(default_factory=lambda: np.empty(0))
    _tops: Floats = field(default_factory=lambda: np.empty(0))

    def growth(self, keys: Ints, values: Floats, counter_of: Ints) -> tuple[Ints, Floats]:
        """Return keys of counter and time, each with the whole growth up to it.

        It is NaN for a counter's first look.

        Args:
            keys: Series and time in one integer, ascending; later than those of the last call.
            values: The value of each, none of them absent.
            counter_of: The counter of each series.
        """
        size = counter_of.size
        self._own, self._times = _longer(self._own, size), _longer(self._times, size)
        self._latest, self._tops = _longer(self._latest, size), _longer(self._tops, size)
        series = keys >> TIME_BITS
        before = _before(series, values, self._own)
        self._own[series] = values
        looks = (counter_of[series] << TIME_BITS) + (keys & TIME_MASK)
        order = np.argsort(looks, kind="stable")
        starts = first_of_each(looks[order])
        fell = np.logical_and.reduceat(~(values >= before)[order], starts)
        new = np.logical_and.reduceat(np.isnan(before)[order], starts)
        values = np.maximum.reduceat(values[order], starts)
        looks = looks[order][starts]
        again = self._again(looks, values, fell=fell, new=new)
        return looks, self._grown(looks >> TIME_BITS, values, again)

    def _again(self, looks: Ints, values: Floats, *, fell: Bools, new: Bools) -> Bools:
        """Say which looks are the first at a process after another one."""
        counters, times = looks >> TIME_BITS, (looks & TIME_MASK).astype(np.float64)
        late = 2 * (times - _before(counters, times, self._times)) >= self.step_ms
        less = values < _before(counters, values, self._latest)
        self._times[counters], self._latest[counters] = times, values
        again: Bools = less & fell & (late | ~new)
        return again

    def _grown(self, counters: Ints, values: Floats, again: Bools) -> Floats:
        """Return how much each counter grew beyond its highest value since it began (again)."""
        first = np.zeros(counters.size, bool)
        first[first_of_each(counters)] = True
        earlier = np.where(first & ~again, self._tops[counters], np.nan)
        tops = _highest(np.fmax(values, earlier), np.cumsum(first | again))
        growth = np.where(again, tops, tops - _before(counters, tops, self._tops))
        self._tops[counters] = tops
        whole: Floats = np.rint(growth)
        return whole


def _before(groups: Ints, values: Floats, last: Floats) -> Floats:
    """Return the value before each of its group, that of the last call for the first ones."""
    before = np.empty(values.size)
    before[1:] = values[:-1]
    starts = first_of_each(groups)
    before[starts] = last[groups[starts]]
    return before


def _highest(values: Floats, groups: Ints) -> Floats:
    """Return the highest value of each group so far; groups ascend."""
    ordered, ranks = np.unique(values, return_inverse=True)
    highest = np.maximum.accumulate(groups * ordered.size + ranks)
    tops: Floats = ordered[highest % ordered.size]
    return tops


def _longer(values: Floats, size: int) -> Floats:
    """Return values by number with room for new numbers, of which nothing was seen."""
    return np.append(values, np.full(size - values.size, np.nan))
