"""Reads what the machines of the pools did, and splits the pools' origins by it."""

from __future__ import annotations

from collections import Counter, defaultdict
from datetime import date, timedelta
from functools import cache
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.compute as pc

from service.domain.allocation import Costs, Part, divide
from service.domain.money import Money
from service.domain.pools import DayOfUse, Method, Shares, shares
from service.domain.records import Finding

if TYPE_CHECKING:
    from collections.abc import Iterator
    from decimal import Decimal

    from service.domain.policy import Policy
    from service.usecases.charge_owners import Reader

MONEY = pa.decimal128(38, 12)
COSTS = ("billed_cost", "effective_cost", "contracted_cost", "list_cost")

Use = dict[str, dict[date, DayOfUse]]
"""What happened on the machines of each pool, by UTC day."""


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


def split_origins(origins: pa.Table, policy: Policy, use: Use) -> pa.Table:
    """Return a row for each origin and each line of a team that bears a part of it."""

    @cache
    def weights(pool: str, day: date, days: int) -> Shares:
        return shares(policy.pools[pool], use.get(pool, {}), day, days)

    rows = _Rows()
    wanted = ("pool", "charge_day", "charge_days", "currency", *COSTS)
    columns = [origins[name].to_pylist() for name in wanted]
    for number, (pool, day, days, *costs) in enumerate(zip(*columns, strict=True)):
        for place, part in enumerate(divide(_costs(*costs), weights(pool, day, days))):
            rows.add(number, part, first=place == 0)
    return rows.table(origins)


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


def _costs(currency: str | None, *costs: Decimal | None) -> Costs:
    known = currency or ""
    return Costs(*(None if cost is None else Money.parse(cost, known) for cost in costs))


class _Rows:
    """Parts of origins, kept by column: millions of small objects would be slow to keep."""

    def __init__(self) -> None:
        """Begin without a row."""
        self._origins: list[int] = []
        self._first: list[bool] = []
        self._columns: dict[str, tuple[list[Any], pa.DataType]] = {
            **{name: ([], pa.string()) for name in ("team", "line", "method_id")},
            **{name: ([], MONEY) for name in ("allocated_ratio", *COSTS)},
        }

    def add(self, origin: int, part: Part, *, first: bool) -> None:
        """Add a part of the origin with this number."""
        self._origins.append(origin)
        self._first.append(first)
        costs = (part.costs.billed, part.costs.effective, part.costs.contracted, part.costs.list)
        amounts = (None if cost is None else cost.decimal for cost in costs)
        values = (part.team, part.line, part.method, part.ratio, *amounts)
        for (column, _), value in zip(self._columns.values(), values, strict=True):
            column.append(value)

    def table(self, origins: pa.Table) -> pa.Table:
        """Return the rows with what they have of their origins; its lines are counted once."""
        of_origin = pa.array(self._origins, pa.int64())
        rows = origins.drop_columns(["team", "cost_lines", *COSTS]).take(of_origin)
        for name, (values, kind) in self._columns.items():
            rows = rows.append_column(name, pa.array(values, kind))
        first = pa.array(self._first, pa.bool_())
        lines = pc.if_else(first, origins["cost_lines"].take(of_origin), None)
        return rows.append_column("cost_lines", lines)
