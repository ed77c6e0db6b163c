"""Improves a plan until time is up: rounds of annealing, and CP-SAT on neighbourhoods."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from optimizer import kernel
from optimizer.anneal import Course, Problem, cool, state_of, targets_of
from optimizer.cpsat import Candidates, WindowModel
from optimizer.greedy import total, window_values
from optimizer.kernel import Choice
from optimizer.neighbourhoods import neighbourhoods

if TYPE_CHECKING:
    from collections.abc import Callable

    from optimizer.bound import Dual
    from optimizer.greedy import Draft
    from optimizer.tables import Floats, Ints, Tables

_WIDTH = 30  # windows per job that a neighbourhood looks at
_EFFORT = 1.0  # units of CP-SAT's own clock per neighbourhood, about a second each
_SIZE_MIN, _SIZE_MAX = 20, 200  # jobs in a neighbourhood
_MOVES = 4000  # annealing moves per job and round
_ROUND_SHARE = 0.6  # of the remaining time, at most, for one round
_SHORTEST_S = 0.05  # that a step is given, however late it is
_STEPS = 100  # temperatures of a round, at least
_SLICE = 20_000  # moves at one temperature, at most, between two looks at the clock
_HOT, _WARM, _COLD = 0.1, 0.03, 0.001  # first, later and last temperatures, in mean job costs
_BATCHES = 3  # sets of neighbourhoods between two rounds of annealing


@dataclass(frozen=True, slots=True)
class Limits:
    """When to stop, and how many threads may work."""

    deadline_s: float
    clock: Callable[[], float]
    workers: int

    @property
    def left_s(self) -> float:
        """Seconds until the deadline."""
        return self.deadline_s - self.clock()


class _Move(NamedTuple):
    """New choices for some jobs, and how much they save."""

    jobs: Ints
    choice: Choice
    gain: int
    proven: bool


class Search:
    """A plan, the dual prices that guide its repair, and how large a neighbourhood may be."""

    def __init__(
        self, table: Tables, dual: Dual, draft: Draft, *, seed: int, limits: Limits
    ) -> None:
        """Start from ``draft``; the same seed makes the same moves until time is up."""
        self.draft = draft
        self._table, self._dual, self._limits = table, dual, limits
        self._rng = np.random.default_rng(seed)
        self._prefix = dual.prefix()
        self._targets = targets_of(table, self._prefix)
        base = table.base_prefix().astype(np.float64)
        self._problem = Problem(table.queue, self._targets, base, self._prefix)
        self._floor = dual.floor()
        self._size = 60.0

    @property
    def cost(self) -> int:
        """What the plan costs now, in millionths."""
        return total(self._table, self.draft)

    def run(self) -> None:
        """Anneal and repair in turn until the deadline or until the bound is reached."""
        with ThreadPoolExecutor(self._limits.workers) as pool:
            hot = _HOT
            while self._goes_on():
                self._anneal(pool, hot)
                hot = _WARM
                for _ in range(_BATCHES):
                    if self._goes_on():
                        self._repair(pool)

    def _goes_on(self) -> bool:
        return self._limits.left_s > 0 and not self._is_best(self.draft)

    def _is_best(self, draft: Draft) -> bool:
        return total(self._table, draft) == self._dual.bound

    def _anneal(self, pool: ThreadPoolExecutor, hot: float) -> None:
        """One cooling per worker from the same plan; the best end wins."""
        budget_s = max(self._limits.left_s * _ROUND_SHARE, _SHORTEST_S)
        seeds = self._rng.integers(2**31, size=self._limits.workers).tolist()
        ends = pool.map(lambda seed: self._cooled(hot, budget_s, seed), seeds)
        drafts = [self.draft, *ends]
        totals = [total(self._table, draft) for draft in drafts]
        self.draft = drafts[int(np.argmin(totals))]

    def _cooled(self, hot: float, budget_s: float, seed: int) -> Draft:
        """Cool from ``hot`` with the moves or, if they take too long, with the time."""
        best = self.draft.copy()
        state = state_of(self._table, best.choice)
        scale = self.cost / self._table.jobs
        moves = _MOVES * self._table.jobs
        length = max(1, min(_SLICE, moves // _STEPS))
        began, lead = self._limits.clock(), 0.0
        for first in range(0, moves, length):
            done = max(first / moves, (self._limits.clock() - began) / budget_s)
            if done >= 1 or self._is_best(best):
                break
            temperature = scale * hot * (_COLD / hot) ** done
            course = Course(np.full(length, temperature), (seed + first) % 2**31)
            lead = cool(self._problem, state, best.choice, course, lead)
        best.room = state_of(self._table, best.choice).room
        return best

    def _repair(self, pool: ThreadPoolExecutor) -> None:
        """Free one set of jobs per worker; each set has its own jobs and its own free room."""
        groups = self._groups()
        offers = np.arange(len(self.draft.room))
        tasks = []
        for turn, jobs in enumerate(groups):
            mine = (offers % len(groups) == turn)[:, None]
            room = np.where(mine, self.draft.room, 0)
            seed = int(self._rng.integers(2**31))
            tasks.append(pool.submit(self._placed_again, jobs, room, seed))
        for move in [task.result() for task in tasks]:
            self._apply(move)
            factor = 1.05 if move.proven else 0.92
            self._size = min(max(self._size * factor, _SIZE_MIN), _SIZE_MAX)

    def _groups(self) -> list[Ints]:
        """Disjoint sets of jobs that compete, one per worker."""
        table = self._table
        count = min(self._limits.workers, max(1, table.jobs // _SIZE_MIN))
        size = min(int(self._size), -(-table.jobs // count))
        sets = neighbourhoods(table, self._targets, self.draft.choice, self._rng)
        regret = self._regret()
        return [sets.draw(size, regret) for _ in range(count)]

    def _regret(self) -> Floats:
        """By how much each job is dearer at the dual prices than it would be alone."""
        every = np.arange(self._table.jobs)
        now = window_values(self._table, self._prefix, every, self.draft.choice)
        regret: Floats = np.maximum(now - self._floor, 0.0)
        return regret

    def _placed_again(self, jobs: Ints, room: Ints, seed: int) -> _Move:
        """The best placement of ``jobs`` that CP-SAT finds in ``room`` and what they vacate."""
        queue, (options, starts) = self._table.queue, self.draft.choice
        for job in jobs:
            if options[job] >= 0:
                kernel.occupy(queue, room, options[job], starts[job], -1)
        candidates, now = self._candidates(jobs, room)
        model = WindowModel(queue, room, candidates, exact=False)
        model.hint(now)
        limit_s = max(self._limits.left_s, _SHORTEST_S)
        answer = model.solve(limit_s=limit_s, effort=_EFFORT, seed=seed, workers=1)
        chosen = now if answer.chosen is None else answer.chosen
        gain = int(candidates.cost[now].sum() - candidates.cost[chosen].sum())
        if gain < 0:
            chosen, gain = now, 0
        choice = Choice(candidates.option[chosen], candidates.start[chosen])
        return _Move(jobs, choice, gain, answer.proven)

    def _candidates(self, jobs: Ints, room: Ints) -> tuple[Candidates, Ints]:
        """Each job's cheapest windows at dual prices beside its present choice, and the latter."""
        table, (options, starts) = self._table, self.draft.choice
        found = kernel.room_for_windows(table.queue, table.price.shape[1], np.float64)
        parts: list[Ints] = []
        present: list[int] = []
        seen = 0
        for place, job in enumerate(jobs.tolist()):
            count = kernel.windows(table.queue, room, self._prefix, job, found)
            kept = np.argsort(found.value[:count], kind="stable")[:_WIDTH]
            here = np.array([[options[job], starts[job]]])
            windows = np.unique(np.concatenate([found.window[kept], [[-1, -1]], here]), axis=0)
            present.append(seen + int((windows == here).all(axis=1).argmax()))
            seen += len(windows)
            parts.append(np.column_stack([np.full(len(windows), place), windows]))
        job_of, option, start = np.concatenate(parts).T
        cost = window_values(table, table.base_prefix(), jobs[job_of], Choice(option, start))
        return Candidates(job_of, option, start, cost), np.array(present, np.int64)

    def _apply(self, move: _Move) -> None:
        """Take over new choices."""
        if move.gain > 0:
            choice = self.draft.choice
            choice.option[move.jobs] = move.choice.option
            choice.start[move.jobs] = move.choice.start
            self.draft.room = state_of(self._table, choice).room
