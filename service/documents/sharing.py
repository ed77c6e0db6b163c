"""The parts of a policy file that share cost: pools, and teams that pass their cost on."""

from __future__ import annotations

from collections.abc import Iterable  # noqa: TC003  (Pydantic reads the annotations)
from typing import TYPE_CHECKING, Literal

from service.documents.base import Count, Document, Name
from service.domain.distribution import Distribution
from service.domain.pools import Driver, Pool, Sharing

if TYPE_CHECKING:
    from collections.abc import Iterator

    from service.documents.marks import Loc

_FIELDS: dict[str, dict[Sharing, bool]] = {
    "reservations": {Sharing.BY_RESERVATION: True},
    "capacity_gpus": {Sharing.BY_RESERVATION: True},
    "teams": {Sharing.EVENLY: True, Sharing.PROPORTIONAL: False},
    "shares": {Sharing.FIXED: True},
    "driver": {Sharing.BY_DRIVER: True},
}
"""The ways of sharing that a field is for, and whether they need it."""


class PoolEntry(Document):
    """What teams share; machines by the name that ``node`` facts give them."""

    name: Name
    owner: Name
    share: Sharing
    reservations: dict[Name, Count] | None = None
    capacity_gpus: Count | None = None
    teams: tuple[Name, ...] | None = None
    shares: dict[Name, Count] | None = None
    driver: Driver | None = None

    def pool(self) -> Pool:
        """Return the pool that the entry means."""
        return Pool(
            name=self.name,
            owner=self.owner,
            sharing=self.share,
            reservations=self.reservations or {},
            capacity_gpus=self.capacity_gpus or 0,
            teams=self.teams or (),
            parts=self.shares or {},
            driver=self.driver,
        )

    def problems(self, at: Loc, teams: set[str]) -> Iterator[tuple[Loc, str]]:
        """Yield teams that are none, and what its way of sharing lacks or has no use for."""
        yield from unknown((*at, "owner"), "team", [self.owner], teams)
        yield from _receivers(at, self, teams)
        yield from unknown((*at, "reservations"), "team", self.reservations or (), teams)
        yield from self._misplaced(at)
        reserved = sum((self.reservations or {}).values())
        if self.capacity_gpus and reserved > self.capacity_gpus:
            yield (
                (*at, "capacity_gpus"),
                f"{self.capacity_gpus} is less than the {reserved} that are reserved",
            )

    def _misplaced(self, at: Loc) -> Iterator[tuple[Loc, str]]:
        for name, ways in _FIELDS.items():
            given = bool(getattr(self, name))
            if name == "shares" and given:
                given = sum((self.shares or {}).values()) > 0
            if given and self.share not in ways:
                only = " and ".join(ways)
                yield (*at, name), f"is for share: {only} only; this pool has share: {self.share}"
            if not given and ways.get(self.share, False):
                yield at, f"share: {self.share} needs {name}"


class DistributionEntry(Document):
    """A team whose whole cost, after all pools are shared, is passed on to others."""

    team: Name
    share: Literal["proportional", "evenly", "fixed"]
    teams: tuple[Name, ...] | None = None
    shares: dict[Name, Count] | None = None

    def distribution(self) -> Distribution:
        """Return the distribution that the entry means."""
        return Distribution(self.team, Sharing(self.share), self.teams or (), self.shares or {})

    def receivers(self) -> set[str]:
        """Return the teams that it names to receive."""
        return {*(self.teams or ()), *(self.shares or {})}

    def problems(self, at: Loc, teams: set[str], before: list[str]) -> Iterator[tuple[Loc, str]]:
        """Yield teams that are none, shares that do not fit, and what would go in a circle."""
        yield from unknown((*at, "team"), "team", [self.team], teams)
        yield from _receivers(at, self, teams)
        yield from self._misplaced(at)
        if self.team in before:
            yield (*at, "team"), f"{self.team!r} passed its cost on before"
        for name in sorted(self.receivers() & {self.team, *before}):
            reason = "itself" if name == self.team else f"{name!r}, which passed its cost on before"
            yield at, f"{self.team!r} cannot pass its cost on to {reason}"
        if not (self.receivers() or teams - {self.team, *before}):
            yield at, f"nobody is left to receive the cost of {self.team!r}"

    def _misplaced(self, at: Loc) -> Iterator[tuple[Loc, str]]:
        fixed = self.share == "fixed"
        if fixed and not sum((self.shares or {}).values()):
            yield at, "share: fixed needs shares"
        for name, wrong in (("teams", fixed), ("shares", not fixed)):
            if getattr(self, name) and wrong:
                yield (*at, name), f"is not for share: {self.share}"


def unknown(
    at: Loc, what: str, names: Iterable[str | None], known: set[str]
) -> Iterator[tuple[Loc, str]]:
    """Yield the names that are none of ``known``, with what is accepted."""
    for name in names:
        if name is not None and name not in known:
            accepted = ", ".join(sorted(known)) or "none yet"
            yield at, f"{name!r} is no {what} of this policy (accepted: {accepted})"


def _receivers(
    at: Loc, entry: PoolEntry | DistributionEntry, teams: set[str]
) -> Iterator[tuple[Loc, str]]:
    yield from unknown((*at, "teams"), "team", entry.teams or (), teams)
    yield from unknown((*at, "shares"), "team", entry.shares or (), teams)
    if len(set(entry.teams or ())) != len(entry.teams or ()):
        yield (*at, "teams"), "has a team twice"
