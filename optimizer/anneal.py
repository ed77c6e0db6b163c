"""Simulated annealing by ejection: force a job into a promising window, re-home who was there.

One move takes a job out, puts it into one of its windows that are cheap at the dual prices,
ejects jobs until it fits and inserts those again where they cost least at the dual prices.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from optimizer import kernel
from optimizer.kernel import Numbers, best, compiled, occupy

if TYPE_CHECKING:
    from optimizer.tables import Floats, Ints, Queue, Tables

_EJECTED_MAX = 12  # a move that pushes out more jobs than this is given up
_WIDTH = 60  # windows per job that moves aim at


class State(NamedTuple):
    """A draft with, per offer, the list of jobs on it, so that neighbours are found fast."""

    option: Ints
    start: Ints
    room: Ints
    members: Ints  # offer x place: the jobs on the offer
    count: Ints  # how many of an offer's places are filled
    place: Ints  # where a placed job stands in its offer's list


class Targets(NamedTuple):
    """Windows that moves aim at, cheapest first: those of job j are ``ptr[j]:ptr[j + 1]``."""

    ptr: Ints
    window: Ints


def state_of(table: Tables, option: Ints, start: Ints) -> State:
    """The state of a draft, in arrays of its own."""
    queue = table.queue
    offers = len(table.capacity)
    on_offer = np.bincount(queue.row_offer[queue.opt_row], minlength=offers)
    state = State(
        *kernel.choices(table.jobs),
        table.capacity.copy(),
        np.zeros((offers, int(on_offer.max(initial=0))), np.int64),
        np.zeros(offers, np.int64),
        np.zeros(table.jobs, np.int64),
    )
    _fill(queue, state, option, start)
    return state


def targets_of(table: Tables, prefix: Floats) -> Targets:
    """Each job's cheapest windows at the prices of ``prefix``."""
    queue = table.queue
    most = int(np.diff(queue.job_ptr).max(initial=0)) * table.price.shape[1]
    values, found = np.zeros(most), np.zeros((most, 2), np.int64)
    windows: list[Ints] = []
    for job in range(table.jobs):
        count = kernel.windows(queue, table.capacity, prefix, job, values, found)
        windows.append(found[np.argsort(values[:count], kind="stable")[:_WIDTH]])
    sizes = [len(window) for window in windows]
    ptr = np.concatenate([[0], np.cumsum(sizes)]).astype(np.int64)
    return Targets(ptr, np.concatenate([*windows, np.zeros((0, 2), np.int64)]))


@compiled
def cool(
    queue: Queue,
    state: State,
    targets: Targets,
    base: Numbers,
    prefix: Numbers,
    temperatures: Floats,
    seed: int,
    lead: float,
    best_option: Ints,
    best_start: Ints,
) -> Any:
    """Make one move per temperature; the cheapest state met is kept in ``best_*``.

    ``lead`` is by how much the state is dearer than the best so far; returns it as it is then.
    """
    np.random.seed(seed)  # noqa: NPY002 - Numba compiles the global generator only, per thread
    moved = np.zeros((_EJECTED_MAX + 1, 3), np.int64)
    for temperature in temperatures:
        job = np.random.randint(len(queue.release))  # noqa: NPY002
        windows = targets.ptr[job + 1] - targets.ptr[job]
        if windows == 0:
            continue
        aim = targets.ptr[job] + int(windows * np.random.random() ** 2)  # noqa: NPY002
        option, start = targets.window[aim]
        if option == state.option[job] and start == state.start[job]:
            continue
        count = _clear(queue, state, job, option, start, moved)
        if count > 0:
            change = _settle(queue, state, base, prefix, option, start, moved[:count])
            if change <= -temperature * np.log(np.random.random()):  # noqa: NPY002
                lead += change
                if lead < -1e-6:
                    lead = 0.0
                    best_option[:] = state.option
                    best_start[:] = state.start
                continue
        _restore(queue, state, moved[: abs(count)])
    return lead


@compiled
def _put(queue: Queue, state: State, job: int, option: int, start: int) -> None:
    """Place a job that is not placed; option -1 leaves it out."""
    state.option[job], state.start[job] = option, start
    if option >= 0:
        offer = queue.row_offer[queue.opt_row[option]]
        occupy(queue, state.room, option, start, 1)
        state.members[offer, state.count[offer]] = job
        state.place[job] = state.count[offer]
        state.count[offer] += 1


@compiled
def _pull(queue: Queue, state: State, job: int) -> None:
    """Take a job out of its window, if it has one."""
    option = state.option[job]
    if option >= 0:
        offer = queue.row_offer[queue.opt_row[option]]
        occupy(queue, state.room, option, state.start[job], -1)
        last = state.members[offer, state.count[offer] - 1]
        state.members[offer, state.place[job]] = last
        state.place[last] = state.place[job]
        state.count[offer] -= 1
        state.option[job] = -1


@compiled
def _note(state: State, moved: Ints, index: int, job: int) -> None:
    """Write down where a job stands."""
    moved[index, 0] = job
    moved[index, 1] = state.option[job]
    moved[index, 2] = state.start[job]


@compiled
def _clear(queue: Queue, state: State, job: int, option: int, start: int, moved: Ints) -> int:
    """Take ``job`` and whoever is in its way out; how many, negative if room was not made."""
    _note(state, moved, 0, job)
    _pull(queue, state, job)
    row = queue.opt_row[option]
    offer, gang = queue.row_offer[row], queue.row_gang[row]
    count = 1
    for slot in range(start, start + queue.opt_slots[option]):
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
    """A job that runs on the offer in the slot, from a random place of the list on."""
    size = state.count[offer]
    place = np.random.randint(size)  # noqa: NPY002
    while True:
        job = state.members[offer, place]
        if state.start[job] <= slot < state.start[job] + queue.opt_slots[state.option[job]]:
            return job
        place = (place + 1) % size


@compiled
def _settle(
    queue: Queue,
    state: State,
    base: Numbers,
    prefix: Numbers,
    option: int,
    start: int,
    moved: Ints,
) -> Any:
    """Place the mover in its window and the ejected where they fit; the change of the cost."""
    change = base[0, 0]
    for index in range(len(moved)):
        job = moved[index, 0]
        if index > 0:
            _, option, start = best(queue, state.room, prefix, job)
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
def cost_of(queue: Queue, base: Numbers, job: int, option: int, start: int) -> Any:
    """What a choice costs at the prices of ``base``."""
    if option < 0:
        return queue.unplaced[job] + base[0, 0]
    row = queue.opt_row[option]
    end = start + queue.opt_slots[option]
    return base[row, end] - base[row, start] + queue.opt_fixed[option]


@compiled
def _fill(queue: Queue, state: State, option: Ints, start: Ints) -> None:
    """Place the jobs of a draft into an empty state."""
    for job in range(len(option)):
        _put(queue, state, job, option[job], start[job])
