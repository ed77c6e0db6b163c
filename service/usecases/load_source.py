"""Loads what a configured source has: each announcement on its own, so one fault stops no other."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from datetime import timedelta
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any
from uuid import UUID

from ingest.port import Kind, SourceError
from service.errors import ComptrollerError
from service.usecases.load_delivery import DuplicateLoad, load_delivery, no_guard
from warehouse.errors import OlderDelivery, WarehouseError
from warehouse.load_write import TABLES
from warehouse.locks import held, lock_key

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from datetime import datetime
    from pathlib import Path

    from ingest.port import Announcement, Marks, Source
    from service.store.store import Store
    from service.usecases.load_delivery import LoadResult
    from warehouse.lake import Lake
    from warehouse.port import Engine, Guard

FETCHED = "fetch-"
"""What the names of folders begin with that hold fetched files while they are loaded."""

_LEFT_BEHIND = timedelta(hours=48)
"""A folder this old belongs to a process that died."""

LONGEST_WAIT_S = 3 * 3600
"""How long a process waits for another one that loads the same source."""

_FAULTS = (ComptrollerError, SourceError, WarehouseError)


@dataclass(frozen=True, slots=True)
class Loaded:
    """How it went with one announcement.

    ``outcome`` is ``loaded``, ``unchanged`` (the lake holds it), ``older`` (it holds something
    newer) or ``failed``, and then ``reason`` says why. ``notes`` say what is missing of what came.
    """

    source: str
    kind: str
    period: str | None
    outcome: str
    seconds: float
    result: LoadResult | None = None
    reason: str | None = None
    notes: tuple[str, ...] = ()

    def as_json(self) -> dict[str, Any]:
        """For the record of a run."""
        rows, quarantined = (self.result.rows, self.result.quarantined) if self.result else (0, 0)
        told: dict[str, Any] = {
            "source": self.source,
            "kind": self.kind,
            "period": self.period,
            "outcome": self.outcome,
            "rows": rows,
            "quarantined": quarantined,
            "seconds": self.seconds,
        }
        if self.reason:
            told["reason"] = self.reason
        if self.notes:
            told["notes"] = list(self.notes)
        return told


def load_source(  # noqa: PLR0913  (every long-lived part comes by name)
    source: Source,
    *,
    lake: Lake,
    engine: Engine,
    store: Store,
    new_id: Callable[[], UUID],
    clock: Callable[[], datetime],
    temp_folder: Path,
    periods: frozenset[str] | None = None,
    guard: Guard = no_guard,
) -> list[Loaded]:
    """Load what ``source`` has and the lake lacks, of some ``periods`` or all of them.

    What a configured source says of a period is all there is of it, so it replaces what was there.

    Raises:
        SourceError: When the source cannot be asked, or nothing of what it has can be had.
    """
    temp_folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    _clear(temp_folder, clock())
    loading = _Loading(source, lake, engine, store, new_id, clock, temp_folder, guard)
    # A second process waits, and then finds nothing new: two would tell each change twice.
    with held(lake.url, [lock_key("source", source.name)], wait_s=LONGEST_WAIT_S):
        known = marks(source.name, lake=lake, store=store)
        done = list(loading.load_all(known, periods))
    if done and all(one.outcome == "failed" for one in done):
        raise SourceError(_all_reasons(done))
    return done


def _all_reasons(failed: Iterable[Loaded]) -> str:
    """Join why loads failed: providers name the files of all months alike, so each says which."""
    places: dict[str, list[str]] = {}
    for one in failed:
        places.setdefault(one.reason or "", []).append(one.period or one.kind)
    if len(places) == 1:
        return next(iter(places))
    told = (f"{', '.join(filter(None, of))}: {reason}" for reason, of in places.items())
    return "; ".join(sorted(one.removeprefix(": ") for one in told))


def marks(source: str, *, lake: Lake, store: Store) -> Marks:
    """Return what the lake holds of a source under which mark.

    A load that died before its record was written does not count: it is fetched and recorded.
    """
    found = [
        (kind, partition.period, state)
        for kind, table in sorted(TABLES.items())
        for partition, state in lake.states(table, source).items()
    ]
    with store.work() as work:
        recorded = work.deliveries.recorded({UUID(state.load_id) for _, _, state in found})
    return {
        (Kind(kind), period): state.mark
        for kind, period, state in found
        if state.mark is not None and UUID(state.load_id) in recorded
    }


@dataclass(frozen=True, slots=True)
class _Loading:
    """One source being loaded."""

    source: Source
    lake: Lake
    engine: Engine
    store: Store
    new_id: Callable[[], UUID]
    clock: Callable[[], datetime]
    temp_folder: Path
    guard: Guard

    def load_all(self, known: Marks, periods: frozenset[str] | None) -> Iterator[Loaded]:
        """Load all that the source announces, until it cannot be asked any more."""
        try:
            for one in self.source.announced(known):
                if periods is None or not periods.isdisjoint(_names(one)):
                    yield self.load(one, known)
        except SourceError as fault:
            yield Loaded(self.source.name, "", None, "failed", 0.0, reason=str(fault))

    def load(self, one: Announcement, known: Marks) -> Loaded:
        """Fetch and load one announcement, unless the lake holds it."""
        began = self.clock()
        result, reason, notes = None, None, list[str]()
        try:
            if one.mark is not None and known.get((one.kind, one.period or "")) == one.mark:
                outcome = "unchanged"
            else:
                result = self._fetch_and_load(one, notes)
                outcome = "loaded"
        except DuplicateLoad:
            outcome = "unchanged"
        except OlderDelivery:
            outcome = "older"
        except _FAULTS as fault:
            outcome, reason = "failed", str(fault)
        seconds = (self.clock() - began).total_seconds()
        about = (self.source.name, one.kind.value, one.period)
        return Loaded(*about, outcome, seconds, result, reason, tuple(notes))

    def _fetch_and_load(self, one: Announcement, notes: list[str]) -> LoadResult:
        version = int(self.clock().timestamp() * 1000) if one.version is None else one.version
        with TemporaryDirectory(prefix=FETCHED, dir=self.temp_folder) as folder:
            delivery = self.source.fetch(one, self.temp_folder / folder, version)
            notes += delivery.notes
            return load_delivery(
                delivery,
                lake=self.lake,
                engine=self.engine,
                store=self.store,
                new_id=self.new_id,
                clock=self.clock,
                replace=True,
                guard=self.guard,
            )


def _names(one: Announcement) -> set[str | None]:
    """Return what an announcement's period is called: a day is part of its month as well."""
    return {one.period, one.period[:7]} if one.period else {None}


def failures(loads: Iterable[dict[str, Any]]) -> dict[str, str]:
    """Return why loads of a run failed, by what they were of."""
    return {
        f"{one['source']} {one['period'] or one['kind']}": one["reason"]
        for one in loads
        if one["outcome"] == "failed"
    }


def _clear(temp_folder: Path, now: datetime) -> None:
    """Remove what killed processes left behind."""
    oldest = (now - _LEFT_BEHIND).timestamp()
    for folder in temp_folder.glob(f"{FETCHED}*"):
        if folder.stat().st_mtime < oldest:
            shutil.rmtree(folder, ignore_errors=True)
