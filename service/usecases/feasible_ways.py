"""Which ways to run fit into a workload's window on empty machines; what does not is no choice.

Workloads that not even an empty cloud could run are told so and kept out of the instance: their
price of being left out would only blow up cost, bound and gap alike.
"""

from __future__ import annotations

from itertools import groupby
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from service.usecases.workload_options import Choice


def feasible_ways(ways: Sequence[Choice], gang: int, window: range) -> tuple[Choice, ...]:
    """The ways for which ``gang`` machines are there for long enough within the slots."""
    return tuple(way for way in ways if _longest(way, gang, window) >= way.slots)


def obstacle(ways: Sequence[Choice], gang: int, window: range) -> tuple[str, str]:
    """Why none of ``ways`` is feasible, as a stable code and a sentence."""
    shortest = min(way.slots for way in ways)
    if shortest > len(window):
        return "window_too_short", (
            f"its shortest way to run takes {shortest} hours, its window has {len(window)}"
        )
    largest = max(max(way.offer.capacity[slot] for slot in window) for way in ways)
    if gang > largest:
        return "gang_exceeds_capacity", (
            f"it needs {gang} machines together; no offer that it may use has more than {largest}"
        )
    return "window_too_short", (
        f"no offer has {gang} machines together for long enough within its window of"
        f" {len(window)} hours"
    )


def _longest(way: Choice, gang: int, window: range) -> int:
    """The most slots in a row in which the offer has ``gang`` machines."""
    capacity = way.offer.capacity
    if min(capacity) >= gang:
        return len(window)
    runs = groupby(capacity[slot] >= gang for slot in window)
    return max((len(list(run)) for enough, run in runs if enough), default=0)
