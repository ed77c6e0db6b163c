"""Reads what was measured of each team's work, for pools whose cost follows a driver."""

from __future__ import annotations

from collections import Counter, defaultdict
from datetime import date
from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.compute as pc

from service.domain.pools import Driver
from service.usecases.allocation_table import window_of
from service.usecases.gpu_time.host_time import host_time
from service.usecases.gpu_time.job_attempts import attempts_in

if TYPE_CHECKING:
    from collections.abc import Mapping

    from service.domain.policy import Policy
    from service.usecases.charge_owners import Reader

DriverUse = dict[Driver, dict[date, Counter[str]]]
"""What was measured of each team by driver and UTC day."""

_MEASURES: Mapping[Driver, str] = {
    Driver.GPU_HOURS: "gpu_ms",
    Driver.TOKENS: "tokens",
    Driver.REQUESTS: "requests",
}


def driver_use(origins: pa.Table, policy: Policy, machine: pa.Table, reader: Reader) -> DriverUse:
    """Return what the drivers of the policy's pools measured on all days that origins cover."""
    origins = origins.filter(pc.is_in(origins["pool"], _names(policy)))
    if origins.num_rows == 0:
        return {}
    days = window_of(origins)
    hosts = host_time(days, attempts_in(days, reader), machine, reader)
    params: dict[str, object] = {"begin": days.start, "until": days.end}
    found: DriverUse = {one: defaultdict(Counter) for one in _MEASURES}
    for row in reader.ask("team_use", params, machine=machine, taken=hosts.taken).to_pylist():
        team = policy.team_of_use(row["job_team"], row["namespace"])
        for driver, name in _MEASURES.items():
            if row[name]:
                found[driver][row["day"]][team] += row[name]
    return found


def _names(policy: Policy) -> pa.Array:
    names = [pool.name for pool in policy.pools.values() if pool.driver in _MEASURES]
    return pa.array(names, pa.string())
