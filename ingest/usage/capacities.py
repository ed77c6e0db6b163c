"""What each slot of a GPU has of each hour: the time that the GPU was there, divided by weight.

That is 3,600,000 ms, gaps included; less in the hour in which the GPU was first seen, which counts
from that look, and in the one in which it was last seen, which counts to one step after that.
"""

from dataclasses import dataclass

import numpy as np

from ingest.device_models import model_of_device
from ingest.usage.batch import HOUR_BITS, HOUR_MASK
from ingest.usage.hours import HOURS, TICKS, Sums
from ingest.usage.integers import largest_remainder
from ingest.usage.mig import REST, WHOLE, slice_weight
from ingest.usage.samples import Floats, Ints
from ingest.usage.seats import Seats
from ingest.usage.signals import DAY_MS, HOUR_MS

SEEN = ("max_first", "max_last")
"""The columns that say when a GPU was first and last seen, the first one negative."""

_WEIGHT_UNITS = 1000


@dataclass(frozen=True, slots=True)
class Slots:
    """Slots by hour, in the order of hour, GPU and name: what they have of how much time."""

    keys: Ints
    gpu_hours: Ints
    capacities: Ints
    spans: Ints
    parts: Floats


@dataclass(frozen=True, slots=True)
class Capacities:
    """The slots by hour; slices whose profile no table knows; hours of GPUs that were cut anew."""

    slots: Slots
    unpublished: tuple[str, ...]
    overfull: int


def capacities_of(seats: Seats, seen: Sums, found: Sums) -> Capacities:
    """Return what every slot has, from when GPUs were seen and how long their slots were there."""
    there = _gpu_hours(seen, seats.rules.step_ms)
    keys, spans = _with_unseen(seats, there.keys, found)
    return _capacities(seats, there, keys, spans)


@dataclass(frozen=True, slots=True)
class _GpuHours:
    """The hours in which GPUs were there, ascending, and for how long (milliseconds)."""

    keys: Ints
    lengths_ms: Ints


def _gpu_hours(seen: Sums, step_ms: int) -> _GpuHours:
    """Return the hours from each GPU's first look to its last one, and its time in each.

    Looks of the days beside tell that it was there before the day, or after it.
    """
    begins = np.maximum((-seen.columns["max_first"]).astype(np.int64) - DAY_MS, 0)
    last = seen.columns["max_last"].astype(np.int64) - DAY_MS
    ends = np.minimum(last + step_ms, DAY_MS)
    first_hours, last_hours = begins // HOUR_MS, np.minimum(last // HOUR_MS, HOURS - 1)
    counts = np.maximum(last_hours - first_hours + 1, 0)
    of = np.repeat(np.arange(counts.size), counts)
    hours = first_hours[of] + np.arange(of.size) - np.repeat(np.cumsum(counts) - counts, counts)
    lengths = np.minimum(ends[of], (hours + 1) * HOUR_MS) - np.maximum(begins[of], hours * HOUR_MS)
    return _GpuHours((seen.keys[of] << HOUR_BITS) + hours, lengths)


def _with_unseen(seats: Seats, gpu_hours: Ints, found: Sums) -> tuple[Ints, Ints]:
    """Return the slots of each hour and their time; a GPU that was not seen then is whole."""
    gpu_of = np.array([slot.gpu for slot in seats.slots], np.int64)
    of = (gpu_of[found.keys >> HOUR_BITS] << HOUR_BITS) + (found.keys & HOUR_MASK)
    inside = np.isin(of, gpu_hours)
    unseen = np.setdiff1d(gpu_hours, of)
    whole = [seats.slot(int(gpu), "") for gpu in unseen >> HOUR_BITS]
    keys = (np.array(whole, np.int64) << HOUR_BITS) + (unseen & HOUR_MASK)
    spans = np.append(found.columns["span"][inside], np.zeros(keys.size))
    return np.append(found.keys[inside], keys), spans.astype(np.int64)


def _capacities(seats: Seats, there: _GpuHours, keys: Ints, spans: Ints) -> Capacities:
    """Divide each hour of a GPU among its slots by weight, and to what no slot has.

    Where the slots of an hour are more than the GPU, it was cut anew: each has its weight for as
    long as it was there.
    """
    weights, unpublished = _weights(seats)
    gpus = np.array([slot.gpu for slot in seats.slots], np.int64)
    gpu_hours = (gpus[keys >> HOUR_BITS] << HOUR_BITS) + (keys & HOUR_MASK)
    hours, inverse = np.unique(gpu_hours, return_inverse=True)
    lengths = there.lengths_ms[np.searchsorted(there.keys, hours)]
    its = lengths[inverse]
    over = np.bincount(inverse, weights=weights[keys >> HOUR_BITS]) > WHOLE
    part = weights[keys >> HOUR_BITS]
    units = np.where(over[inverse], part * spans * _WEIGHT_UNITS // its, part * _WEIGHT_UNITS)
    used = np.bincount(inverse, weights=units).astype(np.int64)
    rest = np.flatnonzero(used < WHOLE * _WEIGHT_UNITS)
    rests = np.array([seats.slot(int(gpu), REST) for gpu in hours[rest] >> HOUR_BITS], np.int64)
    keys = np.append(keys, (rests << HOUR_BITS) + (hours[rest] & HOUR_MASK))
    units = np.append(units, WHOLE * _WEIGHT_UNITS - used[rest])
    spans = np.append(np.where(over[inverse], spans, its), lengths[rest])
    totals = np.append(its, lengths[rest])
    gpu_hours = np.append(gpu_hours, hours[rest])
    order = np.lexsort((ranks_of(seats)[nobodies_of(seats)[keys >> HOUR_BITS]], gpu_hours))
    keys, spans, gpu_hours, totals = keys[order], spans[order], gpu_hours[order], totals[order]
    capacities = largest_remainder(gpu_hours, units[order], totals)
    slots = Slots(keys, gpu_hours, capacities, spans * TICKS, capacities / totals)
    return Capacities(slots, unpublished, int(over.sum()))


def _weights(seats: Seats) -> tuple[Ints, tuple[str, ...]]:
    """Return the weight of each slot, and the profiles that are not published."""
    weights = []
    unpublished = set()
    for slot in seats.slots:
        model = seats.gpus[slot.gpu].model
        weight = slice_weight(model, slot.name, seats.rules.mig_weight)
        weights.append(weight.part)
        if not weight.published:
            unpublished.add(f"{model_of_device(model)} {slot.name.rpartition(':')[2]}".strip())
    return np.array(weights, np.int64), tuple(sorted(unpublished))


def nobodies_of(seats: Seats) -> Ints:
    """Return the seat of nobody on each slot."""
    return np.array([slot.nobody for slot in seats.slots], np.int64)


def ranks_of(seats: Seats) -> Ints:
    """Return the place of each seat in the order of GPU, slice and holder."""
    order = sorted(range(len(seats.slot_of)), key=seats.names)
    ranks = np.empty(len(order), np.int64)
    ranks[order] = np.arange(len(order))
    return ranks
