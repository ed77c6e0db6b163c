"""The compiled inner loops: find a job's cheapest window, insert jobs, count machines.

Everything here is exact for integer prefixes and works alike on floats.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numba
import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable

    from optimizer.tables import Ints, Queue

# Integers and floats both pass through the loops; each gets its own compiled copy.
Number = Any
Numbers = Any


class Choice(NamedTuple):
    """What each job does: its option (-1: it is left out) and its first slot."""

    option: Ints
    start: Ints


class Found(NamedTuple):
    """Room for a list of windows: their values, and lines of (option, start)."""

    value: Numbers
    window: Ints


def compiled(function: Callable[..., Any]) -> Callable[..., Any]:
    """Compile on first use, keep the machine code on disk, release the interpreter lock.

    Numba keeps it beside the module or in the user's cache; where it may write to neither, each
    process compiles for itself.
    """
    made: Callable[..., Any]
    try:
        made = numba.njit(cache=True, nogil=True)(function)
    except RuntimeError:
        made = numba.njit(nogil=True)(function)
    return made


@compiled
def best(queue: Queue, room: Ints, prefix: Numbers, job: int) -> tuple[Number, int, int]:
    """Cheapest (value, option, start) of a job; option -1 means to leave it out."""
    value = queue.unplaced[job] + prefix[0, 0]
    option, start = -1, -1
    for k in range(queue.job_ptr[job], queue.job_ptr[job + 1]):
        row = queue.opt_row[k]
        offer, gang, slots = queue.row_offer[row], queue.row_gang[row], queue.opt_slots[k]
        since = queue.release[job]  # from here on, every slot had room
        for slot in range(queue.release[job], queue.end[job]):
            if room[offer, slot] < gang:
                since = slot + 1
            elif slot - since >= slots - 1:
                first = slot - slots + 1
                cost = prefix[row, slot + 1] - prefix[row, first] + queue.opt_fixed[k]
                if cost < value or (option < 0 and cost == value):
                    value, option, start = cost, k, first
    return value, option, start


@compiled
def cheapest(queue: Queue, room: Ints, prefix: Numbers, values: Numbers, choice: Choice) -> None:
    """Each job's cheapest choice as if it were alone in ``room``."""
    for job in range(len(queue.release)):
        values[job], choice.option[job], choice.start[job] = best(queue, room, prefix, job)


@compiled
def occupy(queue: Queue, room: Ints, option: int, start: int, sign: int) -> None:
    """Take (sign 1) or give back (sign -1) the machines of one placement."""
    row = queue.opt_row[option]
    machines = sign * queue.row_gang[row]
    for slot in range(start, start + queue.opt_slots[option]):
        room[queue.row_offer[row], slot] -= machines


@compiled
def insert(queue: Queue, room: Ints, prefix: Numbers, order: Ints, choice: Choice) -> None:
    """Move the jobs of ``order``, one by one, to their cheapest window in what is left."""
    for job in order:
        if choice.option[job] >= 0:
            occupy(queue, room, choice.option[job], choice.start[job], -1)
        _, k, first = best(queue, room, prefix, job)
        choice.option[job], choice.start[job] = k, first
        if k >= 0:
            occupy(queue, room, k, first, 1)


@compiled
def windows(queue: Queue, room: Ints, prefix: Numbers, job: int, found: Found) -> int:
    """List every (option, start) of a job that fits ``room`` with its value; how many."""
    count = 0
    for k in range(queue.job_ptr[job], queue.job_ptr[job + 1]):
        row = queue.opt_row[k]
        offer, gang, slots = queue.row_offer[row], queue.row_gang[row], queue.opt_slots[k]
        since = queue.release[job]
        for slot in range(queue.release[job], queue.end[job]):
            if room[offer, slot] < gang:
                since = slot + 1
            elif slot - since >= slots - 1:
                first = slot - slots + 1
                cost = prefix[row, slot + 1] - prefix[row, first] + queue.opt_fixed[k]
                found.value[count] = cost
                found.window[count, 0], found.window[count, 1] = k, first
                count += 1
    return count


@compiled
def running(queue: Queue, choice: Choice, gangs: Ints) -> None:
    """Count, per row and slot, the gangs that the choices keep running."""
    gangs[:] = 0
    for job in range(len(choice.option)):
        k, first = choice.option[job], choice.start[job]
        if k >= 0:
            for slot in range(first, first + queue.opt_slots[k]):
                gangs[queue.opt_row[k], slot] += 1


@compiled
def priced(link: Ints, pay: Numbers, base: Numbers, prefix: Numbers) -> None:
    """Fill the rows' running sums: ``base`` plus what their classes have to pay per slot."""
    prefix[:] = 0
    for index in range(len(link)):
        row, other, machines = link[index]
        for slot in range(pay.shape[1]):
            prefix[row, slot + 1] += machines * pay[other, slot]
    for row in range(len(prefix)):
        total = prefix[row, 0]
        for slot in range(1, prefix.shape[1]):
            total += prefix[row, slot]
            prefix[row, slot] = base[row, slot] + total


@compiled
def machines_used(link: Ints, gangs: Ints, use: Ints) -> None:
    """Count, per class and slot, the machines of the running gangs."""
    use[:] = 0
    for index in range(len(link)):
        row, other, machines = link[index]
        for slot in range(use.shape[1]):
            use[other, slot] += machines * gangs[row, slot]


def nobody(jobs: int) -> Choice:
    """Choices in which every job is left out."""
    return Choice(np.full(jobs, -1, np.int64), np.full(jobs, -1, np.int64))


def room_for_windows(queue: Queue, slots: int, kind: type[np.generic]) -> Found:
    """Space for all windows of any one job."""
    most = int(np.diff(queue.job_ptr).max(initial=0)) * slots
    return Found(np.zeros(most, kind), np.zeros((most, 2), np.int64))
