"""Why each job is where it is, or why it is nowhere: one sentence each."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from optimizer import kernel
from optimizer.tables import tables

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from optimizer.instance import Instance, Job
    from optimizer.plan import Placement
    from optimizer.solve import Solution
    from optimizer.tables import Ints

_NAMED = 3  # full offers that a sentence names at most


@dataclass(frozen=True, slots=True)
class Reason:
    """``code`` is stable for programs, ``text`` is for people.

    Placed jobs: ``cheapest`` (nothing would cost less, even alone) or ``displaced`` (what would
    is full). Unplaced jobs: ``no_option``, ``gang_exceeds_capacity``, ``window_too_short``,
    ``capacity_full``, ``cheaper_unplaced``. Either: ``improvable`` (a cheaper window has room;
    never in a plan that ``solve`` made).
    """

    job: str
    code: str
    text: str


class _Window(NamedTuple):
    """A window of a job and its cost; ``offer`` is a number."""

    cost: int
    offer: int
    start: int
    end: int


class _Windows(NamedTuple):
    """Many windows, as columns."""

    cost: Ints
    offer: Ints
    start: Ints
    end: Ints

    def first(self) -> _Window | None:
        """The cheapest, if there is any."""
        if not len(self.cost):
            return None
        return self._at(int(self.cost.argmin()))

    def only(self, mask: NDArray[np.bool_]) -> _Windows:
        """Those that the mask keeps."""
        return _Windows(*(column[mask] for column in self))

    def per_offer(self) -> list[_Window]:
        """Each offer's cheapest, cheapest first."""
        order = np.argsort(self.cost, kind="stable")
        _, firsts = np.unique(self.offer[order], return_index=True)
        return [self._at(int(order[place])) for place in np.sort(firsts)]

    def _at(self, place: int) -> _Window:
        return _Window(*(int(column[place]) for column in self))


def explain(
    instance: Instance, solution: Solution, *, amount: Callable[[int], str] = str
) -> tuple[Reason, ...]:
    """One reason per job, in the instance's order; the plan must keep the referee's rules.

    ``amount`` writes millionths for people; left out, they are written as they are.
    """
    explainer = _Explainer(instance, solution, amount)
    return tuple(explainer.reason(number) for number in range(len(instance.jobs)))


class _Explainer:
    """Knows what is free under the plan and what each window costs."""

    def __init__(
        self, instance: Instance, solution: Solution, amount: Callable[[int], str]
    ) -> None:
        self._instance = instance
        self._amount = amount
        self._table = tables(instance)
        self._prefix = self._table.base_prefix()
        self._offers = {offer.id: number for number, offer in enumerate(instance.offers)}
        self._placements = {item.job: item for item in solution.plan.placements}
        self._room = self._table.capacity.copy()
        for job in instance.jobs:
            if job.id in self._placements:
                self._occupy(job, self._window(job), 1)
        self._found = kernel.room_for_windows(self._table.queue, instance.slots, np.int64)

    def reason(self, number: int) -> Reason:
        """The reason of the job with this number."""
        job = self._instance.jobs[number]
        if job.id not in self._placements:
            return self._unplaced(number, job)
        mine = self._window(job)
        self._occupy(job, mine, -1)
        reason = self._placed(number, job, mine)
        self._occupy(job, mine, 1)
        return reason

    def _placed(self, number: int, job: Job, mine: _Window) -> Reason:
        free = self._windows(number, self._room).first()
        if free is not None and free.cost < mine.cost:
            return self._improvable(job, free, mine.cost)
        windows = self._windows(number, self._table.capacity)
        text = f"{job.id} runs on {self._name(mine)} for {self._amount(mine.cost)}"
        text += self._second(mine, windows.only(windows.offer != mine.offer).first())
        best = windows.first()
        if best is None or best.cost >= mine.cost:
            return Reason(job.id, "cheapest", f"{text}; nothing costs less, even alone")
        return Reason(
            job.id,
            "displaced",
            f"{text}; {self._name(best)} would cost "
            f"{self._amount(mine.cost - best.cost)} less, but {self._full(job, best)}",
        )

    def _second(self, mine: _Window, other: _Window | None) -> str:
        if other is None:
            return "; no other offer can run it"
        difference = other.cost - mine.cost
        word = "more" if difference >= 0 else "less"
        offer = self._instance.offers[other.offer].id
        amount = self._amount(abs(difference))
        return f"; the best other offer, {offer}, costs {amount} {word} at its cheapest"

    def _unplaced(self, number: int, job: Job) -> Reason:
        windows = self._windows(number, self._table.capacity)
        best = windows.first()
        if best is None:
            return self._impossible(job)
        if best.cost >= job.unplaced_cost:
            return Reason(
                job.id,
                "cheaper_unplaced",
                f"{job.id} is left out: that costs {self._amount(job.unplaced_cost)}, "
                f"its cheapest window, {self._name(best)}, costs {self._amount(best.cost)}",
            )
        free = self._windows(number, self._room).first()
        if free is not None and free.cost < job.unplaced_cost:
            return self._improvable(job, free, job.unplaced_cost)
        cheaper = windows.only(windows.cost < job.unplaced_cost)
        named = "; ".join(self._full(job, window) for window in cheaper.per_offer()[:_NAMED])
        return Reason(
            job.id,
            "capacity_full",
            f"{job.id} is left out: every window that costs less than "
            f"{self._amount(job.unplaced_cost)} meets a full offer: {named}",
        )

    def _impossible(self, job: Job) -> Reason:
        """Why not even an empty cloud could run the job."""
        if not job.options:
            return Reason(job.id, "no_option", f"{job.id} is left out: it has no option")
        fitting = [option for option in job.options if self._instance.starts(job, option)]
        end = self._instance.end(job)
        shortest = min(option.slots for option in job.options)
        if not fitting:
            return Reason(
                job.id,
                "window_too_short",
                f"{job.id} is left out: its shortest option takes {shortest} slots, "
                f"its window [{job.release}, {end}) has {max(0, end - job.release)}",
            )
        largest = max(
            int(self._table.capacity[self._offers[option.offer], job.release : end].max())
            for option in fitting
        )
        if job.gang > largest:
            return Reason(
                job.id,
                "gang_exceeds_capacity",
                f"{job.id} is left out: its gang is {job.gang}, the largest capacity "
                f"that it may use in time is {largest}",
            )
        return Reason(
            job.id,
            "window_too_short",
            f"{job.id} is left out: no option has capacity for its gang of {job.gang} in enough "
            f"slots in a row of its window [{job.release}, {end})",
        )

    def _improvable(self, job: Job, window: _Window, cost: int) -> Reason:
        saved = self._amount(cost - window.cost)
        text = f"{job.id} could move to {self._name(window)} for {saved} less"
        return Reason(job.id, "improvable", text)

    def _windows(self, number: int, room: Ints) -> _Windows:
        """Every window of the job that ``room`` offers."""
        queue = self._table.queue
        count = kernel.windows(queue, room, self._prefix, number, self._found)
        option, start = self._found.window[:count].T
        offer = queue.row_offer[queue.opt_row[option]]
        cost = self._found.value[:count].copy()
        return _Windows(cost, offer, start.copy(), start + queue.opt_slots[option])

    def _window(self, job: Job) -> _Window:
        placement: Placement = self._placements[job.id]
        option = next(option for option in job.options if option.offer == placement.offer)
        end = placement.start + option.slots
        price = self._instance.offers[self._offers[placement.offer]].price
        cost = sum(price[placement.start : end]) * job.gang + option.fixed_cost
        return _Window(cost, self._offers[placement.offer], placement.start, end)

    def _occupy(self, job: Job, window: _Window, sign: int) -> None:
        self._room[window.offer, window.start : window.end] -= sign * job.gang

    def _full(self, job: Job, window: _Window) -> str:
        """Where the window meets others: the first slot, and how many slots in all."""
        short = np.flatnonzero(self._room[window.offer, window.start : window.end] < job.gang)
        first = window.start + int(short[0])
        left = int(self._room[window.offer, first])
        return (
            f"{self._instance.offers[window.offer].id} has {left} of {job.gang} machines left "
            f"in slot {first} (short in {len(short)} of {window.end - window.start} slots)"
        )

    def _name(self, window: _Window) -> str:
        return f"{self._instance.offers[window.offer].id} in slots [{window.start}, {window.end})"
