"""Who pays for a charge: rules that look at a few of its properties, the first match wins."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

from service.domain.pools import UNALLOCATED, Pool

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from datetime import date

PROPERTIES = (
    "provider",
    "account",
    "service",
    "resource",
    "namespace",
    "pool",
    "charge_category",
    "commitment_status",
)
"""What a rule may look at beside tags; ``account`` is the billing or the sub account."""

_WILD = re.compile(r"[*?\[]")


@dataclass(frozen=True, slots=True)
class Charge:
    """The properties of cost lines that a policy looks at; ``None`` is not known."""

    provider: str | None = None
    billing_account: str | None = None
    sub_account: str | None = None
    service: str | None = None
    resource: str | None = None
    namespace: str | None = None
    pool: str | None = None
    charge_category: str | None = None
    commitment_status: str | None = None
    tags: Mapping[str, str] = field(default_factory=dict)

    def values(self, name: str) -> tuple[str | None, ...]:
        """Return the values of one property; an account is either of two."""
        if name == "account":
            return (self.billing_account, self.sub_account)
        return (getattr(self, name),)


@dataclass(frozen=True, slots=True)
class Owner:
    """Who pays: one team, or a pool whose teams share."""

    team: str | None = None
    pool: str | None = None


NOBODY = Owner(team=UNALLOCATED)
"""The owner of what no rule matches."""


@dataclass(frozen=True, slots=True)
class Rule:
    """Conditions that must all hold, and who pays then.

    ``patterns`` and ``tags`` are globs by property and by tag key. Of ``team``, ``pool`` and
    ``team_from_tag`` one is set at most; none means that the charge stays unallocated.
    ``aliases`` turn values of the tag ``team_from_tag`` into names of teams.
    """

    patterns: Mapping[str, str] = field(default_factory=dict)
    tags: Mapping[str, str] = field(default_factory=dict)
    team: str | None = None
    pool: str | None = None
    team_from_tag: str | None = None
    aliases: Mapping[str, str] = field(default_factory=dict)

    def matches(self, charge: Charge) -> bool:
        """Say whether every condition holds; a property that is not known matches nothing."""
        return all(
            any(_fits(value, pattern) for value in charge.values(name))
            for name, pattern in self.patterns.items()
        ) and all(_fits(charge.tags.get(key), pattern) for key, pattern in self.tags.items())

    def owner(self, charge: Charge, teams: frozenset[str]) -> Owner | None:
        """Return who pays, or ``None`` where the tag names no known team."""
        if self.pool is not None:
            return Owner(pool=self.pool)
        if self.team_from_tag is None:
            return NOBODY if self.team is None else Owner(team=self.team)
        value = charge.tags.get(self.team_from_tag)
        team = None if value is None else self.aliases.get(value, value)
        return Owner(team=team) if team in teams else None


@dataclass(frozen=True, slots=True)
class Policy:
    """The rules of a company from a billing period on."""

    effective_from: date
    teams: frozenset[str]
    rules: tuple[Rule, ...] = ()
    pools: Mapping[str, Pool] = field(default_factory=dict)
    namespace_tags: tuple[str, ...] = ()

    def owner(self, charge: Charge) -> Owner:
        """Return who pays for ``charge``: the first rule that matches decides."""
        for rule in self.rules:
            if rule.matches(charge) and (owner := rule.owner(charge, self.teams)):
                return owner
        return NOBODY

    def team_of_use(self, job_team: str | None, namespace: str | None) -> str:
        """Return the team that used a GPU: its job's, else that of its namespace."""
        if job_team in self.teams:
            return str(job_team)
        return self.owner(Charge(namespace=namespace)).team or UNALLOCATED

    @property
    def properties(self) -> frozenset[str]:
        """The properties that any rule looks at."""
        return frozenset(name for rule in self.rules for name in rule.patterns)

    @property
    def tag_keys(self) -> tuple[str, ...]:
        """The tag keys that any rule looks at, sorted."""
        return tuple(sorted(set(self._tag_keys())))

    def _tag_keys(self) -> Iterator[str]:
        for rule in self.rules:
            yield from rule.tags
            if rule.team_from_tag is not None:
                yield rule.team_from_tag


def _fits(value: str | None, pattern: str) -> bool:
    if value is None:
        return False
    return fnmatchcase(value, pattern) if _WILD.search(pattern) else value == pattern
