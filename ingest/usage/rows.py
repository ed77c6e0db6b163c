"""Makes the rows of ``gpu_usage`` of what was added up, in integers that obey the laws.

Of each GPU and hour the capacities of its slots and of what no slot has are the time that the GPU
was there: 3,600,000 ms, but less in the hours in which it was first and last seen. Of each slot its
holders' time and what is left are its capacity; observed time is at most that, and activity at most
what was observed.
"""

from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from fnmatch import fnmatchcase

import numpy as np
import pyarrow as pa

from ingest.device_models import model_of_device
from ingest.usage.batch import HOUR_BITS, HOUR_MASK, SEAT_COLUMNS
from ingest.usage.capacities import SEEN, Slots, capacities_of, nobodies_of, ranks_of
from ingest.usage.hours import Sums, merged
from ingest.usage.integers import largest_remainder, ratio
from ingest.usage.labels import NOBODY
from ingest.usage.samples import Bools, Floats, Ints, first_of_each
from ingest.usage.seats import Seats
from ingest.usage.signals import HOUR_MS, Signal
from ingest.usage.tokens import Counters, Served, served

_PARTS = (Signal.SM, Signal.TENSOR, Signal.DRAM)
_TEXTS = ("namespace", "pod", "job_id", "user_name")

SCHEMA = pa.schema(
    [
        ("hour", pa.timestamp("us", tz="UTC")),
        *((name, pa.string()) for name in ("gpu_uuid", "slice", "host", *_TEXTS)),
        *(
            (name, pa.int64())
            for name in ("capacity_ms", "observed_ms", "allocated_ms", "activity_ms")
        ),
        *((name, pa.float64()) for name in ("memory_mean", "memory_max", "energy")),
        ("tokens_in", pa.int64()),
        ("tokens_out", pa.int64()),
        ("xid_count", pa.int32()),
        ("no_process_ms", pa.int64()),
        *((f"{part}_activity_ms", pa.int64()) for part in _PARTS),
        ("memory_total", pa.float64()),
        ("requests", pa.int64()),
        ("accelerator_model", pa.string()),
        ("mode", pa.string()),
    ]
)
"""The columns of ``gpu_usage``, in the table's order."""


@dataclass(slots=True)
class Reduced:
    """What the blocks of a day's GPUs added up."""

    seats: list[Sums] = field(default_factory=list)
    slots: list[Sums] = field(default_factory=list)
    gpus: list[Sums] = field(default_factory=list)
    seen: list[Sums] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Rows:
    """The table, and what is to be told beside it.

    ``unpublished`` are slices whose profile no table knows, ``overfull`` hours of GPUs whose slots
    were more than the GPU: it was cut anew in them.
    """

    table: pa.Table
    unpublished: tuple[str, ...]
    overfull: int
    unattributed: Served


def rows_of(day: date, seats: Seats, reduced: Reduced, counters: Counters) -> Rows:
    """Return the rows of a day."""
    sums = merged(reduced.seats, SEAT_COLUMNS)
    found = capacities_of(seats, merged(reduced.seen, SEEN), merged(reduced.slots, ("span",)))
    table = _Table(day, seats, found.slots, sums, merged(reduced.gpus, ("energy",)))
    tokens, unattributed = _tokens(seats, table, counters)
    return Rows(table.arrow(tokens), found.unpublished, found.overfull, unattributed)


class _Table:
    """The rows: holders' of each slot, and nobody's where something is left."""

    def __init__(self, day: date, seats: Seats, slots: Slots, sums: Sums, energy: Sums) -> None:
        """Divide capacities among holders and nobody, then everything else by these."""
        self._day, self._seats, self._sums = day, seats, sums
        self._ranks = ranks_of(seats)
        self._slots, self._at, self._sum_at = self._joined(slots)
        self.seats, self.hours = self._seats_and_hours()
        nobodies = nobodies_of(seats)[slots.keys[self._at] >> HOUR_BITS]
        self.held = nobodies != self.seats
        self.held_ticks = self._column("held")
        self.base = self._divided()
        kept = np.flatnonzero(self.base > 0)
        self._at, self._sum_at = self._at[kept], self._sum_at[kept]
        self.seats, self.hours, self.held = self.seats[kept], self.hours[kept], self.held[kept]
        self.held_ticks, self.base = self.held_ticks[kept], self.base[kept]
        self._energy = energy

    def arrow(self, tokens: dict[Signal, tuple[Ints, Bools]]) -> pa.Table:
        """Return the rows in Arrow, in the order of hour, GPU, slice and holder."""
        observed = self._observed()
        ticks = self._column("observed")
        activity = ratio(observed, self._column("activity"), ticks)
        seen = observed > 0
        known = self._floats("memory_known")
        columns = {
            **self._names(),
            "capacity_ms": pa.array(self._slots.capacities[self._at]),
            "observed_ms": pa.array(observed),
            "allocated_ms": pa.array(np.where(self.held, self.base, 0)),
            "activity_ms": _optional(activity, seen),
            "memory_mean": _optional(
                self._floats("memory") / np.maximum(known, 1) / 1000, known > 0
            ),
            "memory_max": _present(self._floats("max_memory")),
            "energy": _present(self._joules()),
            "xid_count": pa.array(self._column("xids").astype(np.int32)),
            "no_process_ms": self._empty(observed - activity),
            "memory_total": _present(self._floats("max_memory_total")),
            "mode": pa.array(self._modes()),
        }
        for part in _PARTS:
            its = ratio(observed, self._column(f"{part}_activity"), ticks)
            told = seen & (self._column(f"{part}_known") > 0)
            columns[f"{part}_activity_ms"] = _optional(its, told)
        for signal, (counts, told) in tokens.items():
            columns[signal.value] = _optional(counts, told)
        order = np.lexsort((self._ranks[self.seats], self.hours))
        table = pa.table([columns[name] for name in SCHEMA.names], schema=SCHEMA)
        return table.take(pa.array(order))

    def _joined(self, slots: Slots) -> tuple[Slots, Ints, Ints]:
        """Return, per row, its slot and its sums (-1 for none): holders first, then nobody."""
        slot_of = np.array(self._seats.slot_of, np.int64)
        nobodies = nobodies_of(self._seats)
        order = np.argsort(slots.keys)
        seats, hours = self._sums.keys >> HOUR_BITS, self._sums.keys & HOUR_MASK
        held = np.flatnonzero(nobodies[slot_of[seats]] != seats)
        its = (slot_of[seats[held]] << HOUR_BITS) + hours[held]
        at, there = _find(slots.keys[order], its)
        own = (nobodies[slots.keys >> HOUR_BITS] << HOUR_BITS) + (slots.keys & HOUR_MASK)
        free, known = _find(self._sums.keys, own)
        slot_at = np.append(order[at[there]], np.arange(slots.keys.size))
        sum_at = np.append(held[there], np.where(known, free, -1))
        row_seats = np.append(seats[held[there]], own >> HOUR_BITS)
        sorted_rows = np.lexsort((self._ranks[row_seats], slot_at))
        return slots, slot_at[sorted_rows], sum_at[sorted_rows]

    def _seats_and_hours(self) -> tuple[Ints, Ints]:
        keys = self._slots.keys[self._at]
        free = nobodies_of(self._seats)[keys >> HOUR_BITS]
        seats = free
        if self._sums.keys.size:
            seats = np.where(self._sum_at >= 0, self._sums.keys[self._sum_at] >> HOUR_BITS, free)
        return seats, keys & HOUR_MASK

    def _divided(self) -> Ints:
        """Divide each slot's capacity among its holders by time, and to nobody what is left."""
        spans = self._slots.spans[self._at]
        starts = first_of_each(self._at)
        mine = np.where(self.held, self.held_ticks, 0)
        taken = np.repeat(
            np.add.reduceat(mine, starts) if starts.size else mine,
            np.diff(np.append(starts, mine.size)),
        )
        weights = np.where(self.held, mine, np.maximum(spans - taken, 0))
        return largest_remainder(self._at, weights, self._slots.capacities[self._at])

    def _observed(self) -> Ints:
        ticks = self._column("observed")
        capacities, spans = self._slots.capacities[self._at], self._slots.spans[self._at]
        free = np.minimum(self.base, ratio(capacities, ticks, spans))
        return np.where(self.held, ratio(self.base, ticks, self.held_ticks), free)

    def _empty(self, unused: Ints) -> pa.Array:
        empty = ratio(self.base, self._column("empty"), self.held_ticks)
        known = self.held & (self._column("empty_known") > 0)
        return _optional(np.minimum(empty, unused), known)

    def _joules(self) -> Floats:
        """Return each row's energy; what no moment told of whom goes by unobserved or free time."""
        gpu_hours = self._slots.gpu_hours[self._at]
        groups, inverse = np.unique(gpu_hours, return_inverse=True)
        at, there = _find(self._energy.keys, groups)
        totals = np.full(groups.size, np.nan)
        totals[there] = self._energy.columns["energy"][at[there]]
        told = self._floats("energy") * self._slots.parts[self._at]
        left = np.maximum(totals - np.bincount(inverse, weights=told, minlength=groups.size), 0)
        gaps = ratio(self.base, self._column("gap"), self.held_ticks)
        weights = np.where(self.held, gaps, self.base).astype(np.float64)
        sums = np.bincount(inverse, weights=weights, minlength=groups.size)
        weights = np.where(sums[inverse] > 0, weights, self.base)
        sums = np.bincount(inverse, weights=weights, minlength=groups.size)
        joules: Floats = np.round((told + (left / np.maximum(sums, 1))[inverse] * weights) / 1e6, 3)
        return joules

    def _modes(self) -> list[str]:
        seats = self._seats
        replicas = [replicas_of(seats, gpu.host) for gpu in seats.gpus]
        size = self._slots.keys.size
        told = np.bincount(self._at, weights=self._flag("max_told"), minlength=size) > 0
        several = np.bincount(self._at, weights=self._flag("max_several"), minlength=size) > 0
        modes = []
        for at, key in enumerate((self._slots.keys >> HOUR_BITS).tolist()):
            slot = seats.slots[key]
            shared = several[at] or replicas[slot.gpu] > 1
            usual = "fraction" if told[at] else "time_slicing" if shared else "whole"
            modes.append("mig" if slot.name else usual)
        return [modes[at] for at in self._at.tolist()]

    def _names(self) -> dict[str, pa.Array]:
        seats = self._seats
        begin = int(datetime(*self._day.timetuple()[:3], tzinfo=UTC).timestamp())
        hours = pa.array((begin + self.hours * (HOUR_MS // 1000)) * 1_000_000)
        slots = [seats.slots[slot] for slot in seats.slot_of]
        gpus = [seats.gpus[slot.gpu] for slot in slots]
        models = {gpu.model: model_of_device(gpu.model) or None for gpu in seats.gpus}
        names: dict[str, list[str | None]] = {
            "gpu_uuid": [gpu.uuid for gpu in gpus],
            "slice": [slot.name for slot in slots],
            "host": [gpu.host for gpu in gpus],
            "accelerator_model": [models[gpu.model] for gpu in gpus],
            **{name: [getattr(one, name) or None for one in seats.holder_of] for name in _TEXTS},
        }
        at = pa.array(self.seats)
        columns = {name: pa.array(its, pa.string()).take(at) for name, its in names.items()}
        return {"hour": hours.cast(pa.timestamp("us", tz="UTC")), **columns}

    def _floats(self, name: str) -> Floats:
        """Return a column of the sums per row; rows without sums have none."""
        absent = np.nan if name.startswith("max_") else 0.0
        return np.append(self._sums.columns[name], absent)[self._sum_at]

    def _flag(self, name: str) -> Floats:
        flag: Floats = np.nan_to_num(self._floats(name))
        return flag

    def _column(self, name: str) -> Ints:
        return self._floats(name).astype(np.int64)


def replicas_of(seats: Seats, host: str) -> int:
    """Return to how many holders each GPU of a host is offered, 1 where it is not shared."""
    patterns = seats.rules.replicas.items()
    return next((count for pattern, count in patterns if fnmatchcase(host, pattern)), 1)


def _tokens(
    seats: Seats, table: _Table, counters: Counters
) -> tuple[dict[Signal, tuple[Ints, Bools]], Served]:
    """Give what pods served to their rows of the hour, by allocated time; tell what has none."""
    pods = [
        -1 if one == NOBODY else counters.pods.get((one.namespace, one.pod), -1)
        for one in seats.holder_of
    ]
    of = np.array(pods, np.int64)[table.seats]
    rows = np.flatnonzero(of >= 0)
    keys = (of[rows] << HOUR_BITS) + table.hours[rows]
    order = np.argsort(keys, kind="stable")
    rows, keys = rows[order], keys[order]
    counts: dict[Signal, tuple[Ints, Bools]] = {}
    missed: dict[Signal, int] = {}
    for signal in (Signal.TOKENS_IN, Signal.TOKENS_OUT, Signal.REQUESTS):
        sums = merged(counters.sums.get(signal, []), ("grown",))
        grown = sums.columns["grown"].astype(np.int64)
        at, there = _find(sums.keys, keys)
        told, result = np.zeros(table.seats.size, bool), np.zeros(table.seats.size, np.int64)
        mine = rows[there]
        result[mine] = largest_remainder(keys[there], table.base[mine], grown[at[there]])
        told[mine] = True
        counts[signal] = (result, told)
        missed[signal] = int(grown[~np.isin(sums.keys, keys)].sum())
    return counts, served(missed)


def _find(ascending: Ints, wanted: Ints) -> tuple[Ints, Bools]:
    """Return where each wanted number is, and whether it is there."""
    if not ascending.size:
        return np.zeros(wanted.size, np.int64), np.zeros(wanted.size, bool)
    at = np.minimum(np.searchsorted(ascending, wanted), ascending.size - 1)
    return at, ascending[at] == wanted


def _optional(values: Ints | Floats, there: Bools) -> pa.Array:
    return pa.array(values, mask=~there)


def _present(values: Floats) -> pa.Array:
    return pa.array(values, mask=np.isnan(values))
