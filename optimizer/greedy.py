"""Plans made by inserting one job after another: two baselines and the solver's first plan."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from optimizer import kernel
from optimizer.kernel import Choice
from optimizer.plan import Placement, Plan, status_of
from optimizer.tables import tables

if TYPE_CHECKING:
    from optimizer.instance import Instance
    from optimizer.kernel import Numbers
    from optimizer.tables import Floats, Ints, Tables


@dataclass(slots=True)
class Draft:
    """A plan in the making: what each job does, and the room that is left."""

    choice: Choice
    room: Ints

    def copy(self) -> Draft:
        """A draft that can be changed on its own."""
        option, start = self.choice
        return Draft(Choice(option.copy(), start.copy()), self.room.copy())


def empty_draft(table: Tables) -> Draft:
    """No job is placed."""
    return Draft(kernel.nobody(table.jobs), table.capacity.copy())


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
    kernel.insert(table.queue, draft.room, prefix, order, draft.choice)
    return draft


def alone(table: Tables) -> Ints:
    """Each job's cheapest cost as if no other job existed."""
    values = np.zeros(table.jobs, np.int64)
    kernel.cheapest(
        table.queue, table.capacity, table.base_prefix(), values, kernel.nobody(table.jobs)
    )
    return values


def costs(table: Tables, draft: Draft) -> Ints:
    """What each job costs in ``draft``, in millionths."""
    result: Ints = window_values(table, table.base_prefix(), np.arange(table.jobs), draft.choice)
    return result


def total(table: Tables, draft: Draft) -> int:
    """What ``draft`` costs, in millionths."""
    return sum(costs(table, draft).tolist())


def window_values(table: Tables, prefix: Numbers, jobs: Ints, choice: Choice) -> Numbers:
    """What choices of some jobs cost at the prices of ``prefix``; option -1 leaves one out."""
    queue = table.queue
    result = queue.unplaced[jobs].astype(prefix.dtype)
    placed = np.flatnonzero(choice.option >= 0)
    used, first = choice.option[placed], choice.start[placed]
    row = queue.opt_row[used]
    window = prefix[row, first + queue.opt_slots[used]] - prefix[row, first]
    result[placed] = window + queue.opt_fixed[used]
    return result


def to_plan(instance: Instance, table: Tables, draft: Draft, bound: int) -> Plan:
    """Name what a draft numbers."""
    placements, unplaced = [], []
    for j, job in enumerate(instance.jobs):
        k = int(draft.choice.option[j])
        if k < 0:
            unplaced.append(job.id)
        else:
            option = job.options[int(table.opt_index[k])]
            placements.append(Placement(job.id, option.offer, int(draft.choice.start[j])))
    cost = total(table, draft)
    return Plan(status_of(cost, bound), cost, bound, tuple(placements), tuple(unplaced))


def _baseline(instance: Instance, table: Tables, order: Ints) -> Plan:
    draft = empty_draft(table)
    kernel.insert(table.queue, draft.room, table.base_prefix(), order, draft.choice)
    return to_plan(instance, table, draft, sum(alone(table).tolist()))
