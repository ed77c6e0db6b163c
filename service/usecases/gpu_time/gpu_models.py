"""What right-sizing must know of GPU models: memory, speed, slices, and what an hour costs here."""

from __future__ import annotations

from collections import defaultdict
from decimal import Decimal
from fractions import Fraction
from typing import TYPE_CHECKING, Any

from ingest.machines import default_throughput, machine_types
from ingest.usage.mig import mig_profiles
from service.domain.money import SCALE, Money, unit_price
from service.domain.rightsizing import Model, Slice

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

_MIB_PER_GIB = 1024
_OTHER_MAKERS = ("MI", "TPU", "Trainium", "Inferentia", "Gaudi")
"""Accelerators on which a program for NVIDIA's GPUs does not run as it is."""

_KIND = "training"
"""The kind of work by which models are compared in speed."""


def gpu_models(rates: Mapping[str, Money]) -> dict[str, Model]:
    """Return every GPU of the machine reference whose speed is known, with its own rate."""
    memory: dict[str, int] = {}
    for one in machine_types().values():
        memory.setdefault(one.accelerator_model, one.memory_per_accelerator_gib)
    found = {}
    for name, gib in memory.items():
        speed = _speed(name)
        if speed is not None and not name.startswith(_OTHER_MAKERS):
            found[name] = Model(
                name, float(gib * _MIB_PER_GIB), speed, rates.get(name), tuple(_slices(name, gib))
            )
    return found


def hourly_rates(rows: Iterable[Mapping[str, Any]]) -> dict[str, Money]:
    """Return what an accelerator-hour cost, by model, from the answer ``accelerator_unit_cost``.

    All purchase models together: what the company pays on average. Of several currencies the one
    with most hours counts, since amounts of two are not added.
    """
    cost: defaultdict[tuple[str, str], Decimal] = defaultdict(Decimal)
    hours: defaultdict[tuple[str, str], Decimal] = defaultdict(Decimal)
    for row in rows:
        key = str(row["accelerator_model"]), str(row["currency"])
        cost[key] += row["effective_cost"] or 0
        hours[key] += row["accelerator_hours"] or 0
    rates: dict[str, Money] = {}
    for key in sorted(hours, key=lambda one: (hours[one], one)):
        if hours[key] > 0 and cost[key] > 0:
            # Hours have twelve decimals at most, as money has.
            rates[key[0]] = unit_price(
                Money.parse(cost[key], key[1]), int(hours[key].scaleb(SCALE)), 10**SCALE
            )
    return rates


def _speed(model: str) -> Fraction | None:
    try:
        return Fraction(default_throughput(_KIND, model))
    except KeyError:
        return None


def _slices(model: str, gib: int) -> Iterable[Slice]:
    family = model.partition("-")[0]
    for one in mig_profiles().values():
        if (one.model, one.memory_gib) == (family, gib):
            compute = Fraction(one.compute_slices, one.max_compute)
            memory = gib * _MIB_PER_GIB * one.memory_slices / one.max_memory
            yield Slice(one.profile, compute, memory)
