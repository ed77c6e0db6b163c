"""What a stored run over a billing period depends on, and whether the one in the lake still holds.

What is stale is told by the lake and not by anyone's memory: a run writes the fingerprint of all
that it depends on into the state of its own partitions, together with its rows.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, TypeAlias

from service.domain.periods import Period
from service.domain.records import ALLOCATED
from service.usecases.stored_documents import policy_of
from warehouse.port import WHOLE_SOURCE, Partition

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from service.store.store import Store
    from warehouse.lake import Lake

Months: TypeAlias = "Callable[[Period], frozenset[str]]"
"""The months of facts that matter to a period."""


def own_month(period: Period) -> frozenset[str]:
    """Facts of the period alone matter."""
    return frozenset({str(period)})


def month_before_too(period: Period) -> frozenset[str]:
    """Facts of the month before matter too: what began then may still have gone on."""
    return own_month(period) | {str(period.previous)}


def months_around_too(period: Period) -> frozenset[str]:
    """Facts of both neighbours matter too: charge windows may reach over the period's ends."""
    return month_before_too(period) | {str(period.next)}


@dataclass(frozen=True, slots=True)
class RunKind:
    """A kind of run over a period: what it reads of which months, and the tables that it writes.

    ``name`` is the x_SourceId of its rows and the kind of its record, ``verb`` what it does to a
    period. ``method`` changes when the same facts come to other rows, so that they are computed
    anew. ``tables`` are written in this order; a run is whole when all carry its id.
    """

    name: str
    verb: str
    method: str
    reads: Mapping[str, Months]
    tables: tuple[str, ...]

    def partitions(self, period: Period) -> tuple[Partition, ...]:
        """Return what a run over ``period`` writes."""
        return tuple(Partition(table, self.name, str(period)) for table in self.tables)

    def touches(self, place: Partition, period: Period) -> bool:
        """Say whether rows of a partition may matter to a run over ``period``."""
        return place.period == WHOLE_SOURCE or place.month in self.reads[place.table](period)


def fingerprint(kind: RunKind, period: Period, lake: Lake, policy_version: int | None) -> str:
    """Return the SHA-256 of what a run depends on: method, policy, and loads by partition."""
    parts = [kind.method, f"policy {policy_version}"]
    for table in kind.reads:
        states = lake.states(table)
        parts += [
            f"{place} {states[place].load_id}"
            for place in sorted(states)
            if kind.touches(place, period)
        ]
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()


def as_closed(kind: RunKind, period: Period, store: Store) -> RunKind:
    """Return ``kind``, of a closed period's allocation by the method that it was closed with.

    So another method changes no closed period; facts that come late do.
    """
    if kind.name != ALLOCATED:
        return kind
    with store.work() as work:
        close = work.closes.of(str(period))
    return kind if close is None else replace(kind, method=close.allocation_method)


def stored_run(kind: RunKind, period: Period, lake: Lake) -> str | None:
    """Return the id of the run whose rows of ``period`` are stored whole."""
    states = [lake.state(one) for one in kind.partitions(period)]
    found = {None if state is None else state.load_id for state in states}
    return found.pop() if len(found) == 1 else None


def stored_runs(kind: RunKind, lake: Lake) -> dict[Period, str]:
    """Return the id of the stored run of each period that has one, as ``stored_run`` says it."""
    whole: list[set[tuple[str, str]]] = [
        {(place.period, state.load_id) for place, state in lake.states(table, kind.name).items()}
        for table in kind.tables
    ]
    return {Period(period): run for period, run in sorted(set.intersection(*whole))}


def is_current(kind: RunKind, period: Period, lake: Lake, store: Store) -> bool:
    """Say whether the run in the lake is whole, recorded, and saw the facts and policy of now.

    A run that reached the lake and died before it was recorded does not count.
    """
    with store.work() as work:
        record = work.period_runs.latest(kind.name, str(period))
    if record is None or stored_run(kind, period, lake) != str(record.id):
        return False
    found = policy_of(store, period)
    closed = as_closed(kind, period, store)
    now = fingerprint(closed, period, lake, found.version if found else None)
    states = [lake.state(one) for one in kind.partitions(period)]
    return all(state is not None and now in state.files for state in states)
