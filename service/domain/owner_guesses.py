"""Guesses who could own cost that nobody owns, from names and from who owns what is like it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import TYPE_CHECKING, NamedTuple

from service.domain.money import Money, percent, sum_money
from service.domain.policy import Owner, Rule

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from service.domain.policy import Policy

TAG = "tag"
"""The property of a look at a tag."""

LIKE = 0.8
"""From which likeness on, of 1, a value is taken for a misspelt name."""

_BY_MAJORITY = frozenset(("account", "namespace"))
_WORD = re.compile(r"[^\W_]+")
_WILD = re.compile(r"([*?\[])")


class Look(NamedTuple):
    """One thing that a rule can look at: a property with its value, or a tag with its key."""

    name: str
    value: str
    key: str = ""


@dataclass(frozen=True, slots=True)
class Guess:
    """A rule that would give cost an owner, and why it is this one."""

    rule: Rule
    why: str


Claims = dict[Owner, Money]
"""Who owns other cost that has the same look."""


def guess(look: Look, claims: Mapping[Owner, Money], policy: Policy) -> Guess | None:
    """Return who could own what has this look, ``None`` where nothing says so."""
    if look.name == TAG:
        return _by_name(look, policy.teams)
    if look.name == "pool" and look.value in policy.pools:
        rule = rule_of(look, Owner(pool=look.value))
        return Guess(rule, "its machines are in this pool of the policy")
    if look.name in _BY_MAJORITY and (found := majority(claims)):
        team, share = found
        why = f"{share} % of its cost that has an owner is {team}'s"
        return Guess(rule_of(look, Owner(team=team)), why)
    return None


def rule_of(look: Look, owner: Owner) -> Rule:
    """Return the rule that gives what has this very look to ``owner``."""
    value = _WILD.sub(r"[\1]", look.value)
    if look.name == TAG:
        return Rule(tags={look.key: value}, team=owner.team, pool=owner.pool)
    return Rule(patterns={look.name: value}, team=owner.team, pool=owner.pool)


def majority(claims: Mapping[Owner, Money]) -> tuple[str, int] | None:
    """Return the team that owns more than half of what is owned, and how many hundredths.

    What a pool shares is owned by no one team; credits take nothing away.
    """
    charged = {owner: cost for owner, cost in claims.items() if cost.pico > 0}
    for owner, cost in charged.items():
        whole = sum_money(charged.values(), cost.currency)
        if owner.team is not None and cost + cost > whole:
            return owner.team, int(percent(cost, whole) or 0)
    return None


def team_named(value: str, teams: Collection[str]) -> str | None:
    """Return the one team whose name a text is, has as a word, or nearly is."""
    if value in teams:
        return value
    plain = {team: _plain(team) for team in sorted(teams)}
    wanted, words = _plain(value), set(map(_plain, _WORD.findall(value)))
    for like in (
        [team for team, name in plain.items() if name == wanted],
        [team for team, name in plain.items() if name in words],
        _nearest(wanted, plain),
    ):
        if like:
            return like[0] if len(like) == 1 else None
    return None


def _by_name(look: Look, teams: Collection[str]) -> Guess | None:
    team = team_named(look.value, teams)
    if team is None:
        return None
    is_name = team == look.value
    rule = Rule(
        tags={look.key: _WILD.sub(r"[\1]", look.value)},
        team_from_tag=look.key,
        aliases={} if is_name else {look.value: team},
    )
    return Guess(rule, f"its value is {'' if is_name else 'like '}the name of team {team}")


def _nearest(wanted: str, plain: Mapping[str, str]) -> list[str]:
    matcher = SequenceMatcher(b=wanted)
    like: dict[str, float] = {}
    for team, name in plain.items():
        matcher.set_seq1(name)
        # The two quick ones are never less; nearly every name fails at them.
        if min(matcher.real_quick_ratio(), matcher.quick_ratio()) >= LIKE:
            like[team] = matcher.ratio()
    best = max(like.values(), default=0)
    return [team for team, ratio in like.items() if ratio == best and best >= LIKE]


def _plain(text: str) -> str:
    return "".join(_WORD.findall(text)).casefold()
