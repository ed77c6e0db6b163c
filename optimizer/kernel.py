"""The compiled inner loops: find a job's cheapest window, insert jobs, count machines.

Everything here is exact for integer prefixes and works alike on floats.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numba
import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable

    from optimizer.tables import Ints, Queue

# Both of NumPy's number types pass through the loops; each gets its own compiled copy.
Numbers = Any


def compiled(function: Callable[..., Any]) -> Callable[..., Any]:
    """Compile on first use, keep the machine code on disk, release the interpreter lock."""
    made: Callable[..., Any] = numba.njit(cache=True, nogil=True)(function)
    return made


@compiled
def best(queue: Queue, room: Ints, prefix: Numbers, job: int) -> tuple[Any, int, int]:
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
def cheapest(
    queue: Queue, room: Ints, prefix: Numbers, values: Numbers, option: Ints, start: Ints
) -> None:
    """Each job's cheapest choice as if it were alone in ``room``."""
    for job in range(len(queue.release)):
        values[job], option[job], start[job] = best(queue, room, prefix, job)


@compiled
def occupy(queue: Queue, room: Ints, option: int, start: int, sign: int) -> None:
    """Take (sign 1) or give back (sign -1) the machines of one placement."""
    row = queue.opt_row[option]
    machines = sign * queue.row_gang[row]
    for slot in range(start, start + queue.opt_slots[option]):
        room[queue.row_offer[row], slot] -= machines


@compiled
def insert(
    queue: Queue, room: Ints, prefix: Numbers, order: Ints, option: Ints, start: Ints
) -> None:
    """Move the jobs of ``order``, one by one, to their cheapest window in what is left."""
    for job in order:
        if option[job] >= 0:
            occupy(queue, room, option[job], start[job], -1)
        _, k, first = best(queue, room, prefix, job)
        option[job], start[job] = k, first
        if k >= 0:
            occupy(queue, room, k, first, 1)


@compiled
def windows(
    queue: Queue, room: Ints, prefix: Numbers, job: int, out_value: Numbers, out: Ints
) -> int:
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
                out_value[count] = prefix[row, slot + 1] - prefix[row, first] + queue.opt_fixed[k]
                out[count, 0], out[count, 1] = k, first
                count += 1
    return count


@compiled
def running(queue: Queue, option: Ints, start: Ints, gangs: Ints) -> None:
    """Count, per row and slot, the gangs that the choices keep running."""
    gangs[:] = 0
    for job in range(len(option)):
        k = option[job]
        if k >= 0:
            for slot in range(start[job], start[job] + queue.opt_slots[k]):
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


def choices(jobs: int) -> tuple[Ints, Ints]:
    """Empty choices: no job is placed."""
    return np.full(jobs, -1, np.int64), np.full(jobs, -1, np.int64)
