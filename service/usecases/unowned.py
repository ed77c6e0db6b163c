"""Lists the largest cost that nobody owns, with a rule for each part of it and what it would do."""

from __future__ import annotations

import json
from collections import defaultdict
from dataclasses import dataclass, replace
from functools import cache
from typing import TYPE_CHECKING, Any

import pyarrow.compute as pc

from service.domain.money import Money, money_sums, percent
from service.domain.owner_guesses import TAG, Look, rule_of
from service.domain.policy import NOBODY, Owner, Policy
from service.domain.pools import UNALLOCATED
from service.domain.unowned import Group, Kind, group
from service.errors import NotFoundError
from service.usecases.allocate import allocate
from service.usecases.apply_policy import Effect, borne_by_team
from service.usecases.charge_owners import Reader, charge_groups
from service.usecases.stale_periods import READS, loaded_periods
from service.usecases.stored_documents import policy_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence
    from decimal import Decimal

    import pyarrow as pa

    from service.domain.periods import Period
    from service.domain.policy import Rule
    from service.store.store import Store
    from warehouse.lake import Lake
    from warehouse.port import Engine

USE_OF_POOL = "use of pool"
"""What stands in place of a property for use of a shared pool that no team is known for."""

_PLAIN = ("namespace", "pool", "account", "resource", "service", "provider")


@dataclass(frozen=True, slots=True)
class Unowned:
    """How much nobody owns in one currency, and on how many cost lines."""

    cost: Money
    cost_lines: int


@dataclass(frozen=True, slots=True)
class WorkItem:
    """A part of the cost without an owner.

    ``share_percent`` is of all of it. ``rule`` would give it an owner: ``is_guessed`` where that is
    known, else a person has to name the team. ``effects`` are what the rule alone, behind all
    others, would change for teams. Use of a shared pool has no rule.
    """

    group: Group
    share_percent: Decimal | None
    rule: Rule | None
    effects: tuple[Effect, ...] = ()

    @property
    def is_guessed(self) -> bool:
        """Whether the rule names who owns it."""
        return self.group.guess is not None


@dataclass(frozen=True, slots=True)
class WorkList:
    """What nobody owns of a period: all of it, the largest parts, and what is in no part shown."""

    period: Period
    policy_version: int | None
    totals: Mapping[str, Unowned]
    items: tuple[WorkItem, ...]
    rest: Mapping[str, Unowned]


def list_unowned(
    period: Period, limit: int, *, lake: Lake, engine: Engine, store: Store
) -> WorkList:
    """Return the ``limit`` largest parts of each currency, from the bills as they are now.

    Raises:
        NotFoundError: When no bill of the period was loaded.
        AllocationDiffersError: When parts and bills differ.
    """
    if period not in loaded_periods(lake):
        raise NotFoundError(f"no bill of {period} was loaded")
    reader = Reader(engine, lake.view(READS))
    stored = policy_of(store, period)
    policy = stored.policy if stored else Policy(period.first_day, frozenset())
    rows = allocate(period, policy, reader).rows
    nobodys = rows.filter(pc.equal(rows["team"], UNALLOCATED))
    totals = _totals(nobodys)
    groups = [*group(_kinds(period, policy, reader), policy), *_uses(nobodys)]
    shown = _largest(groups, limit)
    effects = _effects_of(period, policy, reader, borne_by_team(rows))
    return WorkList(
        period=period,
        policy_version=stored.version if stored else None,
        totals=totals,
        items=tuple(_item(one, totals[one.cost.currency].cost, effects) for one in shown),
        rest=_rest(totals, shown),
    )


def _item(one: Group, whole: Money, effects: Callable[[Rule], tuple[Effect, ...]]) -> WorkItem:
    share = percent(one.cost, whole)
    if one.guess is not None:
        return WorkItem(one, share, one.guess.rule, effects(one.guess.rule))
    rule = None if one.look.name == USE_OF_POOL else rule_of(one.look, Owner())
    return WorkItem(one, share, rule)


def _effects_of(
    period: Period, policy: Policy, reader: Reader, before: Mapping[tuple[str, str], Money]
) -> Callable[[Rule], tuple[Effect, ...]]:
    def effects(rule: Rule) -> tuple[Effect, ...]:
        tried = replace(policy, rules=(*policy.rules, rule))
        after = borne_by_team(allocate(period, tried, reader).rows)
        found = (
            Effect(
                team, currency, *(side.get(key, Money.zero(currency)) for side in (before, after))
            )
            for key in sorted({*before, *after})
            for team, currency in [key]
            if team != UNALLOCATED
        )
        return tuple(one for one in found if one.difference.pico)

    return effects


def _largest(groups: Iterable[Group], limit: int) -> list[Group]:
    by_currency: defaultdict[str, list[Group]] = defaultdict(list)
    for one in groups:
        by_currency[one.cost.currency].append(one)
    return [
        one
        for currency in sorted(by_currency)
        for one in sorted(by_currency[currency], key=lambda one: (-one.cost.pico, one.look))[:limit]
    ]


def _rest(totals: Mapping[str, Unowned], shown: Sequence[Group]) -> dict[str, Unowned]:
    costs = money_sums(one.cost for one in shown)
    return {
        currency: Unowned(
            whole.cost - costs.get(currency, Money.zero(currency)),
            whole.cost_lines
            - sum(one.cost_lines for one in shown if one.cost.currency == currency),
        )
        for currency, whole in totals.items()
    }


def _totals(nobodys: pa.Table) -> dict[str, Unowned]:
    return {
        currency: Unowned(cost, lines) for (currency,), cost, lines in _sums(nobodys, ["currency"])
    }


def _uses(nobodys: pa.Table) -> Iterable[Group]:
    """Yield the parts of shared pools that nobody bears: work of no known team was done there."""
    shared = nobodys.filter(pc.is_valid(nobodys["pool"]))
    for (_, pool), cost, lines in _sums(shared, ["currency", "pool"]):
        if cost.pico > 0:
            yield Group(Look(USE_OF_POOL, pool), cost, lines)


def _sums(rows: pa.Table, keys: list[str]) -> list[tuple[tuple[str, ...], Money, int]]:
    """Sum effective cost and cost lines by ``keys``, of which the first is the currency."""
    measures = [("effective_cost", "sum"), ("cost_lines", "sum")]
    found = rows.group_by(keys).aggregate(measures).to_pylist()
    sums = (
        (
            tuple(row[key] for key in keys),
            Money.parse(row["effective_cost_sum"] or "0", row["currency"]),
            row["cost_lines_sum"] or 0,
        )
        for row in found
    )
    return sorted(sums, key=lambda one: one[0])


def _kinds(period: Period, policy: Policy, reader: Reader) -> list[Kind]:
    machine = reader.ask("machine_times")
    rows = charge_groups(period, policy, machine, reader, "unowned_kinds").to_pylist()
    payers = _payers(rows)

    @cache
    def tags_of(text: str | None) -> dict[str, str]:
        return _tags(text)

    return [
        Kind(
            owner=_owner(row),
            looks=frozenset(_looks(row, tags_of(row["tags"]), policy, payers)),
            cost=Money.parse(row["effective_cost"], row["currency"]),
            cost_lines=row["cost_lines"],
        )
        for row in rows
    ]


def _owner(row: Mapping[str, Any]) -> Owner:
    if row["shared_pool"] is not None:
        return Owner(pool=row["shared_pool"])
    return Owner(team=row["team"]) if row["team"] != UNALLOCATED else NOBODY


def _looks(
    row: Mapping[str, Any], tags: Mapping[str, str], policy: Policy, payers: frozenset[str]
) -> Iterable[Look]:
    namespace = next((tags[key] for key in policy.namespace_tags if key in tags), None)
    values = {**row, "namespace": namespace}
    if row["account"] in payers:
        values["account"] = None
    for name in _PLAIN:
        if values[name]:
            yield Look(name, values[name])
    for key, value in tags.items():
        if value and key not in policy.namespace_tags:
            yield Look(TAG, value, key)


def _payers(rows: Iterable[Mapping[str, Any]]) -> frozenset[str]:
    """Return the billing accounts that pay for others: a rule for one would take all of these."""
    below: defaultdict[str, set[str]] = defaultdict(set)
    for row in rows:
        if row["billing_account"] is not None:
            below[row["billing_account"]].add(row["account"])
    return frozenset(payer for payer, accounts in below.items() if accounts != {payer})


def _tags(text: str | None) -> dict[str, str]:
    """Read the tags of a cost line; what is no JSON object has none that a rule could match."""
    try:
        found = json.loads(text or "{}")
    except ValueError:
        return {}
    if not isinstance(found, dict):
        return {}
    return {key: value for key, value in found.items() if isinstance(value, str)}
