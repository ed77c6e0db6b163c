"""Reads what GPUs did in a period: time held by attempts at jobs, and time that nobody held."""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from dataclasses import dataclass, replace
from functools import cache
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from service.domain.attempts import Attempt, parts_of_hour
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

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from datetime import date

    from service.domain.periods import Period
    from service.domain.policy import Policy
    from service.usecases.charge_owners import Reader

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
    """What GPUs did: accounts of those who held them, and the rest, which needs an owner."""

    held: tuple[Account, ...]
    unheld: tuple[Unheld, ...]

    def held_ms(self) -> Mapping[tuple[str | None, date], Counter[str]]:
        """Return what teams held by pool and day."""
        found: defaultdict[tuple[str | None, date], Counter[str]] = defaultdict(Counter)
        for one in self.held:
            found[one.place.pool, one.place.day][one.holder.team] += one.gpu_ms
        return found


def attempts_of(period: Period, reader: Reader) -> tuple[Attempt, ...]:
    """Return the attempts at jobs that may have run in ``period``, by job and number."""
    rows = reader.ask("job_attempts", {"begin": period.start, "until": period.end}).to_pylist()
    return tuple(
        Attempt(
            hosts=_hosts(row.pop("hosts")),
            gpus=max(row.pop("gpus") or 0, 0),
            **{name: value for name, value in row.items() if name != "submitted"},
        )
        for row in rows
    )


def use_of(
    period: Period,
    policy: Policy,
    attempts: Sequence[Attempt],
    machine: pa.Table,
    reader: Reader,
) -> Use:
    """Return what the GPUs did in ``period``."""
    params: dict[str, object] = {"begin": period.start, "until": period.end}
    found = reader.ask("usage_accounts", params, machine=machine, attempt=_times(attempts))
    jobs = _Jobs(attempts, policy)
    held: list[Account] = []
    unheld: list[Unheld] = []
    for batch in found.to_batches():
        for row in batch.to_pylist():
            place = Place(
                row["day"], row["host"], row["pool"], row["accelerator_model"], row["mode"]
            )
            if row["idle"] or any(row[kind] for kind in NOT_IDLE):
                unheld.append(_unheld(place, row))
            else:
                held += jobs.accounts(place, row)
    return Use(tuple(held), tuple(unheld))


class _Jobs:
    """Turns rows of held time into accounts of jobs and their teams."""

    def __init__(self, attempts: Sequence[Attempt], policy: Policy) -> None:
        """Sort the attempts by job."""
        self._of_job: defaultdict[str, list[Attempt]] = defaultdict(list)
        for one in attempts:
            self._of_job[one.job_id].append(one)
        self._holder = cache(self._holder_of)
        self._team = cache(policy.team_of_use)

    def accounts(self, place: Place, row: Mapping[str, Any]) -> Iterator[Account]:
        """Yield the accounts of a row; an hour of several attempts is divided among them."""
        if row["shared_hour"] is None:
            holder = self._holder(row["job_id"], row["namespace"], row["attempt"])
            times = {(kind, holder): row[kind] for kind in HELD}
            yield from accounts(place, times, _measures(row))
            return
        values = {name: row[name] for name in (*HELD, *_COUNTED) if row[name] is not None}
        attempts = self._of_job[row["job_id"]]
        parts = parts_of_hour(attempts, place.host, row["shared_hour"], values)
        whole = sum(row[kind] for kind in HELD)
        for number, part in parts.items():
            holder = self._holder(row["job_id"], row["namespace"], number)
            times = {(kind, holder): part[kind] for kind in HELD}
            measures = replace(_measures(row), **{name: part.get(name) for name in _COUNTED})
            if measures.energy is not None:
                measures = replace(measures, energy=measures.energy * sum(times.values()) / whole)
            yield from accounts(place, times, measures)

    def _holder_of(self, job_id: str | None, namespace: str | None, attempt: int | None) -> Holder:
        """Name the holder: its own attempt tells a property, else the newest one that knows it."""
        known = self._of_job.get(job_id, [])[::-1] if job_id is not None else []
        known = sorted(known, key=lambda one: one.attempt != attempt)

        def told(name: str) -> str | None:
            return next((value for one in known if (value := getattr(one, name))), None)

        return Holder(
            team=self._team(told("team"), namespace),
            project=told("project"),
            job_id=job_id,
            attempt=attempt,
            workload_id=told("workload_id"),
            namespace=namespace,
        )


def _unheld(place: Place, row: Mapping[str, Any]) -> Unheld:
    return Unheld(place, row["idle"], {kind: row[kind] for kind in NOT_IDLE}, _measures(row))


def _measures(row: Mapping[str, Any]) -> Measures:
    return Measures(**{name: row[name] for name in _MEASURES})


def _hosts(text: str | None) -> frozenset[str]:
    try:
        hosts = json.loads(text or "[]")
    except ValueError:
        return frozenset()
    return frozenset(map(str, hosts)) if isinstance(hosts, list) else frozenset()


def _times(attempts: Sequence[Attempt]) -> pa.Table:
    moment = pa.timestamp("us", tz="UTC")
    return pa.table(
        {
            "job_id": pa.array([one.job_id for one in attempts], pa.string()),
            "attempt": pa.array([one.attempt for one in attempts], pa.int32()),
            "started": pa.array([one.started for one in attempts], moment),
            "ended": pa.array([one.ended for one in attempts], moment),
        }
    )
