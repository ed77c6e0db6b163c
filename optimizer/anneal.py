"""Simulated annealing by ejection: force a job into a promising window, re-home who was there.

One move takes a job out, puts it into one of its windows that are cheap at the dual prices,
ejects jobs until it fits and inserts those again where they cost least at the dual prices.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from optimizer import kernel
from optimizer.kernel import Choice, Number, Numbers, best, compiled, occupy

if TYPE_CHECKING:
    from optimizer.tables import Floats, Ints, Queue, Tables

_EJECTED_MAX = 12  # a move that pushes out more jobs than this is given up
_WIDTH = 60  # windows per job that moves aim at
_GAIN_MIN = 1e-6  # millionths; less is the noise of adding floats


class State(NamedTuple):
    """A draft with, per offer, the list of jobs on it, so that neighbours are found fast."""

    choice: Choice
    room: Ints
    members: Ints  # offer x place: the jobs on the offer
    filled: Ints  # how many of an offer's places are taken
    place: Ints  # where a placed job stands in its offer's list


class Targets(NamedTuple):
    """Windows that moves aim at, cheapest first: those of job j are ``ptr[j]:ptr[j + 1]``."""

    ptr: Ints
    window: Ints


class Problem(NamedTuple):
    """What does not change: the queue, its targets, its prices, and its prices with duals."""

    queue: Queue
    targets: Targets
    base: Numbers
    prefix: Numbers


class Course(NamedTuple):
    """One temperature (millionths) per move, and the seed of the moves."""

    temperatures: Floats
    seed: int


def state_of(table: Tables, choice: Choice) -> State:
    """The state of a draft, in arrays of its own."""
    queue, offers = table.queue, len(table.capacity)
    on_offer = np.bincount(queue.row_offer[queue.opt_row], minlength=offers)
    state = State(
        kernel.nobody(table.jobs),
        table.capacity.copy(),
        np.zeros((offers, int(on_offer.max(initial=0))), np.int64),
        np.zeros(offers, np.int64),
        np.zeros(table.jobs, np.int64),
    )
    _fill(queue, state, choice)
    return state


def targets_of(table: Tables, prefix: Floats) -> Targets:
    """Each job's cheapest windows at the prices of ``prefix``."""
    queue = table.queue
    found = kernel.room_for_windows(queue, table.price.shape[1], np.float64)
    windows: list[Ints] = []
    for job in range(table.jobs):
        count = kernel.windows(queue, table.capacity, prefix, job, found)
        order = np.argsort(found.value[:count], kind="stable")
        windows.append(found.window[order[:_WIDTH]])
    sizes = [len(window) for window in windows]
    ptr = np.concatenate([[0], np.cumsum(sizes)]).astype(np.int64)
    return Targets(ptr, np.concatenate([*windows, np.zeros((0, 2), np.int64)]))


@compiled
def cool(problem: Problem, state: State, found: Choice, course: Course, lead: float) -> Number:
    """Make one move per temperature; the cheapest choices met are kept in ``found``.

    ``lead`` is by how much the state is dearer than ``found``; returns it as it is at the end.
    """
    np.random.seed(course.seed)  # noqa: NPY002 - Numba has the global generator only, per thread
    queue, targets = problem.queue, problem.targets
    moved = np.zeros((_EJECTED_MAX + 1, 3), np.int64)
    for temperature in course.temperatures:
        job = np.random.randint(len(queue.release))  # noqa: NPY002
        windows = targets.ptr[job + 1] - targets.ptr[job]
        aim = targets.ptr[job] + int(windows * np.random.random() ** 2)  # noqa: NPY002
        if windows == 0 or _stands(state, job, targets.window[aim]):
            continue
        count = _clear(queue, state, job, targets.window[aim], moved)
        if count > 0:
            change = _settle(problem, state, targets.window[aim], moved[:count])
            if change <= -temperature * np.log(np.random.random()):  # noqa: NPY002
                lead += change
                if lead < -_GAIN_MIN:
                    lead = 0.0
                    found.option[:] = state.choice.option
                    found.start[:] = state.choice.start
                continue
        _restore(queue, state, moved[: abs(count)])
    return lead


@compiled
def _stands(state: State, job: int, window: Ints) -> bool:
    """Whether the job is in that window already."""
    choice = state.choice
    same: bool = choice.option[job] == window[0] and choice.start[job] == window[1]
    return same


@compiled
def _put(queue: Queue, state: State, job: int, option: int, start: int) -> None:
    """Place a job that is not placed; option -1 leaves it out."""
    state.choice.option[job], state.choice.start[job] = option, start
    if option >= 0:
        offer = queue.row_offer[queue.opt_row[option]]
        occupy(queue, state.room, option, start, 1)
        state.members[offer, state.filled[offer]] = job
        state.place[job] = state.filled[offer]
        state.filled[offer] += 1


@compiled
def _pull(queue: Queue, state: State, job: int) -> None:
    """Take a job out of its window, if it has one."""
    option = state.choice.option[job]
    if option >= 0:
        offer = queue.row_offer[queue.opt_row[option]]
        occupy(queue, state.room, option, state.choice.start[job], -1)
        last = state.members[offer, state.filled[offer] - 1]
        state.members[offer, state.place[job]] = last
        state.place[last] = state.place[job]
        state.filled[offer] -= 1
        state.choice.option[job] = -1


@compiled
def _note(state: State, moved: Ints, index: int, job: int) -> None:
    """Write down where a job stands."""
    moved[index, 0] = job
    moved[index, 1] = state.choice.option[job]
    moved[index, 2] = state.choice.start[job]


@compiled
def _clear(queue: Queue, state: State, job: int, window: Ints, moved: Ints) -> int:
    """Take ``job`` and whoever is in its way out; how many, negative if room was not made."""
    _note(state, moved, 0, job)
    _pull(queue, state, job)
    row = queue.opt_row[window[0]]
    offer, gang = queue.row_offer[row], queue.row_gang[row]
    count = 1
    for slot in range(window[1], window[1] + queue.opt_slots[window[0]]):
        while state.room[offer, slot] < gang:
            if count > _EJECTED_MAX:
                return -count
            other = _someone(queue, state, offer, slot)
            _note(state, moved, count, other)
            _pull(queue, state, other)
            count += 1
    return count


@compiled
def _someone(queue: Queue, state: State, offer: int, slot: int) -> int:
    """A job that runs on the offer in the slot: the first from a random place of the list on."""
    place = np.random.randint(state.filled[offer])  # noqa: NPY002
    job = state.members[offer, place]
    while not _runs(queue, state, job, slot):
        place = (place + 1) % state.filled[offer]
        job = state.members[offer, place]
    return int(job)


@compiled
def _runs(queue: Queue, state: State, job: int, slot: int) -> bool:
    """Whether a placed job runs in the slot."""
    start = state.choice.start[job]
    runs: bool = start <= slot < start + queue.opt_slots[state.choice.option[job]]
    return runs


@compiled
def _settle(problem: Problem, state: State, window: Ints, moved: Ints) -> Number:
    """Place the mover in its window and the ejected where they fit; the change of the cost."""
    queue, base = problem.queue, problem.base
    change = base[0, 0]
    option, start = window[0], window[1]
    for index in range(len(moved)):
        job = moved[index, 0]
        if index > 0:
            _, option, start = best(queue, state.room, problem.prefix, job)
        _put(queue, state, job, option, start)
        change += cost_of(queue, base, job, option, start)
        change -= cost_of(queue, base, job, moved[index, 1], moved[index, 2])
    return change


@compiled
def _restore(queue: Queue, state: State, moved: Ints) -> None:
    """Undo a move."""
    for index in range(len(moved)):
        _pull(queue, state, moved[index, 0])
    for index in range(len(moved)):
        _put(queue, state, moved[index, 0], moved[index, 1], moved[index, 2])


@compiled
def cost_of(queue: Queue, base: Numbers, job: int, option: int, start: int) -> Number:
    """What a choice costs at the prices of ``base``."""
    if option < 0:
        return queue.unplaced[job] + base[0, 0]
    row = queue.opt_row[option]
    end = start + queue.opt_slots[option]
    return base[row, end] - base[row, start] + queue.opt_fixed[option]


@compiled
def _fill(queue: Queue, state: State, choice: Choice) -> None:
    """Place the jobs of a draft into an empty state."""
    for job in range(len(choice.option)):
        _put(queue, state, job, choice.option[job], choice.start[job])
