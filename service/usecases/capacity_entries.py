"""Turns what sources found into entries of a capacity file."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Generic, TypeVar

from ingest.capacity import (
    CapacityBlockFact,
    CommitmentFact,
    CommitmentKind,
    QuotaFact,
    QuotaUnit,
    ReservationFact,
)
from ingest.machines import MachineType, machine_types, provider_key
from service.usecases.capacity_text import Entry, Fields

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

_FIELD_OF = {
    QuotaUnit.MACHINE: "machines",
    QuotaUnit.VCPU: "vcpus",
    QuotaUnit.ACCELERATOR: "accelerators",
}

UNTIL_CANCELLED = datetime(9999, 1, 1, tzinfo=UTC)
"""The end of a reservation that has none."""

Fact = TypeVar("Fact", QuotaFact, CommitmentFact, ReservationFact, CapacityBlockFact)


@dataclass(frozen=True, slots=True)
class Said(Generic[Fact]):
    """A fact and the source that told it."""

    source: str
    fact: Fact


def quotas(said: Iterable[Said[QuotaFact]]) -> list[Entry]:
    """Make an entry of each quota; of the same one in two accounts both may be used up."""
    found: dict[tuple[object, ...], list[Said[QuotaFact]]] = {}
    for one in said:
        fact = one.fact
        place = (fact.provider, fact.region, fact.zone, fact.market, fact.unit)
        found.setdefault((*place, fact.machine_type, fact.families), []).append(one)
    return [_quota(same) for same in found.values()]


def _quota(said: Sequence[Said[QuotaFact]]) -> Entry:
    fact, size = said[0].fact, _FIELD_OF[said[0].fact.unit]
    single = len(fact.families) == 1
    fields: Fields = {
        "provider": fact.provider,
        "region": fact.region,
        "zone": fact.zone,
        "machine_type": fact.machine_type,
        "family": fact.families[0] if single else None,
        "families": () if single else tuple(sorted(fact.families)),
        "market": fact.market.value,
        size: sum(one.fact.limit for one in said),
    }
    told = (
        f"{one.source}: {one.fact.title} ({one.fact.id}), {one.fact.limit} {size}{_as(one.fact)}"
        for one in said
    )
    return Entry(fields, "\n".join(told))


def _as(fact: QuotaFact) -> str:
    """Say how many of the largest machine type that is."""
    covered = [
        machine
        for machine in machine_types().values()
        if machine.provider == provider_key(fact.provider)
        and (machine.name == fact.machine_type or machine.name.startswith(fact.families or ("?",)))
    ]
    largest = max(covered, key=lambda one: (_size(one, fact.unit), one.name), default=None)
    if largest is None or fact.unit is QuotaUnit.MACHINE or not _size(largest, fact.unit):
        return ""
    return f" = {fact.limit // _size(largest, fact.unit)} x {largest.name}"


def _size(machine: MachineType, unit: QuotaUnit) -> int:
    return machine.vcpus if unit is QuotaUnit.VCPU else machine.accelerator_count


def commitment(said: Said[CommitmentFact], currency: str) -> Entry | None:
    """Make an entry of a contract; ``None`` where what it covers or promises is not said."""
    fact, scope = said.fact, said.fact.scope
    usage = fact.kind is CommitmentKind.USAGE
    if usage and (scope.region is None or scope.machine_type is None):
        return None
    rate = "hourly_rate" if usage else "hourly_commitment"
    if fact.hourly_rate is None and not usage:
        return None
    fields: Fields = {
        "id": fact.id,
        "provider": fact.provider,
        "kind": fact.kind.value,
        "product": fact.product,
        "region": scope.region,
        "zone": scope.zone,
        "machine_type": scope.machine_type,
        "family": None if usage else scope.family,
        "account": scope.account,
        "machines": fact.machines,
        "start": fact.start,
        "end": fact.end,
        rate: fact.hourly_rate,
        "currency": None if fact.currency == currency else fact.currency,
        "payment_option": fact.payment_option,
        "state": fact.state,
    }
    what = "machines" if usage else "money an hour, which plans do not use yet"
    return Entry(fields, f"{said.source}: {fact.product}, {what}")


def reservation(said: Said[ReservationFact]) -> Entry:
    """Make an entry of a reservation; one without an end is kept until it is cancelled."""
    fact = said.fact
    open_end = ", until it is cancelled" if fact.end is None else ""
    state = f", {fact.state}" if fact.state else ""
    fields: Fields = {
        "id": fact.id,
        "provider": fact.provider,
        "region": fact.region,
        "zone": fact.zone,
        "machine_type": fact.machine_type,
        "machines": fact.machines,
        "start": fact.start,
        "end": fact.end or UNTIL_CANCELLED,
    }
    return Entry(fields, f"{said.source}: reservation{state}{open_end}")


def block(said: Said[CapacityBlockFact], currency: str) -> Entry:
    """Make an entry of a capacity block."""
    fact = said.fact
    state = f", {fact.state}" if fact.state else ""
    unknown = ", price not told" if fact.price_upfront is None else ""
    fields: Fields = {
        "id": fact.id,
        "provider": fact.provider,
        "region": fact.region,
        "zone": fact.zone,
        "machine_type": fact.machine_type,
        "machines": fact.machines,
        "start": fact.start,
        "end": fact.end,
        "price_upfront": fact.price_upfront,
        "currency": None if fact.currency == currency else fact.currency,
    }
    return Entry(fields, f"{said.source}: capacity block{state}{unknown}")
