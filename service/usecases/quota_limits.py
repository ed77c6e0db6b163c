"""How many machines a provider allows: which quota holds for a machine type, and its share."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from ingest.machines import machine_types, provider_key

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from service.documents.capacity import Quota

Type = tuple[str, str, str, str]
"""Provider, region, machine type and market."""


@dataclass(frozen=True, slots=True)
class Limit:
    """Machines at once in a region (``None``: no quota says so) and in zones that quotas name."""

    region: int | None = None
    zones: Mapping[str, int] = field(default_factory=dict)

    @property
    def is_set(self) -> bool:
        """Whether any quota speaks of the machine type."""
        return self.region is not None or bool(self.zones)


class QuotaLimits:
    """Looks up limits; of several quotas the most specific holds.

    A quota of families is dealt out to their machine types that are in question, in turns and the
    largest first, so that together they never exceed it.
    """

    def __init__(self, quotas: Sequence[Quota], types: Iterable[Type]) -> None:
        """Take the machine types that may be used; families are dealt out to them."""
        self._quotas = quotas
        self._types = sorted(set(types))
        self._places = sorted({quota.zone or "" for quota in quotas})
        self._dealt: dict[tuple[int, str], Mapping[Type, int]] = {}

    def of(self, kind: Type) -> Limit:
        """The limit of one machine type."""
        found = {place: self._machines(kind, place) for place in self._places}
        zones = {place: n for place, n in found.items() if place and n is not None}
        return Limit(found.get(""), zones)

    def _machines(self, kind: Type, place: str) -> int | None:
        quota = self._quota(kind, place)
        if quota is None:
            return None
        key = id(quota), place
        if key not in self._dealt:
            sharing = [other for other in self._types if self._quota(other, place) is quota]
            self._dealt[key] = _dealt(quota, sharing)
        return self._dealt[key][kind]

    def _quota(self, kind: Type, place: str) -> Quota | None:
        """The quota of the machine type itself, else of the longest family that it is in."""
        fitting = [quota for quota in self._quotas if _holds(quota, kind, place)]
        return max(
            fitting,
            key=lambda quota: (quota.machine_type == kind[2], _fit(quota, kind)),
            default=None,
        )


def _holds(quota: Quota, kind: Type, place: str) -> bool:
    provider, region, machine, market = kind
    if (provider_key(quota.provider), quota.region, quota.market) != (provider, region, market):
        return False
    named = machine == quota.machine_type or machine.startswith(quota.prefixes)
    return named and (quota.zone or "") == place


def _fit(quota: Quota, kind: Type) -> int:
    """How many letters of the machine type the quota names."""
    return max((len(one) for one in quota.prefixes if kind[2].startswith(one)), default=0)


def _dealt(quota: Quota, sharing: Sequence[Type]) -> Mapping[Type, int]:
    """Give a machine to each type in turn, the largest first, as long as one fits."""
    limit, sizes = _sizes(quota, sharing)
    order = sorted(sharing, key=lambda kind: (-sizes[kind], kind))
    rounds, rest = divmod(limit, sum(sizes.values()))
    dealt = dict.fromkeys(order, rounds)
    while fitting := [kind for kind in order if sizes[kind] <= rest]:
        for kind in fitting:
            if sizes[kind] <= rest:
                dealt[kind] += 1
                rest -= sizes[kind]
    return dealt


def _sizes(quota: Quota, sharing: Sequence[Type]) -> tuple[int, Mapping[Type, int]]:
    """The limit, and how much of it a machine of each type takes; unknown sizes never fit."""
    if quota.machines is not None:
        return quota.machines, dict.fromkeys(sharing, 1)
    limit = quota.accelerators if quota.vcpus is None else quota.vcpus
    limit = limit or 0
    known = machine_types()
    found = {}
    for kind in sharing:
        machine = known.get((kind[0], kind[2]))
        size = 0 if machine is None else machine.vcpus
        if machine is not None and quota.vcpus is None:
            size = machine.accelerator_count
        found[kind] = size or limit + 1
    return limit, found
