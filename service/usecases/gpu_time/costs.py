"""Reads what was paid for machines, and what that says about them."""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from service.domain.gpu_accounts import HOUR_MS, Kind, MachineDay, Place
from service.domain.money import Money, unit_price
from service.domain.pools import UNALLOCATED

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from datetime import datetime

    import pyarrow as pa

    from service.domain.periods import Period
    from service.domain.policy import Policy

_RESERVED = frozenset(("committed", "capacity_block"))


@dataclass(frozen=True, slots=True)
class Cost:
    """What was paid for a machine over some days; ``reason`` says why it can have no use.

    ``gpu_ms`` is the GPU time that the bill tells, ``gpus`` what the machine has; 0 is not known.
    """

    host: str | None
    first: date
    days: int
    amount: Money
    team: str = UNALLOCATED
    pool: str | None = None
    provider: str | None = None
    region: str | None = None
    accelerator_model: str | None = None
    reserved: bool = False
    reason: Kind | None = None
    gpu_ms: int = 0
    gpus: int = 0
    starts: datetime | None = None
    stops: datetime | None = None

    def days_in(self, period: Period) -> tuple[date, ...]:
        """Return the days that it covers in ``period``."""
        every = (self.first + timedelta(days=offset) for offset in range(self.days))
        return tuple(day for day in every if period.first_day <= day < period.next.first_day)


@dataclass(frozen=True, slots=True)
class Machines:
    """What the costs say about machines: by host and day, and where a host is."""

    days: Mapping[tuple[str, date], MachineDay]
    places: Mapping[str, tuple[str | None, str | None]]

    def of(self, place: Place) -> MachineDay:
        """Return what is known of a machine on a day."""
        return self.days.get((place.host or "", place.day), MachineDay())


def costs_of(groups: pa.Table, policy: Policy) -> list[Cost]:
    """Return the answer of ``node_costs`` as costs; a cost that is not known is left out."""
    rows = (row for row in groups.to_pylist() if row["effective_cost"] is not None)
    return sorted((_cost(row, policy) for row in rows), key=_order)


def machines_of(costs: Iterable[Cost], period: Period) -> Machines:
    """Return who pays most for each machine on a day, how, and where it is."""
    teams: defaultdict[tuple[str, date], Counter[str]] = defaultdict(Counter)
    reserved: defaultdict[tuple[str, date], Counter[bool]] = defaultdict(Counter)
    places: defaultdict[str, Counter[tuple[str | None, str | None]]] = defaultdict(Counter)
    for cost in costs:
        if cost.reason is not None or cost.host is None:
            continue
        places[cost.host][cost.provider, cost.region] += cost.amount.pico
        daily = unit_price(cost.amount, cost.days).pico
        for day in cost.days_in(period):
            teams[cost.host, day][cost.team] += daily
            reserved[cost.host, day][cost.reserved] += daily
    return Machines(
        {
            key: MachineDay(_most(teams[key]), reserved=_most(reserved[key], reverse=True))
            for key in teams
        },
        {host: _most(found) for host, found in places.items()},
    )


def _cost(row: Mapping[str, Any], policy: Policy) -> Cost:
    pool = row["shared_pool"] or row["pool"]
    team = row["team"]
    if team is None and row["shared_pool"] in policy.pools:
        team = policy.pools[row["shared_pool"]].owner
    hours = row["accelerator_hours"] or Decimal(0)
    return Cost(
        host=row["host"],
        first=row["charge_day"],
        days=max(row["charge_days"], 1),
        amount=Money.parse(row["effective_cost"], row["currency"] or ""),
        team=team or UNALLOCATED,
        pool=pool,
        provider=row["provider"],
        region=row["region"],
        accelerator_model=row["accelerator_model"],
        reserved=row["purchase_model"] in _RESERVED,
        reason=None if row["reason"] is None else Kind(row["reason"]),
        gpu_ms=max(round(hours * HOUR_MS), 0),
        gpus=max(row["machine_gpus"] or 0, 0),
        starts=row["starts"],
        stops=row["stops"],
    )


def _order(cost: Cost) -> tuple[str, ...]:
    """Costs in an order of their own, so that the order of an answer changes nothing."""
    return tuple(
        str(value)
        for value in (
            cost.reason,
            cost.host,
            cost.first,
            cost.days,
            cost.amount.currency,
            cost.provider,
            cost.region,
            cost.accelerator_model,
            cost.team,
            cost.pool,
            cost.reserved,
            cost.amount.pico,
            cost.gpu_ms,
        )
    )


def _most(counted: Counter[Any], *, reverse: bool = False) -> Any:  # noqa: ANN401 - a key of it
    """Return the key with the largest sum; of equal ones the first by name, or the last."""
    ordered = sorted(counted, key=str, reverse=reverse)
    return max(ordered, key=counted.__getitem__)
