"""Reduces the samples of some hundred GPUs to sums by seat and hour."""

from dataclasses import dataclass, field

import numpy as np

from ingest.usage.batch import Batch, Context, by_gpu
from ingest.usage.hours import Sums
from ingest.usage.moments import intervals_of, moments_of
from ingest.usage.samples import HORIZON_MS, Arrangement, Bools, Buffer, Floats, Ints
from ingest.usage.signals import COUNTERS, Rules, Signal

_OF_SLOTS = tuple(one for one in Signal if one not in (*COUNTERS, Signal.SHARE))


@dataclass(slots=True)
class Block:
    """Some GPUs: their samples until they are reduced, and the sums after that."""

    rules: Rules
    origin_ms: int
    seats: list[Sums] = field(default_factory=list)
    slots: list[Sums] = field(default_factory=list)
    gpus: list[Sums] = field(default_factory=list)
    seen: list[Sums] = field(default_factory=list)
    oversubscribed: int = 0
    _buffers: dict[Signal, Buffer] = field(default_factory=dict)

    def buffer(self, signal: Signal) -> Buffer:
        """Return where samples of a signal wait."""
        found = self._buffers.get(signal)
        if found is None:
            found = self._buffers[signal] = Buffer(self.origin_ms)
        return found

    def close(self, context: Context) -> None:
        """Reduce what is complete when every sample before a time is known; keep the rest."""
        taken = self._taken(context)
        seen = [one.keys for signal, (one, _) in taken.items() if signal is not Signal.PROCESSES]
        present = _union(seen)
        if not present.size:
            return
        table = context.table
        moments = moments_of(by_gpu(table, present), self.rules.step_ms)
        intervals = intervals_of(moments, context.until_ms)
        if context.until_ms >= HORIZON_MS:
            intervals.complete[:] = True
        batch = Batch(self.rules, context, moments, intervals, present, taken)
        self._keep(taken, batch)
        if intervals.complete.any():
            self.seats.append(batch.seat_sums())
            self.slots.append(batch.slot_sums())
            self.gpus.append(batch.gpu_sums())
            self.oversubscribed += batch.oversubscribed()
        self.seen.append(batch.seen())

    def _taken(self, context: Context) -> dict[Signal, tuple[Arrangement, Floats]]:
        """Take every signal's samples; equal times of two signals are put in order once."""
        taken: dict[Signal, tuple[Arrangement, Floats]] = {}
        arrangement: Arrangement | None = None
        for signal in _OF_SLOTS:
            if signal not in self._buffers:
                continue
            keys, values = self._buffers[signal].take(context.since_ms, context.until_ms)
            if not keys.size:
                continue
            if arrangement is None or not np.array_equal(arrangement.raw, keys):
                arrangement = Arrangement(keys)
            taken[signal] = (arrangement, arrangement.values(values))
        return taken

    def _keep(self, taken: dict[Signal, tuple[Arrangement, Floats]], batch: Batch) -> None:
        """Keep the samples from each GPU's first moment that is not complete."""
        kept: Bools | None = None
        arrangement: Arrangement | None = None
        for signal, (its, values) in taken.items():
            if kept is None or its is not arrangement:
                arrangement, kept = its, batch.unfinished(its.keys)
            self._buffers[signal].keep(its.keys[kept], values[kept])


def _union(keys: list[Ints]) -> Ints:
    """Return all keys once; signals of one scrape share an array, which is looked at once."""
    different = list({id(one): one for one in keys}.values())
    if not different:
        return np.empty(0, np.int64)
    return different[0] if len(different) == 1 else np.unique(np.concatenate(different))
