"""Finds in which months jobs were accounted, and what was at work in months that were not."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pyarrow as pa

from service.domain.periods import Period
from service.usecases.gpu_time.state import ACCOUNTING
from service.usecases.lake_runs import stored_runs
from warehouse.port import Engine, Question

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from warehouse.lake import Lake

_MOMENT = pa.timestamp("us", tz="UTC")
_STORED = pa.schema([("run", pa.string()), ("period", pa.string())])
_MISSING = pa.schema([("period", pa.string()), ("begins", _MOMENT), ("ends", _MOMENT)])
_WORKED = pa.schema(
    [("source", pa.string()), ("job_id", pa.string()), ("started", _MOMENT), ("ended", _MOMENT)]
)


def run_history(period: Period, *, lake: Lake, engine: Engine) -> dict[str, pa.Table]:
    """Return what ``runs_by`` must know of the months around ``period``, by relation.

    A month without accounts matters as soon as any source tells of job runs that began before its
    end: the cost of a job that was at work then is not known.
    """
    stored = stored_runs(ACCOUNTING, lake)
    missing = [month for month in _months_of_jobs(period, lake) if month not in stored]
    return {
        "stored": _stored(stored),
        "missing": pa.Table.from_pylist(
            [{"period": str(one), "begins": one.start, "ends": one.end} for one in missing],
            _MISSING,
        ),
        "worked": _worked(missing, period, lake, engine),
    }


def _months_of_jobs(period: Period, lake: Lake) -> list[Period]:
    """Return the months from the first submission of any job to ``period``."""
    first = min((Period(place.month) for place in lake.states("job_run")), default=period)
    months = []
    while first <= period:
        months.append(first)
        first = first.next
    return months


def _stored(runs: Mapping[Period, str]) -> pa.Table:
    rows = [{"run": run, "period": str(month)} for month, run in runs.items()]
    return pa.Table.from_pylist(rows, _STORED)


def _worked(missing: Sequence[Period], period: Period, lake: Lake, engine: Engine) -> pa.Table:
    """Return attempts since the first missing month, of whatever team: only their times are used.

    A scheduler names teams by its own words, so that a view of some teams would hide attempts and
    make a cost look known.
    """
    if not missing:
        return _WORKED.empty_table()
    params = {"begin": missing[0].start, "until": period.end}
    view = lake.view(["job_run"])
    return engine.query(Question("ask/job_attempts", params), view).select(_WORKED.names)
