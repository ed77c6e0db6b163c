"""Which jobs to free together: those that stand in each other's way."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.random import Generator
    from numpy.typing import NDArray

    from optimizer.anneal import Targets
    from optimizer.kernel import Choice
    from optimizer.tables import Floats, Ints, Tables

_AIMS = 6  # windows per job whose present jobs count as being in its way
_BLOCKERS = 8  # of the jobs in one window, how many are followed
_NEXT_OFFER = 20  # slots of distance that one more offer counts for


@dataclass(slots=True)
class Neighbourhoods:
    """Draws disjoint sets of competing jobs from one plan."""

    table: Tables
    targets: Targets
    rng: Generator
    offer: Ints  # where each job stands: its offer (-1: nowhere) ...
    start: Ints
    end: Ints
    middle: Floats  # ... and the middle of its span, or of its window if it is left out
    taken: NDArray[np.bool_]

    def draw(self, size: int, regret: Floats) -> Ints:
        """A set of at most ``size`` jobs that is not drawn again."""
        match int(self.rng.integers(3)):
            case 0:
                jobs = self._around_a_moment(size)
            case 1:
                jobs = self._along_some_offers(size)
            case _:
                jobs = self._in_each_others_way(size, regret)
        self.taken[jobs] = True
        return jobs

    def _around_a_moment(self, size: int) -> Ints:
        """Jobs near a random slot on a random half of the offers, and jobs left out."""
        slots = self.table.price.shape[1]
        chosen = self.rng.integers(2, size=len(self.table.price)).astype(np.bool_)
        away = (self.offer >= 0) & ~chosen[self.offer]
        return self._nearest(np.abs(self.middle - self.rng.uniform(0, slots)) + slots * away, size)

    def _along_some_offers(self, size: int) -> Ints:
        """Jobs on a few random offers, over a long stretch of time."""
        rank = self.rng.permutation(len(self.table.price))
        turn = np.where(self.offer < 0, 0, rank[self.offer])
        moment = self.rng.uniform(0, self.table.price.shape[1])
        return self._nearest(np.abs(self.middle - moment) + _NEXT_OFFER * turn, size)

    def _in_each_others_way(self, size: int, regret: Floats) -> Ints:
        """A job that pays more than it would alone, who is in its way, who is in theirs, ..."""
        weight = np.where(self.taken, 0.0, regret + 0.1 * regret.mean() + 1.0)
        found = [int(self.rng.choice(len(weight), p=weight / weight.sum()))]
        seen = set(found)
        for job in found:  # grows while it is walked
            for blocker in self._blockers(job):
                if len(found) < size and blocker not in seen and not self.taken[blocker]:
                    seen.add(blocker)
                    found.append(blocker)
        return np.sort(np.array(found, np.int64))

    def _blockers(self, job: int) -> list[int]:
        """Jobs that run where ``job`` would be cheapest."""
        queue, (ptr, window) = self.table.queue, self.targets
        found: list[int] = []
        for option, start in window[ptr[job] : ptr[job + 1]][:_AIMS]:
            offer = queue.row_offer[queue.opt_row[option]]
            end = start + queue.opt_slots[option]
            meets = (self.offer == offer) & (self.start < end) & (self.end > start)
            found += self.rng.permutation(np.flatnonzero(meets))[:_BLOCKERS].tolist()
        return found

    def _nearest(self, distance: Floats, size: int) -> Ints:
        free = np.flatnonzero(~self.taken)
        order = np.argsort(distance[free], kind="stable")
        return np.sort(free[order[:size]])


def neighbourhoods(
    table: Tables, targets: Targets, choice: Choice, rng: Generator
) -> Neighbourhoods:
    """The neighbourhoods of one plan."""
    queue, (option, start) = table.queue, choice
    placed = option >= 0
    offer = np.where(placed, queue.row_offer[queue.opt_row[option]], -1)
    end = np.where(placed, start + queue.opt_slots[option], -1)
    middle = np.where(placed, (start + end) / 2, (queue.release + queue.end) / 2)
    taken = np.zeros(table.jobs, np.bool_)
    return Neighbourhoods(table, targets, rng, offer, start.copy(), end, middle, taken)
