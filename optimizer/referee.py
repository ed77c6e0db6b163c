"""Judges plans with no solver: every rule of the format, in plain Python."""

from __future__ import annotations

from collections import Counter
from itertools import groupby
from typing import TYPE_CHECKING

from optimizer.plan import gap

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from optimizer.instance import Instance, Offer, Option
    from optimizer.plan import Claim, Placement, Plan

GAP_TOLERANCE = 1e-6  # a gap may be written down rounded to six decimals


def cost(instance: Instance, plan: Plan | Claim) -> int:
    """What the plan costs in millionths; every id in it must be known and offered to its job."""
    return _Referee(instance).cost(plan)


def violations(instance: Instance, plan: Plan | Claim) -> list[str]:
    """Every rule that ``plan`` breaks, one sentence each; an empty list means it is valid."""
    return _Referee(instance).violations(plan)


class _Referee:
    """Looks things up by id, once per instance."""

    def __init__(self, instance: Instance) -> None:
        self._instance = instance
        self._jobs = {job.id: job for job in instance.jobs}
        self._offers = {offer.id: offer for offer in instance.offers}

    def violations(self, plan: Plan | Claim) -> list[str]:
        known = [(p, option) for p in plan.placements if (option := self._option(p))]
        faults = [
            *self._unknown_ids(plan),
            *self._each_job_is_decided_once(plan),
            *(fault for placed in known for fault in self._window(*placed)),
            *self._capacity(known),
        ]
        # Money is only compared when every placement has a price.
        complete = len(known) == len(plan.placements) and self._jobs.keys() >= set(plan.unplaced)
        return [*faults, *self._money(plan, complete=complete)]

    def cost(self, plan: Plan | Claim) -> int:
        placed = sum(self._placement_cost(placement) for placement in plan.placements)
        return placed + sum(self._jobs[job].unplaced_cost for job in plan.unplaced)

    def _placement_cost(self, placement: Placement) -> int:
        job, option = self._jobs[placement.job], self._option(placement)
        if option is None:
            raise KeyError(f"job {placement.job} has no option on offer {placement.offer}")
        first = max(placement.start, 0)
        prices = self._offers[placement.offer].price[first : placement.start + option.slots]
        return sum(prices) * job.gang + option.fixed_cost

    def _option(self, placement: Placement) -> Option | None:
        job = self._jobs.get(placement.job)
        options = job.options if job else ()
        return next((option for option in options if option.offer == placement.offer), None)

    def _unknown_ids(self, plan: Plan | Claim) -> Iterator[str]:
        for placement in plan.placements:
            if placement.job not in self._jobs:
                yield f"placement of job {placement.job}: there is no such job"
            elif placement.offer not in self._offers:
                yield f"job {placement.job}: there is no offer {placement.offer}"
            elif self._option(placement) is None:
                yield f"job {placement.job}: offer {placement.offer} is not among its options"
        for job in plan.unplaced:
            if job not in self._jobs:
                yield f"unplaced job {job}: there is no such job"

    def _each_job_is_decided_once(self, plan: Plan | Claim) -> Iterator[str]:
        placed = Counter(placement.job for placement in plan.placements)
        unplaced = Counter(plan.unplaced)
        for job in dict.fromkeys([*self._jobs, *placed, *unplaced]):
            if placed[job] > 1:
                yield f"job {job} is placed {placed[job]} times; once is accepted"
            if unplaced[job] > 1:
                yield f"job {job} is listed as unplaced {unplaced[job]} times; once is accepted"
            if placed[job] and unplaced[job]:
                yield f"job {job} is both placed and unplaced"
            if not placed[job] and not unplaced[job]:
                yield f"job {job} is neither placed nor unplaced"

    def _window(self, placement: Placement, option: Option) -> Iterator[str]:
        job = self._jobs[placement.job]
        end = placement.start + option.slots
        latest = min(job.due, self._instance.slots)
        if placement.start < job.release:
            yield f"job {job.id} starts in slot {placement.start}, before its release {job.release}"
        if end > latest:
            yield f"job {job.id} ends before slot {end}; it must end before slot {latest}"

    def _capacity(self, placed: Iterable[tuple[Placement, Option]]) -> Iterator[str]:
        used: dict[str, Counter[int]] = {}
        for placement, option in placed:
            end = min(placement.start + option.slots, self._instance.slots)
            counter = used.setdefault(placement.offer, Counter())
            for slot in range(max(placement.start, 0), end):
                counter[slot] += self._jobs[placement.job].gang
        for offer_id, counter in used.items():
            yield from _overfull(self._offers[offer_id], counter)

    def _money(self, plan: Plan | Claim, *, complete: bool) -> Iterator[str]:
        """What is wrong with the numbers, as far as they could be read."""
        cost, bound = plan.cost, plan.bound
        if complete and cost is not None and cost != (actual := self.cost(plan)):
            yield f"cost is given as {cost}; the placements and unplaced jobs cost {actual}"
        if bound is not None and bound < 0:
            yield f"bound {bound} is negative"
        if cost is None or bound is None:
            return
        if bound > cost:
            yield f"bound {bound} is above the cost {cost}"
        elif plan.gap is not None and not abs(plan.gap - gap(cost, bound)) <= GAP_TOLERANCE:
            yield (
                f"gap is given as {plan.gap}; cost {cost} and bound {bound} "
                f"make {gap(cost, bound):.6f}"
            )
        if plan.status == "optimal" and cost != bound:
            yield f"status is optimal, but cost {cost} and bound {bound} differ"


def _overfull(offer: Offer, used: Counter[int]) -> Iterator[str]:
    """One sentence per stretch of slots in which more machines run than there are."""
    over = sorted(
        (slot, used[slot], offer.capacity[slot])
        for slot in used
        if used[slot] > offer.capacity[slot]
    )
    numbered = enumerate(over)
    for _, group in groupby(numbered, key=lambda item: (item[1][0] - item[0], item[1][1:])):
        cells = [cell for _, cell in group]
        first, machines, capacity = cells[0]
        yield (
            f"offer {offer.id} runs {machines} machines in slots [{first}, {cells[-1][0] + 1}); "
            f"its capacity is {capacity}"
        )
