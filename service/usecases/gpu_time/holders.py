"""Reads what GPUs did in a period: time held by attempts at jobs, and time that nobody held."""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass, replace
from functools import cache
from typing import TYPE_CHECKING, Any, TypeAlias

import pyarrow as pa

from service.domain.attempts import parts_of_hour
from service.domain.gpu_accounts import (
    HELD,
    NOT_IDLE,
    Account,
    Holder,
    Kind,
    Measures,
    Place,
    accounts,
)
from service.usecases.gpu_time.host_time import host_time

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from datetime import date

    from service.domain.attempts import Attempt
    from service.domain.periods import Period
    from service.domain.policy import Policy
    from service.usecases.charge_owners import Reader

_Job: TypeAlias = tuple[str | None, str | None]
"""A source of job runs and an id of its own."""

_COUNTED = ("tokens_in", "tokens_out", "requests")
_MEASURES = ("energy", *_COUNTED, "memory_max", "memory_total")


@dataclass(frozen=True, slots=True)
class Unheld:
    """A machine's time on a day without a known holder: idle, and what nobody can call so."""

    place: Place
    idle_ms: int
    not_idle_ms: Mapping[Kind, int]
    measures: Measures


@dataclass(frozen=True, slots=True)
class Use:
    """What GPUs did: accounts of those who held them, and the rest, which needs an owner.

    ``by_host_ms`` of the held time no label gives to anybody, but the job runs of the host do;
    ``disputed_ms`` is time for whose job several sources of job runs have an equal claim.
    """

    held: tuple[Account, ...]
    unheld: tuple[Unheld, ...]
    by_host_ms: int
    disputed_ms: int

    def held_ms(self) -> Mapping[tuple[str | None, date], Counter[str]]:
        """Return what teams held by pool and day."""
        found: defaultdict[tuple[str | None, date], Counter[str]] = defaultdict(Counter)
        for one in self.held:
            found[one.place.pool, one.place.day][one.holder.team] += one.gpu_ms
        return found


def use_of(
    period: Period,
    policy: Policy,
    attempts: Sequence[Attempt],
    machine: pa.Table,
    reader: Reader,
) -> Use:
    """Return what the GPUs did in ``period``."""
    params: dict[str, object] = {"begin": period.start, "until": period.end}
    hosts = host_time(period.window, attempts, machine, reader)
    inputs = {"machine": machine, "attempt": _times(attempts), "taken": hosts.taken}
    found = reader.ask("usage_accounts", params, **inputs)
    jobs = _Jobs(attempts, policy)
    held: list[Account] = []
    unheld: list[Unheld] = []
    by_host_ms, disputed_ms = 0, hosts.disputed_ms
    for batch in found.to_batches():
        for row in batch.to_pylist():
            place = Place(
                row["day"], row["host"], row["pool"], row["accelerator_model"], row["mode"]
            )
            if row["idle"] or any(row[kind] for kind in NOT_IDLE):
                unheld.append(_unheld(place, row))
            else:
                held += jobs.accounts(place, row)
                by_host_ms += row["by_host"]
                disputed_ms += row["disputed"]
    return Use(tuple(held), tuple(unheld), by_host_ms, disputed_ms)


class _Jobs:
    """Turns rows of held time into accounts of jobs and their teams."""

    def __init__(self, attempts: Sequence[Attempt], policy: Policy) -> None:
        """Sort the attempts by job."""
        self._of_job: defaultdict[_Job, list[Attempt]] = defaultdict(list)
        for one in attempts:
            self._of_job[one.source, one.job_id].append(one)
        self._team = cache(policy.team_of_use)

    def accounts(self, place: Place, row: Mapping[str, Any]) -> Iterator[Account]:
        """Yield the accounts of a row; an hour of several attempts is divided among them."""
        if row["shared_hour"] is None:
            holder = self._holder(row, row["attempt"])
            times = {(kind, holder): row[kind] for kind in HELD}
            yield from accounts(place, times, _measures(row))
            return
        values = {name: row[name] for name in (*HELD, *_COUNTED) if row[name] is not None}
        attempts = self._of_job[row["job_source"], row["job_id"]]
        parts = parts_of_hour(attempts, place.host, row["shared_hour"], values)
        whole = sum(row[kind] for kind in HELD)
        for number, part in parts.items():
            holder = self._holder(row, number)
            times = {(kind, holder): part[kind] for kind in HELD}
            measures = replace(_measures(row), **{name: part.get(name) for name in _COUNTED})
            if measures.energy is not None:
                measures = replace(measures, energy=measures.energy * sum(times.values()) / whole)
            yield from accounts(place, times, measures)

    def _holder(self, row: Mapping[str, Any], attempt: int | None) -> Holder:
        """Name the holder: its own attempt tells a property, else the newest one that knows it.

        The team is that of the job, whatever the attempt, as in the allocation.
        """
        known = self._of_job.get((row["job_source"], row["job_id"]), [])[::-1]
        known = sorted(known, key=lambda one: one.attempt != attempt)
        return Holder(
            team=self._team(row["job_team"], row["namespace"]),
            project=_first(one.project for one in known) or row["job_project"],
            job_id=row["job_id"],
            attempt=attempt,
            workload_id=_first(one.workload_id for one in known),
            namespace=row["namespace"],
            source=row["job_source"],
        )


def _first(values: Iterable[str | None]) -> str | None:
    return next(filter(None, values), None)


def _unheld(place: Place, row: Mapping[str, Any]) -> Unheld:
    return Unheld(place, row["idle"], {kind: row[kind] for kind in NOT_IDLE}, _measures(row))


def _measures(row: Mapping[str, Any]) -> Measures:
    return Measures(**{name: row[name] for name in _MEASURES})


def _times(attempts: Sequence[Attempt]) -> pa.Table:
    moment = pa.timestamp("us", tz="UTC")
    return pa.table(
        {
            "source": pa.array([one.source for one in attempts], pa.string()),
            "job_id": pa.array([one.job_id for one in attempts], pa.string()),
            "attempt": pa.array([one.attempt for one in attempts], pa.int32()),
            "started": pa.array([one.started for one in attempts], moment),
            "ended": pa.array([one.ended for one in attempts], moment),
        }
    )
