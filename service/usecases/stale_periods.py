"""Which periods have bills, and which of them must be allocated again."""

from service.domain.periods import Period
from service.domain.records import ALLOCATED
from service.store.store import Store
from service.usecases.lake_runs import RunKind, is_current, months_around_too, own_month
from warehouse.lake import Lake

ALLOCATION = RunKind(
    name=ALLOCATED,
    verb="allocate",
    method="allocation 2",
    reads={
        "cost_line": own_month,
        "node": own_month,
        "gpu_usage": months_around_too,
        "job_run": months_around_too,
    },
    tables=("allocation",),
)
"""Charging every cost line of a period to someone."""

READS = tuple(ALLOCATION.reads)
"""The tables that an allocation reads."""


def loaded_periods(lake: Lake) -> list[Period]:
    """Return the periods that any bill was loaded for, oldest first."""
    return sorted({Period(partition.period) for partition in lake.states("cost_line")})


def open_periods(*, lake: Lake, store: Store) -> list[Period]:
    """Return the periods with bills that are not closed, oldest first."""
    with store.work() as work:
        closed = {close.period for close in work.closes.all()}
    return [period for period in loaded_periods(lake) if str(period) not in closed]


def stale_periods(*, lake: Lake, store: Store) -> list[Period]:
    """Return the periods with bills whose facts or policy are not those last allocated."""
    return [one for one in loaded_periods(lake) if not is_current(ALLOCATION, one, lake, store)]
