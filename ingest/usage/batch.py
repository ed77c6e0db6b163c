"""One closing of some GPUs: who held what, what it did, and the sums of it by hour."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from ingest.usage.hours import Sums, add_up, merged, pieces_of, ticks
from ingest.usage.moments import Intervals, Moments
from ingest.usage.samples import (
    TIME_BITS,
    TIME_MASK,
    Arrangement,
    Bools,
    Floats,
    Ints,
    among,
    ascending,
)
from ingest.usage.seats import Seats
from ingest.usage.sharing import Rows, SeatTable, Shares, ToldShares, own_values, shares_of
from ingest.usage.signals import DAY_MS, HOUR_MS, Rules, Signal

HOUR_BITS = 5
"""Sums are keyed by a number and an hour of the day in one integer."""

HOUR_MASK = (1 << HOUR_BITS) - 1

_PARTS = (Signal.SM, Signal.TENSOR, Signal.DRAM)
SEAT_COLUMNS = (
    *("held", "gap", "observed", "activity", "empty", "empty_known", "energy", "xids"),
    *(f"{part}_{kind}" for part in _PARTS for kind in ("activity", "known")),
    *("memory", "memory_known", "max_memory", "max_memory_total", "max_told", "max_several"),
)


@dataclass(frozen=True, slots=True)
class Context:
    """What is known of all seats when an hour is closed."""

    seats: Seats
    table: SeatTable
    replicas: Ints
    told_shares: ToldShares
    pods: tuple[Ints, Ints] | None
    since_ms: int
    until_ms: int


class Batch:
    """The rows of one closing, with their shares and values."""

    def __init__(  # noqa: PLR0913, PLR0917 - the parts of one closing
        self,
        rules: Rules,
        context: Context,
        moments: Moments,
        intervals: Intervals,
        present: Ints,
        taken: dict[Signal, tuple[Arrangement, Floats]],
    ) -> None:
        """Make the rows of moments, ``present`` being the keys of seats that were there."""
        self._rules, self._context, self._table = rules, context, context.table
        self._moments, self._intervals = moments, intervals
        self._count = moments.keys.size
        pairs = self._pairs(present)
        self._known = {id(present): pairs}
        hints = np.empty(0, np.int64)
        if Signal.PROCESSES in taken:
            hints = self._told(taken[Signal.PROCESSES][0])[0]
        self._rows = Rows(self._table, ascending(pairs), ascending(hints), self._count)
        self._taken = taken
        self._times = moments.times
        self._done = intervals.complete[self._rows.moments] & self._rows.alive
        self._shares = self._shared()

    def seen(self) -> Sums:
        """Return the times of each GPU's first and last moment."""
        times = self._times.astype(np.float64)
        return add_up(self._moments.gpus, {"max_last": times, "max_first": -times})

    def unfinished(self, keys: Ints) -> Bools:
        """Say which keys are of moments that are not complete, or not begun."""
        at = self._moments.begun(by_gpu(self._table, keys))
        return (at >= 0) & ~self._intervals.complete[np.maximum(at, 0)]

    def oversubscribed(self) -> int:
        """Count the moments of slots whose shares were more than there is."""
        over = self._done & self._shares.over
        return np.unique(self._rows.slot_moments[over]).size if over.any() else 0

    def seat_sums(self) -> Sums:
        """Add up what each seat held and did by hour."""
        at = np.flatnonzero(self._done)
        moments = self._rows.moments[at]
        pieces = pieces_of(self._times[moments], self._intervals.covered[moments])
        columns = self._columns(at[pieces.of], pieces.lengths_ms)
        keys = (self._rows.seats[at[pieces.of]] << HOUR_BITS) + pieces.hours
        parts = [add_up(keys, columns), self._gaps(), self._left(), self._xids()]
        return merged_sums([part for part in parts if part.keys.size])

    def slot_sums(self) -> Sums:
        """Add up for how long each slot was there by hour, gaps between included."""
        rows = self._rows
        at = np.flatnonzero(self._done)
        pairs = ascending(self._table.slots[rows.seats[at]] * self._count + rows.moments[at])
        everywhere = np.flatnonzero(rows.alive)
        there = self._table.slots[rows.seats[everywhere]] * self._count + rows.moments[everywhere]
        moments = pairs % self._count
        stays = self._intervals.followed[moments] & among(pairs + 1, ascending(there))
        ends = np.where(stays, self._intervals.following[moments], self._intervals.covered[moments])
        pieces = pieces_of(self._times[moments], ends)
        keys = (pairs[pieces.of] // self._count << HOUR_BITS) + pieces.hours
        return add_up(keys, {"span": pieces.lengths_ms})

    def gpu_sums(self) -> Sums:
        """Add up each GPU's energy by hour, in microjoules, where it is known."""
        covered, gap = self._watts
        done, intervals = self._intervals.complete, self._intervals
        sums = []
        for watts, begins, ends in (
            (covered, self._times, intervals.covered),
            (gap, intervals.covered, intervals.following),
        ):
            at = np.flatnonzero(done & ~np.isnan(watts))
            pieces = pieces_of(begins[at], ends[at])
            keys = (self._moments.gpus[at[pieces.of]] << HOUR_BITS) + pieces.hours
            energy = np.rint(pieces.lengths_ms * watts[at[pieces.of]] * 1000)
            sums.append(add_up(keys, {"energy": energy}))
        return merged_sums(sums)

    def _pairs(self, keys: Ints) -> Ints:
        """Return seat and moment of each key in one integer, negative where no moment covers."""
        moments = self._moments.locate(by_gpu(self._table, keys))
        return np.where(moments < 0, -1, (keys >> TIME_BITS) * self._count + moments)

    def _told(self, arrangement: Arrangement) -> tuple[Ints, Ints]:
        """Return the pairs that a signal tells of, and which of its samples these are."""
        pairs = self._known.get(id(arrangement.keys))
        if pairs is None:
            pairs = self._known[id(arrangement.keys)] = self._pairs(arrangement.keys)
        at = np.flatnonzero(pairs >= 0)
        return pairs[at], at

    def _own(self, signal: Signal) -> Floats:
        """Return each row's own value of a signal, NaN where there is none."""
        if signal not in self._taken:
            return np.full(self._rows.pairs.size, np.nan)
        arrangement, values = self._taken[signal]
        pairs, at = self._told(arrangement)
        return self._rows.aligned(pairs, values[at])

    def _value(self, signal: Signal) -> Floats:
        """Return each row's value of a signal, the device's where a holder has none."""
        return self._rows.device_level(self._own(signal))

    @cached_property
    def _activity(self) -> Floats:
        """Each row's activity, 0 to 1."""
        activity = self._value(Signal.ACTIVITY)
        if Signal.ACTIVITY_FALLBACK in self._taken:
            # Utilisation in percent is the device's and says nothing of a slice.
            whole = ~self._table.sliced[self._rows.seats]
            fallback = self._value(Signal.ACTIVITY_FALLBACK) / 100
            activity = np.where(np.isnan(activity) & whole, fallback, activity)
        return np.minimum(activity, 1.0)

    def _shared(self) -> Shares:
        rows, context = self._rows, self._context
        told = np.full(rows.pairs.size, np.nan)
        if context.pods is not None:
            # Half a step later all samples are known that this moment's interval begins with.
            ends = self._times[rows.moments] + self._rules.step_ms // 2
            for pods in context.pods:
                its = pods[rows.seats]
                at = np.flatnonzero(np.isnan(told) & (its >= 0))
                told[at] = context.told_shares.at(its[at], ends[at])
        return shares_of(rows, told, context.replicas[self._table.gpus[rows.seats]])

    def _columns(self, at: Ints, lengths_ms: Ints) -> dict[str, Floats]:
        """Return what is added up of pieces of rows ``at``."""
        rows, shares = self._rows, self._shares
        part = shares.shares[at]
        activity = self._activity
        observed = ~np.isnan(activity)[at]
        used = self._value(Signal.MEMORY_USED)
        columns = {
            "held": ticks(lengths_ms, part),
            "observed": np.where(observed, ticks(lengths_ms, part), 0.0),
            "activity": self._active(activity, at, lengths_ms),
            "energy": _zero(np.rint(lengths_ms * self._watts[0][rows.moments[at]] * part * 1000)),
            "max_told": shares.told[at].astype(np.float64),
            "max_several": shares.several[at].astype(np.float64),
        }
        empty = self._empty(activity, used)[at]
        columns["empty_known"] = (observed & ~np.isnan(empty)).astype(np.float64)
        columns["empty"] = np.where(observed, _zero(ticks(lengths_ms, part * empty)), 0.0)
        for signal in _PARTS:
            if signal in self._taken:
                value = np.where(np.isnan(activity), np.nan, np.minimum(self._value(signal), 1.0))
                columns[f"{signal}_known"] = (~np.isnan(value[at])).astype(np.float64)
                columns[f"{signal}_activity"] = self._active(value, at, lengths_ms)
        return columns | self._memory(used, at, lengths_ms)

    def _active(self, value: Floats, at: Ints, lengths_ms: Ints) -> Floats:
        """Return the active ticks: the device's value by share, an own one at most the share."""
        shares = self._shares.shares
        own = own_values(self._rows, self._shares, value)
        active = np.where(own, np.minimum(value, shares), value * shares)
        return _zero(ticks(lengths_ms, active[at]))

    def _memory(self, used: Floats, at: Ints, lengths_ms: Ints) -> dict[str, Floats]:
        """Return memory by time; a device's value, repeated for several holders, is divided."""
        shares = self._shares
        if np.isnan(used).all():
            return {}
        total = (used + self._value(Signal.MEMORY_FREE))[at]
        if shares.several.any():
            repeated = shares.several & ~own_values(self._rows, shares, used)
            divided = used * shares.shares / np.maximum(shares.totals, 1e-9)
            used = np.where(repeated, divided, used)
        mine = used[at]
        known = ~np.isnan(mine)
        return {
            "memory": _zero(np.rint(mine * lengths_ms * 1000)),
            "memory_known": np.where(known, lengths_ms, 0).astype(np.float64),
            "max_memory": mine,
            "max_memory_total": total,
        }

    def _empty(self, activity: Floats, used: Floats) -> Floats:
        """Return the part of each row's time without a process on the GPU, NaN for unknown."""
        by_memory = np.where((used <= self._rules.no_process_mib) & (activity == 0), 1.0, 0.0)
        by_memory[np.isnan(used) | np.isnan(activity)] = np.nan
        if Signal.PROCESSES not in self._taken:
            return by_memory
        processes = self._value(Signal.PROCESSES)
        counted = np.where(processes == 0, 1 - activity, 0.0)
        return np.where(np.isnan(processes), by_memory, counted)

    def _gaps(self) -> Sums:
        """Add up the gaps in which the holder before and after held on."""
        rows, intervals = self._rows, self._intervals
        gap = intervals.followed & (intervals.following > intervals.covered)
        at = np.flatnonzero(self._done & rows.held & rows.stays & gap[rows.moments])
        moments = rows.moments[at]
        pieces = pieces_of(intervals.covered[moments], intervals.following[moments])
        both = np.minimum(self._shares.shares[at], self._shares.shares[at + 1 if at.size else at])
        held = ticks(pieces.lengths_ms, both[pieces.of])
        keys = (rows.seats[at[pieces.of]] << HOUR_BITS) + pieces.hours
        return add_up(keys, {"held": held, "gap": held})

    def _left(self) -> Sums:
        """Add up the observed time that nobody has beside holders of less than the whole."""
        rows, shares = self._rows, self._shares
        left = self._done & rows.held & (shares.totals < 1 - 1e-9)
        left &= ~np.isnan(self._activity)
        at = np.flatnonzero(left)
        if not rows.alone and at.size:
            at = at[np.unique(rows.slot_moments[at], return_index=True)[1]]
        moments = rows.moments[at]
        pieces = pieces_of(self._times[moments], self._intervals.covered[moments])
        of = at[pieces.of]
        free = ticks(pieces.lengths_ms, 1 - shares.totals[of])
        keys = (self._table.nobodies[rows.seats[of]] << HOUR_BITS) + pieces.hours
        return add_up(keys, {"held": free, "observed": free})

    @cached_property
    def _watts(self) -> tuple[Floats, Floats]:
        """Return the power over the covered part of each interval, and over its gap.

        A counter tells both; where it is missing or began again, power tells the covered part.
        """
        power = self._rows.per_moment(self._own(Signal.POWER))
        if Signal.ENERGY not in self._taken:
            return power, np.full(self._count, np.nan)
        counter = self._rows.per_moment(self._own(Signal.ENERGY))
        following = np.where(self._intervals.followed, np.append(counter[1:], np.nan), np.nan)
        grown = following - counter
        lengths = self._intervals.following - self._times
        begun_again = np.where(np.isnan(power), following / lengths, np.nan)
        mean = np.where(grown >= 0, grown / lengths, begun_again)
        return np.where(np.isnan(mean), power, mean), mean

    def _xids(self) -> Sums:
        """Count each new error once: for the largest share, of several the first by name."""
        if Signal.XID not in self._taken:
            return add_up(np.empty(0, np.int64), {})
        told = self._rows.per_moment(self._own(Signal.XID))
        changed = np.zeros(self._count, bool)
        changed[1:] = (told[1:] != told[:-1]) & (told[1:] > 0) & ~np.isnan(told[:-1])
        # A change is counted when the moment before it is complete, as that one is kept till then.
        changed[1:] &= self._intervals.followed[:-1] & self._intervals.complete[:-1]
        inside = (self._times >= DAY_MS) & (self._times < 2 * DAY_MS)
        at = np.flatnonzero((changed & inside)[self._rows.moments] & self._rows.alive)
        struck: dict[int, tuple[float, tuple[str, ...], int]] = {}
        for row in at.tolist():
            seat, moment = int(self._rows.seats[row]), int(self._rows.moments[row])
            one = (-float(self._shares.shares[row]), self._context.seats.names(seat), seat)
            struck[moment] = min(struck.get(moment, one), one)
        hours = (self._times - DAY_MS) // HOUR_MS
        keys = [(one[-1] << HOUR_BITS) + int(hours[moment]) for moment, one in struck.items()]
        return add_up(np.array(keys, np.int64), {"xids": np.ones(len(keys))})


def merged_sums(sums: list[Sums]) -> Sums:
    """Add up parts of one closing, each of some of the columns."""
    names = dict.fromkeys(name for one in sums for name in one.columns)
    return merged(sums, names)


def _zero(values: Floats) -> Floats:
    return np.where(np.isnan(values), 0.0, values)


def by_gpu(table: SeatTable, keys: Ints) -> Ints:
    """Return keys of seat and time as keys of GPU and time."""
    by_gpu: Ints = (table.gpus[keys >> TIME_BITS] << TIME_BITS) + (keys & TIME_MASK)
    return by_gpu
