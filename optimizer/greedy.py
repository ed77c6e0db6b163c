"""Plans made by inserting one job after another: two baselines and the solver's first plan."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from optimizer import kernel
from optimizer.plan import Placement, Plan, status_of
from optimizer.tables import tables

if TYPE_CHECKING:
    from optimizer.instance import Instance
    from optimizer.tables import Floats, Ints, Tables


@dataclass(slots=True)
class Draft:
    """A plan in the making: each job's option and start (-1: left out), and the room left."""

    option: Ints
    start: Ints
    room: Ints

    def copy(self) -> Draft:
        """A draft that can be changed on its own."""
        return Draft(self.option.copy(), self.start.copy(), self.room.copy())


def empty_draft(table: Tables) -> Draft:
    """No job is placed."""
    return Draft(*kernel.choices(table.jobs), table.capacity.copy())


def cheapest_first(instance: Instance) -> Plan:
    """Place jobs in the order of what they cost alone, each in its cheapest free window."""
    table = tables(instance)
    return _baseline(instance, table, np.argsort(alone(table), kind="stable"))


def earliest_deadline_first(instance: Instance) -> Plan:
    """Place jobs in the order of their due slots, each in its cheapest free window."""
    table = tables(instance)
    return _baseline(instance, table, np.argsort(table.queue.end, kind="stable"))


def inserted(table: Tables, prefix: Floats, order: Ints) -> Draft:
    """A draft made by inserting ``order`` at the prices of ``prefix``."""
    draft = empty_draft(table)
    kernel.insert(table.queue, draft.room, prefix, order, draft.option, draft.start)
    return draft


def alone(table: Tables) -> Ints:
    """Each job's cheapest cost as if no other job existed."""
    values = np.zeros(table.jobs, np.int64)
    kernel.cheapest(
        table.queue, table.capacity, table.base_prefix(), values, *kernel.choices(table.jobs)
    )
    return values


def costs(table: Tables, draft: Draft) -> Ints:
    """What each job costs in ``draft``, in millionths."""
    return values(table, draft, table.base_prefix(), table.queue.unplaced)


def values(table: Tables, draft: Draft, prefix: Ints, unplaced: Ints) -> Ints:
    """What each job costs at the prices of ``prefix``."""
    queue = table.queue
    placed = np.flatnonzero(draft.option >= 0)
    option, start = draft.option[placed], draft.start[placed]
    row = queue.opt_row[option]
    result = unplaced.astype(prefix.dtype)
    window = prefix[row, start + queue.opt_slots[option]] - prefix[row, start]
    result[placed] = window + queue.opt_fixed[option]
    return result


def to_plan(instance: Instance, table: Tables, draft: Draft, bound: int) -> Plan:
    """Name what a draft numbers."""
    placements, unplaced = [], []
    for j, job in enumerate(instance.jobs):
        k = int(draft.option[j])
        if k < 0:
            unplaced.append(job.id)
        else:
            option = job.options[int(table.opt_index[k])]
            placements.append(Placement(job.id, option.offer, int(draft.start[j])))
    cost = sum(costs(table, draft).tolist())
    return Plan(status_of(cost, bound), cost, bound, tuple(placements), tuple(unplaced))


def _baseline(instance: Instance, table: Tables, order: Ints) -> Plan:
    draft = empty_draft(table)
    kernel.insert(
        table.queue, draft.room, table.base_prefix(), order, draft.option, draft.start
    )
    return to_plan(instance, table, draft, sum(alone(table).tolist()))
