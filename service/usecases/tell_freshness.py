"""Which periods have costs, and when bills and plan are from."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from service.domain.periods import Period

if TYPE_CHECKING:
    from datetime import datetime

    from service.store.store import Store
    from warehouse.lake import Lake


@dataclass(frozen=True, slots=True)
class Freshness:
    """How fresh the data are; nothing in it belongs to a team."""

    periods: tuple[Period, ...]
    loaded_at: datetime | None
    planned_at: datetime | None


def tell_freshness(*, store: Store, lake: Lake) -> Freshness:
    """Return the allocated periods, newest first, and the times of the last load and plan."""
    periods = {Period(partition.period) for partition in lake.states("allocation")}
    # Without teams no placement is read, only the plan itself.
    with store.work(frozenset()) as work:
        deliveries = work.deliveries.latest(1)
        plan = work.plans.latest()
    return Freshness(
        periods=tuple(sorted(periods, reverse=True)),
        loaded_at=deliveries[0].loaded_at if deliveries else None,
        planned_at=plan.created_at if plan else None,
    )
