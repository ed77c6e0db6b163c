"""Pools of machines: how their cost is shared, and what their machines did."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from datetime import date, timedelta
from enum import StrEnum
from typing import TYPE_CHECKING

from service.domain.money import ratios

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from decimal import Decimal

UNALLOCATED = "unallocated"
"""The pseudo team that holds what no rule gave to anyone."""


class Sharing(StrEnum):
    """How the cost of a pool comes to its teams."""

    BY_USE = "by_use"
    BY_RESERVATION = "by_reservation"
    EVENLY = "evenly"
    FIXED = "fixed"
    PROPORTIONAL = "proportional"
    BY_DRIVER = "by_driver"


class Driver(StrEnum):
    """What is measured of teams' work, so that cost can follow it."""

    GPU_HOURS = "gpu_hours"
    GPUS_RESERVED = "gpus_reserved"
    TOKENS = "tokens"
    REQUESTS = "requests"


class Line(StrEnum):
    """The line of a team's bill on which a cost stands."""

    DIRECT = "direct"
    SHARED = "shared"
    IDLE = "idle"
    UNALLOCATED = "unallocated"
    UNUSED_COMMITMENT = "unused_commitment"
    DISTRIBUTED = "distributed"


class Method(StrEnum):
    """How a cost was allocated; a method never changes once released, it gets a new version."""

    DIRECT = "direct.v1"
    UNALLOCATED = "unallocated.v1"
    UNUSED_COMMITMENT = "unused-commitment.v1"
    BY_USE = "by-use.v1"
    BY_USE_NO_SIGNAL = "by-use-no-signal.v1"
    BY_RESERVATION = "by-reservation.v1"
    EVENLY = "evenly.v1"
    FIXED = "fixed.v1"
    PROPORTIONAL = "proportional.v1"
    PROPORTIONAL_NO_BASE = "proportional-no-base.v1"
    BY_DRIVER = "by-driver.v1"
    BY_DRIVER_NO_SIGNAL = "by-driver-no-signal.v1"
    DISTRIBUTE_PROPORTIONAL = "distribute-proportional.v1"
    DISTRIBUTE_EVENLY = "distribute-evenly.v1"
    DISTRIBUTE_FIXED = "distribute-fixed.v1"


@dataclass(frozen=True, slots=True)
class Pool:
    """Machines that teams share; ``owner`` pays for what nobody used.

    ``reservations`` are GPUs by team and ``capacity_gpus`` is what they are taken from (both for
    sharing by reservation); ``teams`` are those that share evenly, or in proportion (none: all);
    ``parts`` are fixed weights by team, and ``driver`` is what sharing by driver goes by.
    """

    name: str
    owner: str
    sharing: Sharing
    reservations: Mapping[str, int] = field(default_factory=dict)
    capacity_gpus: int = 0
    teams: tuple[str, ...] = ()
    parts: Mapping[str, int] = field(default_factory=dict)
    driver: Driver | None = None

    def __post_init__(self) -> None:
        """Refuse a pool whose cost nobody would bear.

        Raises:
            ValueError: When it lacks what its way of sharing goes by.
        """
        reserved = sum(self.reservations.values())
        if self.sharing is Sharing.BY_RESERVATION and max(reserved, self.capacity_gpus) < 1:
            raise ValueError(f"pool {self.name}: by_reservation needs reservations or capacity")
        if self.sharing is Sharing.EVENLY and not self.teams:
            raise ValueError(f"pool {self.name}: evenly needs at least one team")
        if self.sharing is Sharing.FIXED and sum(self.parts.values()) < 1:
            raise ValueError(f"pool {self.name}: fixed needs a share of at least 1")
        if self.sharing is Sharing.BY_DRIVER and self.driver is None:
            raise ValueError(f"pool {self.name}: by_driver needs a driver")


@dataclass(frozen=True, slots=True)
class DayOfUse:
    """GPU-milliseconds of one pool on one UTC day: what was there, and who held it."""

    capacity_ms: int = 0
    allocated_ms: Mapping[str, int] = field(default_factory=dict)

    @property
    def excess_ms(self) -> int:
        """How much more was held than was there; more than 0 means that a signal is wrong."""
        return max(0, sum(self.allocated_ms.values()) - self.capacity_ms)

    @property
    def idle_ms(self) -> int:
        """What nobody held, never less than 0."""
        return max(0, self.capacity_ms - sum(self.allocated_ms.values()))


@dataclass(frozen=True, slots=True)
class Shares:
    """Weights by (team, line), and the method that they follow."""

    weights: Mapping[tuple[str, str], int]
    method: Method
    ratios: Mapping[tuple[str, str], Decimal] = field(init=False)

    def __post_init__(self) -> None:
        """Work out each part of one, once for all origins that are divided by it."""
        object.__setattr__(self, "ratios", ratios(self.weights))


def shares(pool: Pool, use: Mapping[date, DayOfUse], day: date, days: int) -> Shares:
    """Return who bears how much of a charge on ``pool`` that covers ``days`` from ``day`` on."""
    if pool.sharing is Sharing.BY_USE:
        return _by_use(pool, [use[one] for one in window(day, days) if one in use])
    if pool.sharing is Sharing.BY_RESERVATION:
        return _by_reservation(pool)
    if pool.sharing is Sharing.FIXED:
        return Shares(_of_teams(pool.parts), Method.FIXED)
    return Shares(_of_teams(dict.fromkeys(pool.teams, 1)), Method.EVENLY)


def proportional(pool: Pool, base: Mapping[str, int]) -> Shares:
    """Return who bears how much of a pool by what teams bear already; less than 0 counts as 0."""
    taking_part = base if not pool.teams else {team: base.get(team, 0) for team in pool.teams}
    return _by_weights(pool, taking_part, Method.PROPORTIONAL, Method.PROPORTIONAL_NO_BASE)


def by_driver(pool: Pool, measured: Mapping[str, int]) -> Shares:
    """Return who bears how much of a pool by what was measured of each team's work."""
    return _by_weights(pool, measured, Method.BY_DRIVER, Method.BY_DRIVER_NO_SIGNAL)


def window(day: date, days: int) -> Iterator[date]:
    """Yield ``days`` days from ``day`` on."""
    return (day + timedelta(days=offset) for offset in range(days))


def shared(team: str) -> tuple[str, str]:
    """Return the line on which a team's use of a pool stands."""
    return team, Line.UNALLOCATED if team == UNALLOCATED else Line.SHARED


def _by_use(pool: Pool, days: Iterable[DayOfUse]) -> Shares:
    weights: Counter[tuple[str, str]] = Counter()
    for day in days:
        weights.update({shared(team): ms for team, ms in day.allocated_ms.items()})
        weights[pool.owner, Line.IDLE] += day.idle_ms
    used = {key: ms for key, ms in weights.items() if ms > 0}
    if not used:
        return Shares({(pool.owner, Line.IDLE): 1}, Method.BY_USE_NO_SIGNAL)
    return Shares(used, Method.BY_USE)


def _by_weights(
    pool: Pool, weights: Mapping[str, int], method: Method, otherwise: Method
) -> Shares:
    found = _of_teams(weights)
    return Shares(found, method) if found else Shares({shared(pool.owner): 1}, otherwise)


def _of_teams(weights: Mapping[str, int]) -> dict[tuple[str, str], int]:
    return {shared(team): weight for team, weight in weights.items() if weight > 0}


def _by_reservation(pool: Pool) -> Shares:
    weights = _of_teams(pool.reservations)
    rest = pool.capacity_gpus - sum(weights.values())
    if rest > 0:
        weights[pool.owner, Line.IDLE] = rest
    return Shares(weights, Method.BY_RESERVATION)
