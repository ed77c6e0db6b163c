"""Brings the cost of machines to the GPU time that it paid for; what finds none is named."""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from service.domain.gpu_accounts import HOUR_MS, Account, Holder, Kind, MachineDay, Place
from service.domain.money import Money, money_sums, split, unit_price
from service.domain.pools import UNALLOCATED

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    import pyarrow as pa

    from service.domain.periods import Period
    from service.domain.policy import Policy

_RESERVED = frozenset(("committed", "capacity_block"))


@dataclass(frozen=True, slots=True)
class Cost:
    """What was paid for a machine over some days; ``reason`` says why it can have no use."""

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


@dataclass(slots=True)
class Spread:
    """Costs of accounts by their number, and accounts of cost without use."""

    costs: list[dict[str, Money]]
    unmatched: list[tuple[Account, Cost]] = field(default_factory=list)


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


def spread(costs: Iterable[Cost], found: Sequence[Account], period: Period) -> Spread:
    """Divide each cost among the accounts of its host and days by GPU time, to the last digit."""
    of_day: defaultdict[tuple[str | None, date], list[int]] = defaultdict(list)
    for number, account in enumerate(found):
        of_day[account.place.host, account.place.day].append(number)
    result = Spread([{} for _ in found])
    together: defaultdict[tuple[tuple[str | None, date], ...], list[Cost]] = defaultdict(list)
    for cost in costs:
        days = cost.days_in(period) if cost.reason is None else ()
        used = tuple(key for day in days if (key := (cost.host, day)) in of_day)
        if used:
            together[used].append(cost)
        else:
            result.unmatched.append((_unmatched(cost), cost))
    for keys, members in together.items():
        weights = {number: found[number].gpu_ms for key in keys for number in of_day[key]}
        for amount in money_sums(cost.amount for cost in members).values():
            for number, part in split(amount, weights).items():
                have = result.costs[number].get(part.currency)
                result.costs[number][part.currency] = part if have is None else have + part
    return result


def _unmatched(cost: Cost) -> Account:
    place = Place(cost.first, cost.host, cost.pool, cost.accelerator_model)
    kind = cost.reason or Kind.UNMATCHED_NO_USAGE
    return Account(place, kind, Holder(team=cost.team), cost.gpu_ms)


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
        )
    )


def _most(counted: Counter[Any], *, reverse: bool = False) -> Any:  # noqa: ANN401 - a key of it
    """Return the key with the largest sum; of equal ones the first by name, or the last."""
    ordered = sorted(counted, key=str, reverse=reverse)
    return max(ordered, key=counted.__getitem__)
