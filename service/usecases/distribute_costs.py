"""Passes the whole cost of teams on to others, in the order of the policy."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.compute as pc

from service.domain.allocation import pass_on
from service.domain.records import Finding
from service.usecases.allocation_table import PartRows, bases, costs_in

if TYPE_CHECKING:
    from service.domain.distribution import Distribution
    from service.domain.policy import Policy
    from service.domain.pools import Shares


def distribute_costs(rows: pa.Table, policy: Policy) -> tuple[pa.Table, tuple[Finding, ...]]:
    """Return all rows with those by which teams pass their cost on; their sums stay.

    A team keeps what nobody can receive, which is said.
    """
    findings = []
    for place, one in enumerate(policy.distributions):
        before = {earlier.team for earlier in policy.distributions[:place]}
        mine = rows.filter(pc.equal(rows["team"], one.team))
        shares = shares_by_currency(one, rows, policy, before)
        passed, kept = _passed(mine, one, shares)
        if kept:
            rule = f"{one.team} keeps its cost: nobody who may receive it bears any in its currency"
            findings.append(Finding(rule, "policy.distribute", kept))
        rows = pa.concat_tables([rows, passed])
    return rows, tuple(findings)


def shares_by_currency(
    one: Distribution, rows: pa.Table, policy: Policy, before: set[str]
) -> dict[str | None, Shares | None]:
    """Return who receives how much of a team's cost, where ``rows`` are what is borne so far."""
    base = bases(rows)
    currencies = pc.unique(rows["currency"]).to_pylist()
    return {
        currency: one.shares(base.get(currency, {}), policy.teams, before)
        for currency in currencies
    }


def _passed(
    mine: pa.Table, one: Distribution, by_currency: dict[str | None, Shares | None]
) -> tuple[pa.Table, int]:
    """Return the rows by which one team passes its rows on, and how many it keeps."""
    made, kept = PartRows(), 0
    wanted = ("currency", "allocated_ratio")
    for number, (costs, (currency, ratio)) in enumerate(costs_in(mine, *wanted)):
        shares = by_currency[currency]
        if shares is None:
            kept += 1
        else:
            made.add(number, pass_on(one.team, costs, ratio, shares), counted=False)
    return made.table(mine, distributed_from=one.team), kept
