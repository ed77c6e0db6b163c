"""What can be bought in each hour: prices, quotas, and what is paid for already, as offers."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from itertools import groupby
from typing import TYPE_CHECKING

from ingest.machines import MachineType, machine_types, provider_key
from service.usecases.current_prices import ON_DEMAND, Price
from service.usecases.quota_limits import Limit, QuotaLimits

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from service.documents.capacity import CapacityDocument, Term
    from service.domain.horizon import Horizon

COMMITTED, CAPACITY_BLOCK = "committed", "capacity_block"

_ANY_ZONE = "*"


@dataclass(frozen=True, slots=True)
class MarketOffer:
    """One thing that can be bought, or is paid for: where, what, at which price, how many."""

    id: str
    machine: MachineType
    region: str
    zone: str | None
    model: str
    hour_micros: int
    capacity: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Supply:
    """All offers, and what had to be assumed or left out, counted by reason."""

    offers: tuple[MarketOffer, ...]
    notes: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class _Taker:
    """Somebody who takes machines out of a limit; ``wants`` is ``None`` for as many as allowed."""

    id: str
    machine: MachineType
    region: str
    zone: str | None
    model: str
    hour_micros: int
    wants: tuple[int, ...] | None


def market_offers(
    prices: Iterable[Price],
    capacity: CapacityDocument | None,
    horizon: Horizon,
    *,
    default_machines: int,
) -> Supply:
    """Divide what quotas allow among what can be bought, so that no quota is ever exceeded.

    What is paid for comes first, then the cheapest zone; without a quota an offer has
    ``default_machines`` an hour. Capacity blocks stand beside the quotas.
    """
    notes: Counter[str] = Counter()
    takers = [*_paid(capacity, horizon, notes), *map(_bought, prices)]
    quotas = capacity.quotas if capacity else ()
    limits = QuotaLimits(quotas, (_limit_of(taker) for taker in takers))
    offers: list[MarketOffer] = []
    for kind, group in groupby(sorted(takers, key=_turn), key=_limit_of):
        limit = limits.of(kind)
        shares = _shares(list(group), limit, horizon.slots, default_machines)
        if not limit.is_set:
            bought = [offer for offer in shares if offer.model not in (COMMITTED, CAPACITY_BLOCK)]
            notes[f"offer without a quota, {default_machines} machines assumed"] += len(bought)
        offers += _usable(shares, limit)
    return Supply(tuple(offers), dict(sorted((+notes).items())))


def _limit_of(taker: _Taker) -> tuple[str, str, str, str]:
    """What a taker's machines count against; what is paid for counts as on-demand."""
    market = ON_DEMAND if taker.model == COMMITTED else taker.model
    return taker.machine.provider, taker.region, taker.machine.name, market


def _turn(taker: _Taker) -> tuple[object, ...]:
    """The order in which a limit is used up: paid first, then cheapest, then by name."""
    return (*_limit_of(taker), taker.model != COMMITTED, taker.hour_micros, taker.id)


def _shares(
    takers: Sequence[_Taker], limit: Limit, slots: int, default_machines: int
) -> list[MarketOffer]:
    region = None if limit.region is None else [limit.region] * slots
    zones = {zone: [machines] * slots for zone, machines in limit.zones.items()}
    return [
        MarketOffer(
            id=taker.id,
            machine=taker.machine,
            region=taker.region,
            zone=taker.zone,
            model=taker.model,
            hour_micros=taker.hour_micros,
            capacity=tuple(
                _take(taker, slot, region, zones, default_machines) for slot in range(slots)
            ),
        )
        for taker in takers
    ]


def _take(
    taker: _Taker,
    slot: int,
    region: list[int] | None,
    zones: Mapping[str, list[int]],
    default_machines: int,
) -> int:
    """How many machines a taker gets in a slot; they are gone from the limits then.

    Machines whose zone is not known before they start count in every zone that has a quota.
    """
    if taker.zone is not None:
        touched = [zones[taker.zone]] if taker.zone in zones else []
        bounds = [rest[slot] for rest in touched]
    else:
        touched = list(zones.values())
        bounds = [max(rest[slot] for rest in touched)] if touched and region is None else []
    if region is not None:
        touched = [*touched, region]
        bounds.append(region[slot])
    if taker.wants is not None:
        bounds.append(taker.wants[slot])
    taken = min(bounds, default=default_machines)
    for rest in touched:
        rest[slot] = max(0, rest[slot] - taken)
    return taken


def _usable(offers: Sequence[MarketOffer], limit: Limit) -> Iterable[MarketOffer]:
    """Leave out what never has a machine, but for one that shows that a quota allows nothing."""
    usable = [offer for offer in offers if any(offer.capacity)]
    return usable or offers[: limit.is_set]


def _bought(price: Price) -> _Taker:
    return _Taker(
        id=_offer_id(price.machine, price.region, price.zone, price.market),
        machine=price.machine,
        region=price.region,
        zone=price.zone,
        model=price.market,
        hour_micros=price.hour_micros,
        wants=None,
    )


def _paid(
    capacity: CapacityDocument | None, horizon: Horizon, notes: Counter[str]
) -> Iterator[_Taker]:
    """Commitments, reservations and blocks cost nothing more, whether used or not.

    A commitment and a reservation of the same machines are one: the reservation has them.
    """
    if capacity is None:
        return
    kept: dict[tuple[str, str, str], list[int]] = {}
    for term in capacity.reservations:
        wants = _machines(term, horizon)
        held = kept.setdefault(_place(term), [0] * horizon.slots)
        kept[_place(term)] = [a + b for a, b in zip(held, wants, strict=True)]
        yield from _paid_for(term, COMMITTED, wants, notes)
    notes["savings plan, which plans do not use yet"] += len(capacity.spend_commitments)
    for contract in capacity.committed:
        wants = _machines(contract, horizon)
        held = kept.get(_place(contract), [0] * horizon.slots)
        both = [min(a, b) for a, b in zip(held, wants, strict=True)]
        kept[_place(contract)] = [a - b for a, b in zip(held, both, strict=True)]
        rest = [a - b for a, b in zip(wants, both, strict=True)]
        yield from _paid_for(contract, COMMITTED, rest, notes)
    for block in capacity.capacity_blocks:
        yield from _paid_for(block, CAPACITY_BLOCK, _machines(block, horizon), notes)


def _place(term: Term) -> tuple[str, str, str]:
    return provider_key(term.provider), term.region, term.machine_type


def _machines(term: Term, horizon: Horizon) -> list[int]:
    covered = horizon.covered(term.start, term.end)
    return [term.machines * (slot in covered) for slot in range(horizon.slots)]


def _paid_for(
    term: Term, model: str, wants: Sequence[int], notes: Counter[str]
) -> Iterator[_Taker]:
    machine = machine_types().get((provider_key(term.provider), term.machine_type))
    if machine is None:
        notes[f"{model} machine type is not in ingest/machines.csv"] += 1
    elif any(wants):
        offer_id = f"{_offer_id(machine, term.region, term.zone, model)}/{term.id}"
        yield _Taker(offer_id, machine, term.region, term.zone, model, 0, tuple(wants))


def _offer_id(machine: MachineType, region: str, zone: str | None, model: str) -> str:
    return "/".join((machine.provider, region, zone or _ANY_ZONE, machine.name, model))
