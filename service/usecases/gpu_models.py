"""What right-sizing must know of GPU models: memory, speed, slices, and what an hour costs here."""

from __future__ import annotations

from collections import defaultdict
from fractions import Fraction
from typing import TYPE_CHECKING

from ingest.machines import default_throughput, machine_types
from ingest.usage.mig import mig_profiles
from service.domain.money import Money
from service.domain.rightsizing import Model, Slice

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from decimal import Decimal

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


def hourly_rates(rows: Iterable[Mapping[str, object]]) -> dict[str, Money]:
    """Return what an accelerator-hour cost, by model, from the answer ``accelerator_unit_cost``.

    All purchase models together: what the company pays on average. Of several currencies the one
    with most hours counts, since amounts of two are not added.
    """
    cost: defaultdict[tuple[str, str], Fraction] = defaultdict(Fraction)
    hours: defaultdict[tuple[str, str], Fraction] = defaultdict(Fraction)
    for row in rows:
        key = str(row["accelerator_model"]), str(row["currency"])
        cost[key] += _fraction(row["effective_cost"])
        hours[key] += _fraction(row["accelerator_hours"])
    rates: dict[str, Money] = {}
    for key in sorted(hours, key=lambda one: (hours[one], one)):
        if hours[key] > 0 and cost[key] > 0:
            pico = cost[key] / hours[key] * 10**12
            rates[key[0]] = Money(int(pico), key[1])
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


def _fraction(value: object) -> Fraction:
    decimal: Decimal | None = value  # type: ignore[assignment]
    return Fraction(0) if decimal is None else Fraction(decimal)
