"""The policy file: teams, pools, and the rules that say who pays for what."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import BeforeValidator, Field, StringConstraints
from pydantic.functional_validators import AfterValidator

from service.documents.base import Count, Document, MonthStart, Name, Text
from service.documents.sharing import DistributionEntry, PoolEntry, unknown
from service.domain import policy as domain
from service.domain.pools import UNALLOCATED

if TYPE_CHECKING:
    from collections.abc import Iterator

    from service.documents.marks import Loc


def _closed(pattern: str) -> str:
    """Refuse a glob whose set of characters does not end."""
    if pattern.rfind("[") > pattern.rfind("]"):
        raise ValueError("must close its [ with ]; accepted are *, ? and [abc]")
    return pattern


def _as_list(value: object) -> object:
    return [value] if isinstance(value, dict) else value


Glob = Annotated[Text, AfterValidator(_closed)]
"""Text to be equal to, or a pattern with ``*``, ``?`` and ``[abc]``; case counts."""

Mail = Annotated[str, StringConstraints(pattern=r"^[^@\s]+@[^@\s]+$", max_length=254)]


class TeamEntry(Document):
    """A team that can be charged."""

    name: Name
    title: Text | None = None
    owner: Mail | None = None


class TagMatch(Document):
    """A tag that must be there, with a value that fits ``value`` (left out: any)."""

    key: Text
    value: Glob = "*"


class MatchEntry(Document):
    """Conditions that must all hold; one that is left out always holds."""

    provider: Glob | None = None
    account: Glob | None = None
    service: Glob | None = None
    resource: Glob | None = None
    namespace: Glob | None = None
    pool: Glob | None = None
    charge_category: Glob | None = None
    commitment_status: Glob | None = None
    tag: Annotated[tuple[TagMatch, ...], BeforeValidator(_as_list)] = ()

    def patterns(self) -> dict[str, str]:
        """Return the globs by property, tags apart."""
        return self.model_dump(exclude={"tag"}, exclude_none=True)


class RuleEntry(Document):
    """If all of ``match`` holds, one of the others says who pays."""

    match: MatchEntry
    team: Name | None = None
    pool: Name | None = None
    team_from_tag: Text | None = None
    aliases: dict[Text, Name] = Field(default_factory=dict)
    unallocated: Literal[True] | None = None

    def outcomes(self) -> list[str]:
        """Return the names of the outcomes that are given; one is right."""
        names = ("team", "pool", "team_from_tag", "unallocated")
        return [name for name in names if getattr(self, name) is not None]


class CommitmentEntry(Document):
    """Who pays for what is unused of the commitments and reservations whose id fits."""

    commitment: Glob
    owner: Name


class ChargebackEntry(Document):
    """How teams are charged."""

    cost: domain.CostBasis = domain.CostBasis.EFFECTIVE


class NodeSplitEntry(Document):
    """How a machine's cost is split into GPU, CPU and memory, as whole weights."""

    gpu: Count
    cpu: Count
    memory: Count


class PolicyDocument(Document):
    """Who pays for what, from a billing period on."""

    version: Literal[1]
    effective_from: MonthStart
    teams: tuple[TeamEntry, ...]
    namespace_tags: tuple[Text, ...] = ("k8s-namespace", "kubernetes.io/namespace", "namespace")
    pools: tuple[PoolEntry, ...] = ()
    rules: tuple[RuleEntry, ...] = ()
    commitments: tuple[CommitmentEntry, ...] = ()
    distribute: tuple[DistributionEntry, ...] = ()
    chargeback: ChargebackEntry = ChargebackEntry()
    node_split: NodeSplitEntry | None = None

    def contradictions(self) -> Iterator[tuple[Loc, str]]:
        """Yield names that nothing defines, rules that cannot be reached, and the like."""
        teams = [team.name for team in self.teams]
        yield from _repeated("teams", teams)
        yield from _repeated("pools", [pool.name for pool in self.pools])
        for index, team in enumerate(teams):
            if team == UNALLOCATED:
                yield ("teams", index, "name"), f"{UNALLOCATED!r} is kept for cost without a team"
        for index, pool in enumerate(self.pools):
            yield from pool.problems(("pools", index), set(teams))
        yield from self._rule_problems(set(teams))
        yield from _commitment_problems(self.commitments, set(teams))
        for index, one in enumerate(self.distribute):
            before = [earlier.team for earlier in self.distribute[:index]]
            yield from one.problems(("distribute", index), set(teams), before)
        if self.node_split is not None and self.node_split.gpu == 0:
            yield ("node_split", "gpu"), "must be at least 1: a machine is accounted for its GPUs"

    def policy(self) -> domain.Policy:
        """Return the policy that the document means."""
        return domain.Policy(
            effective_from=self.effective_from,
            teams=frozenset(team.name for team in self.teams),
            rules=tuple(map(_rule, self.rules)),
            pools={pool.name: pool.pool() for pool in self.pools},
            namespace_tags=self.namespace_tags,
            node_split=_node_split(self.node_split),
            commitments=tuple(
                domain.CommitmentOwner(one.commitment, one.owner) for one in self.commitments
            ),
            cost=self.chargeback.cost,
            distributions=tuple(one.distribution() for one in self.distribute),
        )

    def _rule_problems(self, teams: set[str]) -> Iterator[tuple[Loc, str]]:
        pools = {pool.name for pool in self.pools}
        seen: dict[str, int] = {}
        for index, rule in enumerate(self.rules):
            at: Loc = ("rules", index)
            yield from _outcome_problems(at, rule)
            yield from _tag_problems(at, rule)
            yield from unknown((*at, "team"), "team", [rule.team], teams)
            yield from unknown((*at, "pool"), "pool", [rule.pool], pools)
            yield from unknown((*at, "aliases"), "team", rule.aliases.values(), teams)
            yield from _unreachable(at, rule, seen)


def _repeated(part: str, names: list[str]) -> Iterator[tuple[Loc, str]]:
    for index, name in enumerate(names):
        if name in names[:index]:
            yield (part, index, "name"), f"{name!r} comes twice"


def _outcome_problems(at: Loc, rule: RuleEntry) -> Iterator[tuple[Loc, str]]:
    if len(given := rule.outcomes()) != 1:
        found = f"found {' and '.join(given)}" if given else "found none"
        yield at, f"needs one of team, pool, team_from_tag and unallocated; {found}"
    if rule.aliases and rule.team_from_tag is None:
        yield (*at, "aliases"), "is for team_from_tag only"


def _tag_problems(at: Loc, rule: RuleEntry) -> Iterator[tuple[Loc, str]]:
    keys = [tag.key for tag in rule.match.tag]
    for key in sorted({key for key in keys if keys.count(key) > 1}):
        yield (*at, "match", "tag"), f"asks for the tag {key!r} twice"


def _unreachable(at: Loc, rule: RuleEntry, seen: dict[str, int]) -> Iterator[tuple[Loc, str]]:
    """Yield a rule after one that takes the same or everything; a tag may name no known team."""
    conditions = rule.match.model_dump_json()
    earlier = seen.get(MatchEntry().model_dump_json(), seen.get(conditions))
    if earlier is not None:
        yield at, f"can never be reached: rule {earlier} matches all that it matches"
    elif rule.team_from_tag is None:
        seen[conditions] = int(at[1]) + 1


def _commitment_problems(
    commitments: tuple[CommitmentEntry, ...], teams: set[str]
) -> Iterator[tuple[Loc, str]]:
    seen: dict[str, int] = {}
    for index, one in enumerate(commitments):
        at: Loc = ("commitments", index)
        yield from unknown((*at, "owner"), "team", [one.owner], teams)
        earlier = seen.get("*", seen.get(one.commitment))
        if earlier is not None:
            yield at, f"can never be reached: entry {earlier} matches all that it matches"
        seen.setdefault(one.commitment, index + 1)


def _node_split(split: NodeSplitEntry | None) -> domain.NodeSplit:
    return domain.NodeSplit() if split is None else domain.NodeSplit(**split.model_dump())


def _rule(rule: RuleEntry) -> domain.Rule:
    return domain.Rule(
        patterns=rule.match.patterns(),
        tags={tag.key: tag.value for tag in rule.match.tag},
        team=rule.team,
        pool=rule.pool,
        team_from_tag=rule.team_from_tag,
        aliases=rule.aliases,
    )
