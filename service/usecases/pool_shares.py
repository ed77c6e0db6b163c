"""Reads what the machines of the pools did."""

from __future__ import annotations

from collections import Counter, defaultdict
from datetime import date
from typing import TYPE_CHECKING

import pyarrow.compute as pc

from service.domain.pools import DayOfUse, Method
from service.domain.records import Finding
from service.usecases.allocation_table import window_of
from service.usecases.gpu_time.host_time import host_time
from service.usecases.gpu_time.job_attempts import attempts_in

if TYPE_CHECKING:
    from collections.abc import Iterator

    import pyarrow as pa

    from service.domain.policy import Policy
    from service.usecases.charge_owners import Reader

Use = dict[str, dict[date, DayOfUse]]
"""What happened on the machines of each pool, by UTC day."""


def use_of_pools(origins: pa.Table, policy: Policy, machine: pa.Table, reader: Reader) -> Use:
    """Return GPU time by pool, day and team for all days that the origins cover."""
    if origins.num_rows == 0:
        return {}
    window = window_of(origins)
    hosts = host_time(window, attempts_in(window, reader), machine, reader)
    params: dict[str, object] = {"begin": window.start, "until": window.end}
    rows = reader.ask("pool_use", params, machine=machine, taken=hosts.taken).to_pylist()
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
