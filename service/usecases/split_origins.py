"""Splits what pools cost, pool by pool in the order of the policy."""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.compute as pc

from service.domain.allocation import divide
from service.domain.pools import Driver, Method, Sharing, by_driver, proportional, shares, window
from service.domain.records import Finding
from service.usecases.allocation_table import Bases, PartRows, bases, costs_in

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from datetime import date

    from service.domain.policy import Policy
    from service.domain.pools import Pool, Shares
    from service.usecases.driver_use import DriverUse
    from service.usecases.pool_shares import Use

_BLIND = {
    Method.PROPORTIONAL_NO_BASE: "no team bears a cost that the pool could follow; its owner pays",
    Method.BY_DRIVER_NO_SIGNAL: "nothing was measured of the pool's driver; its owner pays",
}


@dataclass(frozen=True, slots=True)
class Signals:
    """What was measured: by pool for sharing by use, by driver for sharing by driver."""

    use: Use = field(default_factory=dict)
    drivers: DriverUse = field(default_factory=dict)


def split_origins(
    origins: pa.Table, policy: Policy, signals: Signals, direct: pa.Table
) -> pa.Table:
    """Return a row for each origin and each line of a team that bears a part of it.

    Pools are split in the order of the policy; one that is shared in proportion looks at
    ``direct`` and at the pools before it.
    """
    places: defaultdict[str, list[int]] = defaultdict(list)
    for place, name in enumerate(origins["pool"].to_pylist()):
        places[name].append(place)
    done = [direct.slice(0, 0)]
    for pool in policy.pools.values():
        if found := places.get(pool.name):
            known = pa.concat_tables([direct, *done])
            base = bases(known) if pool.sharing is Sharing.PROPORTIONAL else {}
            mine = origins.take(pa.array(found, pa.int64()))
            done.append(_split(mine, OriginWeights(pool, policy, signals, base)))
    return pa.concat_tables(done)


def split_findings(parts: pa.Table) -> Iterator[Finding]:
    """Yield how many origins stayed with their pool's owner for want of something to go by."""
    for method, rule in _BLIND.items():
        blind = pc.sum(pc.equal(parts["method_id"], str(method))).as_py() or 0
        if blind:
            yield Finding(rule, f"policy.pools ({method})", blind)


def _count(base: Bases, more: Bases) -> None:
    """Add what teams bear in rows that were not looked at yet."""
    for currency, teams in more.items():
        known = base.setdefault(currency, {})
        for team, pico in teams.items():
            known[team] = known.get(team, 0) + pico


def _split(origins: pa.Table, weights: OriginWeights) -> pa.Table:
    rows = PartRows()
    wanted = ("charge_day", "charge_days", "currency")
    for number, (costs, key) in enumerate(costs_in(origins, *wanted)):
        rows.add(number, divide(costs, weights.of(*key)), counted=True)
    return rows.table(origins)


class OriginWeights:
    """Who bears how much of one pool, worked out once for each window and currency."""

    def __init__(self, pool: Pool, policy: Policy, signals: Signals, base: Bases) -> None:
        """Take what the pool's way of sharing may look at."""
        self._pool, self._signals, self._base = pool, signals, base
        self._reserved = policy.reserved_gpus
        self._known: dict[tuple[date, int, str | None], Shares] = {}

    def of(self, day: date, days: int, currency: str | None) -> Shares:
        """Return the shares of a charge of these days in a currency."""
        key = day, days, currency
        if key not in self._known:
            self._known[key] = self._shares(*key)
        return self._known[key]

    def _shares(self, day: date, days: int, currency: str | None) -> Shares:
        if self._pool.sharing is Sharing.PROPORTIONAL:
            return proportional(self._pool, self._base.get(currency, {}))
        if self._pool.sharing is Sharing.BY_DRIVER:
            return by_driver(self._pool, self._measured(day, days))
        return shares(self._pool, self._signals.use.get(self._pool.name, {}), day, days)

    def _measured(self, day: date, days: int) -> Mapping[str, int]:
        driver = Driver(self._pool.driver or "")
        if driver is Driver.GPUS_RESERVED:
            return self._reserved
        found: Counter[str] = Counter()
        by_day = self._signals.drivers.get(driver, {})
        for one in window(day, days):
            found.update(by_day.get(one, {}))
        return found
