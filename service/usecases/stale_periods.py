"""Which periods must be allocated again, told by the lake and not by anyone's memory."""

import hashlib

from service.domain.periods import Period
from service.store.store import Store
from service.usecases.stored_documents import policy_in_effect
from warehouse.lake import Lake
from warehouse.port import WHOLE_SOURCE, Partition

SOURCE = "allocation"
"""The x_SourceId of allocation rows."""

INPUTS = "inputs"
"""What the fingerprint is called where a delivery would name its files."""

READS = ("cost_line", "node", "gpu_usage", "job_run")
"""The tables that an allocation reads."""


def loaded_periods(lake: Lake) -> list[Period]:
    """Return the periods that any bill was loaded for, oldest first."""
    return sorted({Period(partition.period) for partition in lake.states("cost_line")})


def stale_periods(*, lake: Lake, store: Store) -> list[Period]:
    """Return the periods with bills whose facts or policy are not those last allocated."""
    return [period for period in loaded_periods(lake) if _stale(period, lake, store)]


def inputs_of(period: Period, *, lake: Lake, policy_version: int | None) -> str:
    """Fingerprint what an allocation of ``period`` depends on: loads, by partition, and policy.

    Usage of the days around the period counts, since charge windows may reach over its ends; job
    runs of the period before may still have been at work.
    """
    parts = [f"policy {policy_version}"]
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
    if place.table == "cost_line":
        return place.period == str(period)
    near = {str(period.previous), str(period), str(period.next)}
    return place.period == WHOLE_SOURCE or place.period[: len("2026-10")] in near


def _stale(period: Period, lake: Lake, store: Store) -> bool:
    """Compare the fingerprint of now with the one that the last allocation wrote down.

    A run that reached the lake and died before it was stored does not count either.
    """
    state = lake.state(Partition("allocation", SOURCE, str(period)))
    with store.work() as work:
        run = work.allocations.latest(str(period))
    if state is None or run is None or state.load_id != str(run.id):
        return True
    policy = policy_in_effect(store, period.first_day)
    now = inputs_of(period, lake=lake, policy_version=policy.version if policy else None)
    return now not in state.files
