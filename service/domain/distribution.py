"""Passes the whole cost of a team on to others, such as that of a platform team."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from service.domain.pools import UNALLOCATED, Method, Shares, Sharing, shared

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

_METHODS = {
    Sharing.PROPORTIONAL: Method.DISTRIBUTE_PROPORTIONAL,
    Sharing.EVENLY: Method.DISTRIBUTE_EVENLY,
    Sharing.FIXED: Method.DISTRIBUTE_FIXED,
}
WAYS = tuple(_METHODS)
"""The ways in which the cost of a team can be passed on."""


@dataclass(frozen=True, slots=True)
class Distribution:
    """A team whose whole cost is passed on, and to whom.

    ``teams`` are those that receive, none meaning all that may; ``parts`` are fixed weights.
    """

    team: str
    sharing: Sharing
    teams: tuple[str, ...] = ()
    parts: Mapping[str, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Refuse a way of sharing that has nothing to go by, or a team that pays itself.

        Raises:
            ValueError: When it would pass nothing on, or to itself.
        """
        if self.sharing not in WAYS:
            raise ValueError(f"the cost of {self.team} cannot be passed on {self.sharing}")
        if self.sharing is Sharing.FIXED and sum(self.parts.values()) < 1:
            raise ValueError(f"passing on the cost of {self.team} needs a share of at least 1")
        if self.team in (*self.teams, *self.parts):
            raise ValueError(f"{self.team} would pass its cost on to itself")

    def shares(
        self, base: Mapping[str, int], teams: Collection[str], passed_on: Collection[str]
    ) -> Shares | None:
        """Return who receives how much; ``None`` where the team keeps its cost.

        ``base`` is what each team bears so far, ``teams`` are all of the policy, and ``passed_on``
        those that passed theirs on before: they receive nothing, so there is no circle.
        """
        gone = {self.team, UNALLOCATED, *passed_on}
        if self.sharing is Sharing.FIXED:
            weights = self.parts
        else:
            receivers = self.teams or sorted(teams)
            even = self.sharing is Sharing.EVENLY
            weights = {team: 1 if even else base.get(team, 0) for team in receivers}
        found = {shared(team): w for team, w in weights.items() if w > 0 and team not in gone}
        return Shares(found, _METHODS[self.sharing]) if found else None
