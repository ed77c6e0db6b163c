"""Which periods must be accounted again, told by the lake and not by anyone's memory."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

from service.domain.periods import Period
from service.usecases.stale_periods import READS, loaded_periods
from service.usecases.stored_documents import policy_in_effect
from warehouse.port import WHOLE_SOURCE, Partition

if TYPE_CHECKING:
    from service.store.store import Store
    from warehouse.lake import Lake

SOURCE = "account"
"""The x_SourceId of accounts."""

TABLES = ("attempt_cost", "gpu_account")
"""The tables that a run writes, in this order; it is whole when both carry its load id."""

_METHOD = "account 1"
"""Changes when the same facts come to other accounts, so that they are computed anew."""


def known_periods(lake: Lake) -> list[Period]:
    """Return the periods with bills or GPU usage, oldest first."""
    used = {Period(place.period[: len("2026-10")]) for place in lake.states("gpu_usage")}
    return sorted(used | set(loaded_periods(lake)))


def partitions(period: Period) -> list[Partition]:
    """Return what a run of ``period`` writes."""
    return [Partition(table, SOURCE, str(period)) for table in TABLES]


def stored_run(period: Period, lake: Lake) -> str | None:
    """Return the id of the run whose accounts of ``period`` are stored whole."""
    states = [lake.state(one) for one in partitions(period)]
    found = {None if state is None else state.load_id for state in states}
    return found.pop() if len(found) == 1 else None


def unaccounted_periods(*, lake: Lake, store: Store) -> list[Period]:
    """Return the periods whose facts or policy are not those of their stored accounts."""
    return [period for period in known_periods(lake) if not _is_current(period, lake, store)]


def account_inputs(period: Period, *, lake: Lake, policy_version: int | None) -> str:
    """Fingerprint what the accounts of ``period`` depend on: loads, by partition, and policy.

    Jobs of the month before may still have been at work.
    """
    parts = [_METHOD, f"policy {policy_version}"]
    for table in READS:
        states = lake.states(table)
        parts += [
            f"{place} {states[place].load_id}"
            for place in sorted(states)
            if _touches(place, period)
        ]
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()


def _touches(place: Partition, period: Period) -> bool:
    """Say whether rows of a partition may matter to a period."""
    if place.period == WHOLE_SOURCE:
        return True
    months = {str(period)} | ({str(period.previous)} if place.table == "job_run" else set())
    return place.period[: len("2026-10")] in months


def _is_current(period: Period, lake: Lake, store: Store) -> bool:
    if stored_run(period, lake) is None:
        return False
    policy = policy_in_effect(store, period.first_day)
    version = policy.version if policy else None
    now = account_inputs(period, lake=lake, policy_version=version)
    return all((state := lake.state(one)) and now in state.files for one in partitions(period))
