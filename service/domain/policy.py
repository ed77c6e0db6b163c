"""Who pays for a charge: rules that look at a few of its properties, the first match wins."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass, field
from enum import StrEnum
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

from service.domain.pools import UNALLOCATED, Pool

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from datetime import date

    from service.domain.distribution import Distribution

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

UNUSED = "Unused"
"""The status of what was committed, paid and not used."""

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
    commitment: str | None = None
    reservation: str | None = None
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
class CommitmentOwner:
    """Who pays for what is unused of the commitments and reservations whose id fits a glob."""

    pattern: str
    team: str


class CostBasis(StrEnum):
    """Which of the four costs of FOCUS the statements charge by."""

    EFFECTIVE = "effective"
    BILLED = "billed"
    CONTRACTED = "contracted"
    LIST = "list"


@dataclass(frozen=True, slots=True)
class NodeSplit:
    """How the cost of a machine is split into GPU, CPU and memory: whole weights.

    The default is what Datadog publishes for a machine whose GPUs are used.
    """

    gpu: int = 95
    cpu: int = 3
    memory: int = 2

    def __post_init__(self) -> None:
        """Refuse weights that cannot divide anything.

        Raises:
            ValueError: When one is negative or the GPU's is not positive.
        """
        if self.gpu < 1 or min(self.cpu, self.memory) < 0:
            raise ValueError("node_split needs a weight of at least 1 for gpu and none below 0")

    @property
    def weights(self) -> Mapping[str, int]:
        """The weights by name."""
        return {"gpu": self.gpu, "cpu": self.cpu, "memory": self.memory}


@dataclass(frozen=True, slots=True)
class Policy:
    """The rules of a company from a billing period on."""

    effective_from: date
    teams: frozenset[str]
    rules: tuple[Rule, ...] = ()
    pools: Mapping[str, Pool] = field(default_factory=dict)
    namespace_tags: tuple[str, ...] = ()
    node_split: NodeSplit = NodeSplit()
    commitments: tuple[CommitmentOwner, ...] = ()
    cost: CostBasis = CostBasis.EFFECTIVE
    distributions: tuple[Distribution, ...] = ()

    def owner(self, charge: Charge) -> Owner:
        """Return who pays for ``charge``: its commitment's owner, else the first rule."""
        return Owners(self).of(charge)

    def owners(self) -> Owners:
        """Return what finds the owners of many charges."""
        return Owners(self)

    def team_of_use(self, job_team: str | None, namespace: str | None) -> str:
        """Return the team that used a GPU: its job's, else that of its namespace."""
        if job_team in self.teams:
            return str(job_team)
        return self.owner(Charge(namespace=namespace)).team or UNALLOCATED

    @property
    def reserved_gpus(self) -> Mapping[str, int]:
        """The GPUs that each team has reserved in all pools together."""
        reserved: Counter[str] = Counter()
        for pool in self.pools.values():
            reserved.update(pool.reservations)
        return reserved

    @property
    def properties(self) -> frozenset[str]:
        """The properties that decide who pays: of the rules, and of owners of commitments."""
        of_commitments = {"commitment", "commitment_status"} if self.commitments else set()
        return frozenset(name for rule in self.rules for name in rule.patterns) | of_commitments

    def owner_of_unused(self, charge: Charge) -> Owner | None:
        """Return who pays for ``charge`` as the unused part of a commitment, if anybody must."""
        if charge.commitment_status != UNUSED:
            return None
        ids = (charge.commitment, charge.reservation)
        fitting = (one for one in self.commitments if _fits(ids, one.pattern))
        return next((Owner(team=one.team) for one in fitting), None)

    @property
    def tag_keys(self) -> tuple[str, ...]:
        """The tag keys that any rule looks at, sorted."""
        return tuple(sorted(set(self._tag_keys())))

    def _tag_keys(self) -> Iterator[str]:
        for rule in self.rules:
            yield from rule.tags
            if rule.team_from_tag is not None:
                yield rule.team_from_tag


class Owners:
    """Finds owners, looking at each value of each property only once.

    For a value the rules that it does not rule out are the bits of one number, rule 1 being the
    lowest; what is left after all properties of a charge are the rules that match it.
    """

    def __init__(self, policy: Policy) -> None:
        """Note which properties and tags are looked at at all."""
        self._policy = policy
        self._properties = sorted(policy.properties)
        self._tag_keys = policy.tag_keys
        self._all = (1 << len(policy.rules)) - 1
        self._seen: dict[tuple[str, str, tuple[str | None, ...]], int] = {}

    def of(self, charge: Charge) -> Owner:
        """Return who pays for ``charge``: its commitment's owner, else the first rule."""
        if owner := self._policy.owner_of_unused(charge):
            return owner
        rules = self._all
        for name in self._properties:
            rules &= self._open("patterns", name, charge.values(name))
        for key in self._tag_keys:
            rules &= self._open("tags", key, (charge.tags.get(key),))
        while rules:
            lowest = rules & -rules
            rule = self._policy.rules[lowest.bit_length() - 1]
            if owner := rule.owner(charge, self._policy.teams):
                return owner
            rules ^= lowest
        return NOBODY

    def _open(self, part: str, name: str, values: tuple[str | None, ...]) -> int:
        """Return the rules that ``values`` of a property or tag leave open."""
        question = (part, name, values)
        if question not in self._seen:
            self._seen[question] = sum(
                1 << number
                for number, rule in enumerate(self._policy.rules)
                if _fits(values, getattr(rule, part).get(name))
            )
        return self._seen[question]


def _fits(values: tuple[str | None, ...], pattern: str | None) -> bool:
    """Say whether any value fits; what is not known fits nothing, and no pattern asks nothing."""
    if pattern is None:
        return True
    known = [value for value in values if value is not None]
    if _WILD.search(pattern):
        return any(fnmatchcase(value, pattern) for value in known)
    return pattern in known
