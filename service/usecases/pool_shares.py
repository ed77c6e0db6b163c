"""Reads what the machines of the pools did, and splits the pools' origins by it."""

from __future__ import annotations

from collections import Counter, defaultdict
from datetime import date, timedelta
from functools import cache
from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.compute as pc

from service.domain.allocation import Costs, Part, divide
from service.domain.money import Money
from service.domain.pools import DayOfUse, Method, Shares, shares
from service.domain.records import Finding

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from service.domain.policy import Policy
    from service.usecases.charge_owners import Reader

COSTS = ("billed_cost", "effective_cost", "contracted_cost", "list_cost")

Use = dict[str, dict[date, DayOfUse]]
"""What happened on the machines of each pool, by UTC day."""

Row = dict[str, object]


def use_of_pools(origins: pa.Table, policy: Policy, machine: pa.Table, reader: Reader) -> Use:
    """Return GPU time by pool, day and team for all days that the origins cover."""
    if origins.num_rows == 0:
        return {}
    ends = (
        day + timedelta(days=days)
        for day, days in zip(
            origins["charge_day"].to_pylist(), origins["charge_days"].to_pylist(), strict=True
        )
    )
    params = {"first": pc.min(origins["charge_day"]).as_py(), "end": max(ends)}
    rows = reader.ask("pool_use", params, machine=machine).to_pylist()
    capacity: Counter[tuple[str, date]] = Counter()
    allocated: defaultdict[tuple[str, date], Counter[str]] = defaultdict(Counter)
    for row in rows:
        place = row["pool"], row["day"]
        capacity[place] += row["capacity_ms"]
        if row["allocated_ms"]:
            team = policy.team_of_use(row["job_team"], row["namespace"])
            allocated[place][team] += row["allocated_ms"]
    use: defaultdict[str, dict[date, DayOfUse]] = defaultdict(dict)
    for pool, day in capacity:
        use[pool][day] = DayOfUse(capacity[pool, day], allocated[pool, day])
    return use


def split_origins(origins: pa.Table, policy: Policy, use: Use) -> Iterator[Row]:
    """Yield a row for each origin and each line of a team that bears a part of it."""

    @cache
    def weights(pool: str, day: date, days: int) -> Shares:
        return shares(policy.pools[pool], use.get(pool, {}), day, days)

    for origin in origins.to_pylist():
        parts = divide(
            _costs(origin), weights(origin["pool"], origin["charge_day"], origin["charge_days"])
        )
        for number, part in enumerate(parts):
            yield _row(origin, part, first=number == 0)


def use_findings(use: Use, parts: pa.Table) -> Iterator[Finding]:
    """Yield what is wrong with the signals that the shares rest on."""
    for pool in sorted(use):
        days = sum(day.excess_ms > 0 for day in use[pool].values())
        if days:
            rule = f"pool {pool}: more GPU time was allocated on a day than the pool has"
            yield Finding(rule, "gpu_usage.allocated_ms", days)
    blind = pc.sum(pc.equal(parts["method_id"], str(Method.BY_USE_NO_SIGNAL))).as_py() or 0
    if blind:
        rule = "no use of the pool is known in the charge's window; its owner pays"
        yield Finding(rule, "gpu_usage.capacity_ms", blind)


def _costs(origin: Mapping[str, object]) -> Costs:
    currency = str(origin["currency"] or "")
    return Costs(
        *(
            None if origin[name] is None else Money.parse(origin[name], currency)  # type: ignore[arg-type]
            for name in COSTS
        )
    )


def _row(origin: Row, part: Part, *, first: bool) -> Row:
    costs = (part.costs.billed, part.costs.effective, part.costs.contracted, part.costs.list)
    return origin | {
        "team": part.team,
        "line": part.line,
        "method_id": part.method,
        "allocated_ratio": part.ratio,
        "cost_lines": origin["cost_lines"] if first else None,
        **{
            name: None if cost is None else cost.decimal
            for name, cost in zip(COSTS, costs, strict=True)
        },
    }
