"""The CP-SAT model: one window per job, capacity never exceeded, least cost."""

from __future__ import annotations

from functools import reduce
from math import gcd
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from ortools.sat.python import cp_model

if TYPE_CHECKING:
    from optimizer.tables import Ints, Queue

_COARSE = 10**6  # steps into which a neighbourhood's cost range is cut when it need not be exact


class Candidates(NamedTuple):
    """Windows that some jobs may take: parallel arrays, one entry per window.

    ``job`` counts from 0 within the model; option -1 means to leave the job out.
    """

    job: Ints
    option: Ints
    start: Ints
    cost: Ints


class Answer(NamedTuple):
    """The chosen candidate per job, if any was found, and a proven bound on the total cost."""

    chosen: Ints | None
    bound: int
    proven: bool


class WindowModel:
    """Choose one candidate per job within ``room`` at least cost."""

    def __init__(self, queue: Queue, room: Ints, candidates: Candidates, *, exact: bool) -> None:
        """Build the model; without ``exact``, costs are cut to a million steps."""
        self._queue, self._room, self._candidates = queue, room, candidates
        self._model = cp_model.CpModel()
        self._takes = [self._model.new_bool_var("") for _ in range(len(candidates.job))]
        self._shift, self._unit = self._units(exact=exact)
        self._every_job_takes_one_window()
        self._capacity_is_never_exceeded()
        self._minimise_cost()

    def hint(self, chosen: Ints) -> None:
        """Start the search from these candidates."""
        taken = set(chosen.tolist())
        for index, variable in enumerate(self._takes):
            self._model.add_hint(variable, index in taken)

    def solve(self, *, limit_s: float, effort: float, seed: int, workers: int) -> Answer:
        """Search until proven, ``limit_s`` seconds or ``effort`` units of CP-SAT's own clock."""
        solver = cp_model.CpSolver()
        solver.parameters.max_time_in_seconds = limit_s
        solver.parameters.max_deterministic_time = effort
        solver.parameters.random_seed = seed
        solver.parameters.num_workers = workers
        solver.parameters.linearization_level = 2
        status = solver.solve(self._model)
        lower = int(solver.response_proto.inner_objective_lower_bound)
        bound = int(self._shift.sum()) + self._unit * max(lower, 0)
        if status not in (cp_model.OPTIMAL, cp_model.FEASIBLE):
            return Answer(None, bound, proven=False)
        taken = [index for index, variable in enumerate(self._takes) if solver.value(variable)]
        return Answer(np.array(taken, np.int64), bound, status == cp_model.OPTIMAL)

    def _units(self, *, exact: bool) -> tuple[Ints, int]:
        """Each job's least cost, which is paid anyway, and the step in which the rest counts."""
        job, cost = self._candidates.job, self._candidates.cost
        shift = np.full(int(job.max()) + 1, np.iinfo(np.int64).max)
        np.minimum.at(shift, job, cost)
        rest = cost - shift[job]
        if exact:
            return shift, max(1, reduce(gcd, np.unique(rest).tolist(), 0))
        return shift, max(1, int(rest.max()) // _COARSE)

    def _every_job_takes_one_window(self) -> None:
        job = self._candidates.job
        edges = np.flatnonzero(np.diff(job)) + 1
        for group in np.split(np.arange(len(job)), edges):
            self._model.add_exactly_one(self._takes[index] for index in group.tolist())

    def _capacity_is_never_exceeded(self) -> None:
        """One row per stretch of slots in which the same candidates meet on an offer."""
        rows: dict[tuple[int, ...], int] = {}
        for offer, slot, members in self._meetings():
            room = int(self._room[offer, slot])
            rows[members] = min(room, rows.get(members, room))
        gangs = self._gangs().tolist()
        for members, room in rows.items():
            sizes = [gangs[index] for index in members]
            if sum(sizes) > room:
                takes = [self._takes[index] for index in members]
                self._model.add(cp_model.LinearExpr.weighted_sum(takes, sizes) <= room)

    def _meetings(self) -> list[tuple[int, int, tuple[int, ...]]]:
        """(offer, slot, candidates that would run there) for every slot in question."""
        queue, candidates = self._queue, self._candidates
        placed = np.flatnonzero(candidates.option >= 0)
        if not len(placed):
            return []
        option = candidates.option[placed]
        length = queue.opt_slots[option]
        member = placed.repeat(length)
        ends = np.cumsum(length)
        slot = np.arange(ends[-1]) - (ends - length).repeat(length)
        slot += candidates.start[placed].repeat(length)
        offer = queue.row_offer[queue.opt_row[option]].repeat(length)
        cell = offer * self._room.shape[1] + slot
        order = np.argsort(cell, kind="stable")
        cell, member = cell[order], member[order]
        edges = np.flatnonzero(np.diff(cell)) + 1
        firsts = cell[np.concatenate([[0], edges])].tolist()
        groups = np.split(member, edges)
        slots = self._room.shape[1]
        return [
            (first // slots, first % slots, tuple(group.tolist()))
            for first, group in zip(firsts, groups, strict=True)
        ]

    def _gangs(self) -> Ints:
        queue, option = self._queue, self._candidates.option
        return np.where(option >= 0, queue.row_gang[queue.opt_row[option]], 0)

    def _minimise_cost(self) -> None:
        rest = (self._candidates.cost - self._shift[self._candidates.job]) // self._unit
        self._model.minimize(cp_model.LinearExpr.weighted_sum(self._takes, rest.tolist()))
