"""Capacity rows that every plan keeps, and the prices that multipliers on them make.

Per offer, slot and size ``g``: the sum of ``floor(gang / g)`` over running gangs is at most
``floor(capacity / g)``. ``g = 1`` is the capacity itself (lowered to the largest sum of gang
sizes below it); ``g`` = a gang size counts how many gangs of at least that size fit, which is
what makes the bound hold where gangs are lumpy.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from optimizer.tables import Ints, Tables

_LUMPY = 24  # above this many gangs side by side, counting them adds nothing to the bound


class Rows(NamedTuple):
    """Class c restricts offer ``offer[c]`` by size ``size[c]`` to ``limit[c, slot]`` machines."""

    offer: Ints
    size: Ints
    limit: Ints  # size x floor(capacity / size), so that all classes count in machines
    link: Ints  # (row, class, machines that one gang of the row counts for in the class)


def capacity_rows(table: Tables) -> Rows:
    """The rows of every offer that some job can use."""
    queue = table.queue
    classes: list[tuple[int, int]] = []
    limits: list[Ints] = []
    for offer in np.unique(queue.row_offer):
        gangs = queue.row_gang[queue.row_offer == offer]
        capacity = reachable(table.capacity[offer], gangs)
        for size in [1, *gangs[gangs > 1]]:
            if size == 1 or _restricts(capacity, int(size)):
                classes.append((int(offer), int(size)))
                limits.append(capacity // size * size)
    offers = np.array([offer for offer, _ in classes], np.int64)
    sizes = np.array([size for _, size in classes], np.int64)
    shape = (len(classes), table.capacity.shape[1])
    limit = np.array(limits, np.int64).reshape(shape)
    return Rows(offers, sizes, limit, _links(table, offers, sizes))


def _links(table: Tables, offers: Ints, sizes: Ints) -> Ints:
    """Every pair of a row and a class of the same offer in which the row counts."""
    queue = table.queue
    row, other = np.nonzero(queue.row_offer[:, None] == offers[None, :])
    machines = queue.row_gang[row] // sizes[other] * sizes[other]
    links: Ints = np.stack([row, other, machines], axis=1)[machines > 0].astype(np.int64)
    return links


def reachable(capacity: Ints, gangs: Ints) -> Ints:
    """Each capacity lowered to the largest sum of gang sizes that it can hold."""
    top = int(capacity.max())
    if top > 64 * int(gangs.max()) or int(gangs.min()) == 1:
        return capacity
    sums = np.zeros(top + 1, bool)
    sums[0] = True
    for total in range(1, top + 1):
        sums[total] = any(gang <= total and sums[total - gang] for gang in gangs)
    best = np.maximum.accumulate(np.where(sums, np.arange(top + 1), 0))
    lowered: Ints = best[capacity]
    return lowered


def _restricts(capacity: Ints, size: int) -> bool:
    """Whether counting gangs of ``size`` can say more than the capacity does."""
    return bool(((capacity % size > 0) & (capacity < _LUMPY * size)).any())
