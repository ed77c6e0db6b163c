"""On which offers a workload may run, for how long and at what cost; or why on none."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from math import ceil
from typing import TYPE_CHECKING

from ingest.egress import egress_usd_per_gb
from ingest.machines import is_a, lies_in, provider_key
from service.usecases.current_prices import SPOT
from service.usecases.run_hours import spot_hours, work_hours

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from ingest.machines import MachineType
    from service.documents.workload import Accelerator, WorkloadDocument
    from service.domain.exchange import Exchange
    from service.usecases.market_offers import MarketOffer

_EGRESS_CURRENCY = "USD"


@dataclass(frozen=True, slots=True)
class Choice:
    """One way to run a workload; ``cost_micros`` is for the whole gang with data moved."""

    offer: MarketOffer
    slots: int
    fixed_micros: int
    cost_micros: int


@dataclass(frozen=True, slots=True)
class Choices:
    """Every way to run a workload; if there is none, ``obstacle`` says what left none."""

    ways: tuple[Choice, ...]
    obstacle: str | None = None


def workload_choices(
    document: WorkloadDocument, offers: Sequence[MarketOffer], exchange: Exchange
) -> Choices:
    """Drop the offers that a rule of the workload excludes, rule by rule, and cost the rest."""
    left = list(offers)
    asked = _asked(document, {offer.machine for offer in offers})
    for rule, allows in _rules(document, asked):
        left = [offer for offer in left if allows(offer)]
        if not left:
            return Choices((), f"no offer is left with {rule}")
    slots = cache(lambda machine, spot: _slots(document, asked[machine], machine, spot=spot))
    egress = cache(lambda provider, region: _egress(document, (provider, region), exchange))
    ways = [
        _way(offer, document.nodes, hours, egress(offer.machine.provider, offer.region))
        for offer in left
        if (hours := slots(offer.machine, offer.model == SPOT)) is not None
    ]
    if not ways:
        return Choices((), "only spot offers are left, and interruptions would stretch it too far")
    kept = tuple(way for way in ways if _within_caps(document, way, exchange))
    return Choices(kept) if kept else Choices((), _too_dear(document, ways, exchange))


def _rules(
    document: WorkloadDocument, asked: Mapping[MachineType, Accelerator]
) -> Iterator[tuple[str, Callable[[MarketOffer], bool]]]:
    """What must hold of an offer, each with the words for it."""
    models = " or ".join(f"{one.count_per_node} x {one.model}" for one in document.accelerators)
    yield models, lambda offer: offer.machine in asked
    memory = document.memory_per_accelerator_gib
    if memory is not None:
        yield (
            f"memory_per_accelerator_gib {memory}",
            lambda offer: offer.machine.memory_per_accelerator_gib >= memory,
        )
    if document.interconnect_required:
        yield "an interconnect", lambda offer: bool(offer.machine.interconnect)
    if document.providers is not None:
        providers = {provider_key(name) for name in document.providers}
        yield (
            f"providers {_listed(document.providers)}",
            (lambda offer: offer.machine.provider in providers),
        )
    regions = document.regions
    if regions is not None:
        yield f"regions {_listed(regions)}", lambda offer: offer.region in regions
    residency = document.residency
    if residency is not None:
        yield (
            f"residency {_listed(residency)}",
            (lambda offer: lies_in(offer.machine.provider, offer.region, residency)),
        )
    if not document.preemptible:
        yield "preemptible false", lambda offer: offer.model != SPOT
    if document.sla.sla_class == "strict":
        yield "SLA class strict, which excludes spot", lambda offer: offer.model != SPOT


def _asked(
    document: WorkloadDocument, machines: Iterable[MachineType]
) -> dict[MachineType, Accelerator]:
    """What the workload asks of each machine that suits it: an exact model before a group."""
    found: dict[MachineType, Accelerator] = {}
    for machine in machines:
        for one in sorted(document.accelerators, key=lambda one: len(one.model)):
            if is_a(machine.accelerator_model, one.model) and (
                machine.accelerator_count >= one.count_per_node
            ):
                found[machine] = one
    return found


def _way(offer: MarketOffer, nodes: int, slots: int, fixed: int) -> Choice:
    return Choice(offer, slots, fixed, fixed + offer.hour_micros * nodes * slots)


def _slots(
    document: WorkloadDocument, accelerator: Accelerator, machine: MachineType, *, spot: bool
) -> int | None:
    """Whole hours; on spot with the expected overhead, for a target also with the reserve."""
    hours = work_hours(document, accelerator, machine.accelerator_model)
    if not spot:
        return max(1, ceil(hours))
    stretched = spot_hours(hours, document.nodes, document.checkpoint)
    if stretched is None:
        return None
    reserve = stretched.reserve if document.sla.sla_class == "target" else 0
    return max(1, ceil(stretched.expected + reserve))


def _egress(document: WorkloadDocument, goal: tuple[str, str], exchange: Exchange) -> int:
    origins = (((provider_key(one.provider), one.region), one.size_gb) for one in document.data)
    return sum(
        exchange.micros(egress_usd_per_gb(origin, goal), _EGRESS_CURRENCY, size_gb)
        for origin, size_gb in origins
        if size_gb and origin != goal
    )


def _within_caps(document: WorkloadDocument, way: Choice, exchange: Exchange) -> bool:
    caps = document.spending_caps
    hour = way.offer.hour_micros * document.nodes
    return all(
        cap is None or cost <= exchange.micros(cap, document.currency)
        for cap, cost in ((caps.total, way.cost_micros), (caps.per_hour, hour))
    )


def _too_dear(document: WorkloadDocument, ways: Sequence[Choice], exchange: Exchange) -> str:
    cheapest = min(ways, key=lambda way: way.cost_micros)
    hour = cheapest.offer.hour_micros * document.nodes
    return (
        f"every offer is above spending_caps; the cheapest, {cheapest.offer.id}, costs"
        f" {exchange.text(cheapest.cost_micros)} in all and {exchange.text(hour)} an hour"
    )


def _listed(names: Sequence[str]) -> str:
    return ", ".join(names)
