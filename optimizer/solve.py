"""From an instance to a plan with a proven bound, in a given time."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from optimizer import kernel
from optimizer.anneal import state_of
from optimizer.bound import Dual
from optimizer.cpsat import Candidates, WindowModel
from optimizer.greedy import Draft, alone, empty_draft, inserted, to_plan, total, window_values
from optimizer.kernel import Choice
from optimizer.search import Limits, Search
from optimizer.tables import tables

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from optimizer.instance import Instance
    from optimizer.plan import Plan
    from optimizer.tables import Floats, Ints, Tables

_CLIMBS = 800  # evaluations of the dual
_DUAL_SHARE = 0.25  # of the time limit, at most, for the dual
_STEPS = (0.2, 0.0002)  # first and last step of the dual, in average prices of a machine-slot
_ORDERS = 20  # insertion orders tried for the first plan
_WINDOWS_MAX = 40_000  # windows up to which the whole problem goes to CP-SAT
_WHOLE_SHARE = 0.5  # of the remaining time, at most, for the whole problem


@dataclass(frozen=True, slots=True)
class Solution:
    """A plan, what capacity is worth, and how long it took.

    ``shadow_prices`` has, per offer and slot, what a machine of a gang pays on top of its price
    (millionths) so that no more jobs want it than fit: 0 wherever there is enough.
    """

    plan: Plan
    shadow_prices: dict[str, tuple[int, ...]]
    elapsed_s: float


def solve(
    instance: Instance,
    *,
    time_limit_s: float,
    seed: int = 0,
    workers: int = 1,
    clock: Callable[[], float] = time.monotonic,
) -> Solution:
    """Plan ``instance``: stops when the plan is proven best or ``time_limit_s`` is over.

    Raises:
        ValueError: The time limit is not positive, or there is no worker.
    """
    if not time_limit_s > 0 or workers < 1:
        raise ValueError("time_limit_s must be above 0 and workers at least 1")
    began = clock()
    limits = Limits(began + time_limit_s, clock, workers)
    table = tables(instance)
    if not len(table.queue.opt_row):
        plan = to_plan(instance, table, empty_draft(table), sum(alone(table).tolist()))
        return Solution(plan, _no_prices(instance), clock() - began)
    dual = Dual(table)
    dual.improve(_strides(table, limits, time_limit_s * _DUAL_SHARE))
    draft = _first_draft(table, dual.prefix(), np.random.default_rng(seed))
    draft, bound = _whole(table, dual, draft, limits, seed)
    dual.bound = bound
    if total(table, draft) > bound:
        search = Search(table, dual, draft, seed=seed, limits=limits)
        search.run()
        draft = search.draft
    _settle(table, draft)
    plan = to_plan(instance, table, draft, bound)
    return Solution(plan, _shadow_prices(instance, dual), clock() - began)


def _settle(table: Tables, draft: Draft) -> None:
    """Move single jobs to cheaper free windows until none is left."""
    before = -1
    while before != (before := total(table, draft)):
        kernel.insert(
            table.queue, draft.room, table.base_prefix(), np.arange(table.jobs), draft.choice
        )


def _strides(table: Tables, limits: Limits, budget_s: float) -> Iterator[float]:
    """Step lengths that shrink geometrically with the turns or, if slower, with the time."""
    began = limits.clock()
    first, last = (step * _price_level(table) for step in _STEPS)
    for turn in range(_CLIMBS):
        done = max(turn / _CLIMBS, (limits.clock() - began) / budget_s)
        if done >= 1:
            return
        yield first * (last / first) ** done


def _price_level(table: Tables) -> float:
    """An average price of a machine-slot, or what leaving it unused costs if all are free."""
    queue = table.queue
    if level := float(table.price.mean()):
        return level
    gang = queue.row_gang[queue.opt_row].mean()
    return max(1.0, float(queue.unplaced.mean() / (gang * queue.opt_slots.mean())))


def _first_draft(table: Tables, prefix: Floats, rng: np.random.Generator) -> Draft:
    """The cheapest of several insertions at dual prices, large jobs roughly first."""
    queue = table.queue
    size = np.zeros(table.jobs)
    machines = queue.row_gang[queue.opt_row] * queue.opt_slots
    np.maximum.at(size, np.arange(table.jobs).repeat(np.diff(queue.job_ptr)), machines)
    drafts = []
    for turn in range(_ORDERS):
        noise = np.exp(rng.normal(0, 0.3 if turn else 0, table.jobs))
        drafts.append(inserted(table, prefix, np.argsort(-size * noise, kind="stable")))
    totals = [total(table, draft) for draft in drafts]
    return drafts[int(np.argmin(totals))]


def _whole(table: Tables, dual: Dual, draft: Draft, limits: Limits, seed: int) -> tuple[Draft, int]:
    """Give a small problem to CP-SAT as a whole; the better plan and the better bound."""
    cost = total(table, draft)
    if cost == dual.bound:
        return draft, dual.bound
    candidates = _worth_a_look(table, dual, cost)
    if candidates is None:
        return draft, dual.bound
    model = WindowModel(table.queue, table.capacity, candidates, exact=True)
    model.hint(_indices(candidates, draft.choice))
    limit_s = max(limits.left_s * _WHOLE_SHARE, 0.05)
    answer = model.solve(limit_s=limit_s, effort=1e9, seed=seed, workers=limits.workers)
    # Windows were left out that no plan cheaper than this one uses.
    bound = max(dual.bound, min(answer.bound, cost))
    if answer.chosen is None:
        return draft, bound
    better = _drafted(table, candidates, answer.chosen)
    saved = cost - total(table, better)
    return (better, min(bound, cost - saved)) if saved > 0 else (draft, bound)


def _worth_a_look(table: Tables, dual: Dual, cost: int) -> Candidates | None:
    """Every window that a plan cheaper than ``cost`` may use, unless there are too many."""
    prefix, floor = dual.prefix(), dual.floor()
    slack = max(cost - dual.value, 0.0) + 1e-6 * cost + 1
    found = kernel.room_for_windows(table.queue, table.price.shape[1], np.float64)
    parts: list[Ints] = []
    windows = 0
    for job in range(table.jobs):
        count = kernel.windows(table.queue, table.capacity, prefix, job, found)
        kept = found.window[:count][found.value[:count] - floor[job] <= slack]
        windows += len(kept)
        if windows > _WINDOWS_MAX:
            return None
        here = np.concatenate([kept, [[-1, -1]]])
        parts.append(np.column_stack([np.full(len(here), job), here]))
    job_of, option, start = np.concatenate(parts).T
    costs = window_values(table, table.base_prefix(), job_of, Choice(option, start))
    return Candidates(job_of, option, start, costs)


def _indices(candidates: Candidates, choice: Choice) -> Ints:
    """The candidates that make up a plan, as far as they are among them."""
    same = candidates.option == choice.option[candidates.job]
    same &= (candidates.start == choice.start[candidates.job]) | (candidates.option < 0)
    return np.flatnonzero(same)


def _drafted(table: Tables, candidates: Candidates, chosen: Ints) -> Draft:
    choice = Choice(candidates.option[chosen], candidates.start[chosen])
    return Draft(choice, state_of(table, choice).room)


def _shadow_prices(instance: Instance, dual: Dual) -> dict[str, tuple[int, ...]]:
    """Per offer and slot, what all its capacity rows together charge a machine."""
    prices = _no_prices(instance)
    for number, offer in enumerate(instance.offers):
        pay = dual.pay[dual.rows.offer == number].sum(axis=0)
        prices[offer.id] = tuple(int(value) for value in np.broadcast_to(pay, instance.slots))
    return prices


def _no_prices(instance: Instance) -> dict[str, tuple[int, ...]]:
    return {offer.id: (0,) * instance.slots for offer in instance.offers}
