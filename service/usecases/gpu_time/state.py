"""Which periods have facts of GPU time or cost, and which must be accounted again."""

from __future__ import annotations

from typing import TYPE_CHECKING

from service.domain.periods import Period
from service.usecases.lake_runs import RunKind, is_current, month_before_too, own_month
from service.usecases.stale_periods import loaded_periods

if TYPE_CHECKING:
    from service.store.store import Store
    from warehouse.lake import Lake

ACCOUNTING = RunKind(
    name="account",
    verb="account",
    method="account 2",
    reads={
        "cost_line": own_month,
        "node": own_month,
        "gpu_usage": own_month,
        "job_run": month_before_too,
    },
    tables=("attempt_cost", "gpu_account"),
)
"""Giving every GPU-millisecond of a period a kind and an owner, and its part of the cost."""


def known_periods(lake: Lake) -> list[Period]:
    """Return the periods with bills or GPU usage, oldest first."""
    used = {Period(place.month) for place in lake.states("gpu_usage")}
    return sorted(used | set(loaded_periods(lake)))


def unaccounted_periods(*, lake: Lake, store: Store) -> list[Period]:
    """Return the periods whose facts or policy are not those of their stored accounts."""
    return [one for one in known_periods(lake) if not is_current(ACCOUNTING, one, lake, store)]
