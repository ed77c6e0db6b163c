"""How many machines a provider allows: which quota holds for a machine type, and its share."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from ingest.machines import provider_key

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

    A quota of a family is shared evenly among the machine types of the family that are in
    question, so that together they never exceed it.
    """

    def __init__(self, quotas: Sequence[Quota], types: Iterable[Type]) -> None:
        """Take the machine types that may be used; families are divided among them."""
        self._quotas = quotas
        self._types = sorted(set(types))
        self._places = sorted({quota.zone or "" for quota in quotas})

    def of(self, kind: Type) -> Limit:
        """The limit of one machine type."""
        found = {place: self._machines(kind, place) for place in self._places}
        zones = {place: n for place, n in found.items() if place and n is not None}
        return Limit(found.get(""), zones)

    def _machines(self, kind: Type, place: str) -> int | None:
        quota = self._quota(kind, place)
        if quota is None or quota.family is None:
            return None if quota is None else quota.machines
        sharing = [other for other in self._types if self._quota(other, place) is quota]
        each, more = divmod(quota.machines, len(sharing))
        return each + (sharing.index(kind) < more)

    def _quota(self, kind: Type, place: str) -> Quota | None:
        """The quota of the machine type itself, else of the longest family that it is in."""
        fitting = [quota for quota in self._quotas if _holds(quota, kind, place)]
        return max(
            fitting, key=lambda quota: (quota.family is None, len(quota.family or "")), default=None
        )


def _holds(quota: Quota, kind: Type, place: str) -> bool:
    provider, region, machine, market = kind
    if (provider_key(quota.provider), quota.region, quota.market) != (provider, region, market):
        return False
    named = machine == quota.machine_type or (quota.family and machine.startswith(quota.family))
    return bool(named) and (quota.zone or "") == place
