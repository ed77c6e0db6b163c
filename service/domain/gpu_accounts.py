"""What GPU time was: kinds that add up to what there was, each with somebody who owns it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum
from typing import TYPE_CHECKING

from service.domain.money import Money, apportion, split
from service.domain.pools import UNALLOCATED, Pool, Sharing

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from datetime import date

    from service.domain.policy import NodeSplit

HOUR_MS = 3_600_000
DAY_MS = 24 * HOUR_MS
KWH_J = 3_600_000


class Kind(StrEnum):
    """The class of GPU time, or of cost that no GPU time explains."""

    UTILISED = "utilised"
    UNUSED = "unused"
    NO_PROCESS = "no_process"
    UNOBSERVED = "unobserved"
    RESERVED_IDLE = "reserved_idle"
    UNRESERVED_IDLE = "unreserved_idle"
    BUSY_UNHELD = "busy_unheld"
    UNSEEN = "unseen"
    CONTRADICTORY = "contradictory"
    UNMATCHED_NO_NODE = "unmatched_no_node"
    UNMATCHED_NO_USAGE = "unmatched_no_usage"
    UNUSED_COMMITMENT = "unused_commitment"


HELD = (Kind.UTILISED, Kind.UNUSED, Kind.NO_PROCESS, Kind.UNOBSERVED)
"""Time that somebody held; what is measured stands on the first of them that there is."""

OBSERVED = (Kind.UTILISED, Kind.UNUSED, Kind.NO_PROCESS)
"""Held time whose activity was measured."""

NOT_IDLE = (Kind.BUSY_UNHELD, Kind.UNSEEN, Kind.CONTRADICTORY)
"""Time of no known holder that nobody can call idle."""

CAPACITY = (*HELD, Kind.RESERVED_IDLE, Kind.UNRESERVED_IDLE, *NOT_IDLE)
"""The kinds that add up to all GPU time that there was."""


WASTE = (
    *(Kind.UNUSED, Kind.NO_PROCESS, Kind.UNOBSERVED),
    *(Kind.RESERVED_IDLE, Kind.UNRESERVED_IDLE, Kind.UNUSED_COMMITMENT),
)
"""What was paid for and not known to be used."""

UNEXPLAINED = (*NOT_IDLE, Kind.UNMATCHED_NO_NODE, Kind.UNMATCHED_NO_USAGE)
"""What the facts do not allow to call used or wasted."""

CONTRACTED = (*CAPACITY, Kind.UNMATCHED_NO_USAGE, Kind.UNUSED_COMMITMENT)
"""What was held by contract: all time that there was, and what was paid for and not seen."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where and when GPU time was."""

    day: date
    host: str | None
    pool: str | None = None
    accelerator_model: str | None = None
    mode: str | None = None


@dataclass(frozen=True, slots=True)
class Holder:
    """Whose GPU time it was, and for which job of which source of job runs."""

    team: str = UNALLOCATED
    project: str | None = None
    job_id: str | None = None
    attempt: int | None = None
    workload_id: str | None = None
    namespace: str | None = None
    source: str | None = None


@dataclass(frozen=True, slots=True)
class Measures:
    """What was measured beside activity: joules, tokens, requests, MiB; ``None`` is not known."""

    energy: float | None = None
    tokens_in: int | None = None
    tokens_out: int | None = None
    requests: int | None = None
    memory_max: float | None = None
    memory_total: float | None = None

    def without_work(self) -> Measures:
        """Leave out what is counted once only."""
        return replace(self, tokens_in=None, tokens_out=None, requests=None)


@dataclass(frozen=True, slots=True)
class Account:
    """GPU-milliseconds of one kind, with what was measured in them."""

    place: Place
    kind: Kind
    holder: Holder
    gpu_ms: int
    measures: Measures = Measures()


@dataclass(frozen=True, slots=True)
class MachineDay:
    """What a machine's cost says about it on a day: who pays most of it, and how."""

    team: str = UNALLOCATED
    reserved: bool = False


def accounts(
    place: Place, parts_ms: Mapping[tuple[Kind, Holder], int], measures: Measures
) -> Iterator[Account]:
    """Yield one account for each kind and holder that has time.

    Energy is divided by time; tokens and requests stand on the first account only.
    """
    whole = sum(parts_ms.values())
    for number, (key, ms) in enumerate((key, ms) for key, ms in parts_ms.items() if ms > 0):
        energy = None if measures.energy is None else measures.energy * ms / whole
        part = measures if number == 0 else measures.without_work()
        yield Account(place, *key, ms, replace(part, energy=energy))


def idle_owners(
    pool: Pool | None, machine: MachineDay, held_ms: Mapping[str, int], idle_ms: int
) -> dict[tuple[str, str], int]:
    """Return weights by kind and team for the idle time of a machine on a day.

    In a pool by reservation, ``held_ms`` by team and ``idle_ms`` are those of the whole pool: each
    team owns what it reserved and did not hold, the pool's owner the rest. Elsewhere all of it is
    the pool owner's, or the machine's team's.
    """
    if pool is None or pool.sharing is not Sharing.BY_RESERVATION:
        kind = Kind.RESERVED_IDLE if machine.reserved else Kind.UNRESERVED_IDLE
        return {(kind, machine.team if pool is None else pool.owner): 1}
    unheld = {
        (str(Kind.RESERVED_IDLE), team): gpus * DAY_MS - held_ms.get(team, 0)
        for team, gpus in pool.reservations.items()
    }
    unheld = {key: ms for key, ms in unheld.items() if ms > 0}
    rest = idle_ms - sum(unheld.values())
    if rest < 0:
        return {key: ms for key, ms in apportion(idle_ms, unheld).items() if ms > 0}
    return unheld | ({(Kind.UNRESERVED_IDLE, pool.owner): rest} if rest else {})


@dataclass(frozen=True, slots=True)
class NodeCost:
    """A cost and its parts for GPU, CPU and memory, which add up to it."""

    effective: Money
    gpu: Money
    cpu: Money
    memory: Money


def node_cost(cost: Money, weights: NodeSplit) -> NodeCost:
    """Split the cost of a machine's time, to the last digit."""
    parts = split(cost, weights.weights)
    return NodeCost(cost, parts["gpu"], parts["cpu"], parts["memory"])


def carbon_g(energy_j: float | None, g_per_kwh: float | None) -> float | None:
    """Return grams of CO2 equivalent; unknown where the energy or the region is."""
    if energy_j is None or g_per_kwh is None:
        return None
    return energy_j / KWH_J * g_per_kwh
