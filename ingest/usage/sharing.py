"""Who holds what share of a GPU or slice at each moment.

A row is one seat at one moment. Where somebody holds a slot, nobody's own row only tells what the
device says; where a GPU has slices, so does the row of the whole GPU.
"""

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from ingest.usage.samples import TIME_BITS, Arrangement, Bools, Floats, Ints, among, first_of_each
from ingest.usage.seats import Seats

_GRID = float(1 << 40)


@dataclass(frozen=True, slots=True)
class SeatTable:
    """The seats as arrays, by a seat's number."""

    slots: Ints
    gpus: Ints
    nobodies: Ints
    held: Bools
    sliced: Bools

    @classmethod
    def of(cls, seats: Seats) -> "SeatTable":
        """Return the seats that are known by now."""
        slots = np.array(seats.slot_of, np.int64)
        gpu_of = np.array([slot.gpu for slot in seats.slots], np.int64)
        nobody_of = np.array([slot.nobody for slot in seats.slots], np.int64)
        sliced_of = np.array([bool(slot.name) for slot in seats.slots], bool)
        nobodies = nobody_of[slots]
        held = nobodies != np.arange(slots.size)
        return cls(slots, gpu_of[slots], nobodies, held, sliced_of[slots])


class Rows:
    """Seats at moments, in the order of both; ``alive`` ones stand for themselves."""

    def __init__(self, table: SeatTable, present: Ints, hints: Ints, moments: int) -> None:
        """Take pairs of seat and moment, ascending; ``hints`` do not say that a slot is there."""
        self.pairs = present if _within(hints, present) else np.union1d(present, hints)
        self.seats = self.pairs // moments
        self.moments = self.pairs % moments
        self._table = table
        self._count = moments
        self._present = self.pairs is present or among(self.pairs, present)
        self.held = table.held[self.seats]
        self.alone = bool(np.bincount(self.moments, minlength=moments).max(initial=0) <= 1)

    @cached_property
    def groups(self) -> Ints:
        """The number of each row's slot and moment."""
        return np.unique(self.slot_moments, return_inverse=True)[1]

    @cached_property
    def slot_moments(self) -> Ints:
        """Each row's slot and moment in one integer."""
        moments: Ints = self._table.slots[self.seats] * self._count + self.moments
        return moments

    @cached_property
    def alive(self) -> Bools:
        """Which rows are a holder's, or nobody's where there is no holder."""
        if self.alone:
            return np.broadcast_to(np.asarray(self._present), self.pairs.shape)
        holders = np.bincount(self.groups, weights=self.held & self._present) > 0
        sliced = self._table.sliced[self.seats]
        cut = np.zeros(self._count, bool)
        cut[self.moments[sliced & self._present]] = True
        alive: Bools = self._present & (self.held | ~holders[self.groups])
        return alive & (sliced | ~cut[self.moments])

    @cached_property
    def stays(self) -> Bools:
        """Which rows are followed by one of the same seat at the next moment."""
        alive = self.alive
        stays = np.zeros(self.pairs.size, bool)
        stays[:-1] = alive[:-1] & alive[1:] & (self.pairs[1:] == self.pairs[:-1] + 1)
        return stays

    def aligned(self, pairs: Ints, values: Floats) -> Floats:
        """Return per row the value that its pair was told; of several the largest."""
        if np.array_equal(pairs, self.pairs):
            return values
        told = np.full(self.pairs.size, np.nan)
        if pairs.size:
            starts = first_of_each(pairs)
            told[np.searchsorted(self.pairs, pairs[starts])] = np.fmax.reduceat(values, starts)
        return told

    def device_level(self, values: Floats) -> Floats:
        """Fill a holder's absent values with what the device told without a holder."""
        if self.alone:
            return values
        nobody = self._table.nobodies[self.seats] * self._count + self.moments
        at = np.minimum(np.searchsorted(self.pairs, nobody), self.pairs.size - 1)
        there = np.isnan(values) & (self.pairs[at] == nobody)
        return np.where(there, values[at], values)

    def per_moment(self, values: Floats) -> Floats:
        """Return the largest value of each moment: what concerns the GPU is repeated."""
        largest = np.full(self._count, np.nan)
        if self.alone:
            largest[self.moments] = values
            return largest
        order = np.argsort(self.moments, kind="stable")
        starts = first_of_each(self.moments[order])
        largest[self.moments[order][starts]] = np.fmax.reduceat(values[order], starts)
        return largest


@dataclass(frozen=True, slots=True)
class Shares:
    """Each row's share of its slot, 1 for nobody; and what nobody has beside holders.

    ``told`` says where a source tells the share; ``several`` where there is more than one holder;
    ``over`` where the shares were more than there is, and were scaled down.
    """

    shares: Floats
    totals: Floats
    told: Bools
    several: Bools
    over: Bools


def shares_of(rows: Rows, told: Floats, replicas: Ints) -> Shares:
    """Return the shares: as told, else one of the replicas, else an equal part of what is left.

    Args:
        rows: The seats at moments.
        told: Each row's share as a source tells it, NaN where none does.
        replicas: How many holders each row's GPU is offered to, 1 where it is not shared.
    """
    holding = rows.held & rows.alive
    known = ~np.isnan(told)
    told = _exact(told)
    if rows.alone:
        shares = np.where(holding, np.where(known, told, 1 / replicas), 1.0)
        nowhere = np.zeros(shares.size, bool)
        return Shares(shares, shares, known & holding, nowhere, nowhere)
    groups = rows.groups
    sums = np.bincount(groups, weights=np.where(holding & known, told, 0.0))
    untold = np.bincount(groups, weights=holding & ~known)
    left = np.maximum(1 - sums, 0) / np.maximum(untold, 1)
    usual = np.where(replicas > 1, 1 / replicas, left[groups])
    shares = np.where(holding, np.where(known, told, _exact(usual)), 0.0)
    totals = np.bincount(groups, weights=shares)
    over = totals > 1 + 1e-9
    shares = np.where(over[groups], shares / np.maximum(totals, 1)[groups], shares)
    totals = np.minimum(totals, 1.0)[groups]
    several = np.bincount(groups, weights=holding)[groups] > 1
    nobody = rows.alive & ~rows.held
    return Shares(
        shares=np.where(nobody, 1.0, shares),
        totals=np.where(nobody, 1.0, totals),
        told=known & holding,
        several=several & holding,
        over=over[groups] & holding,
    )


def own_values(rows: Rows, shares: Shares, values: Floats) -> Bools:
    """Say where several holders' values differ: then none of them is the device's, repeated."""
    if not shares.several.any():
        return np.zeros(values.size, bool)
    at = np.flatnonzero(shares.several & ~np.isnan(values))
    order = at[np.argsort(rows.groups[at], kind="stable")]
    differ = np.zeros(int(rows.groups.max()) + 1, bool)
    if order.size:
        ordered = rows.groups[order]
        starts = first_of_each(ordered)
        least = np.minimum.reduceat(values[order], starts)
        differ[ordered[starts]] = least < np.maximum.reduceat(values[order], starts)
    own: Bools = differ[rows.groups] & shares.several
    return own


class ToldShares:
    """The shares that a source told of pods, each until it tells another."""

    def __init__(self) -> None:
        """Begin with none."""
        self._arranged: Arrangement | None = None
        self._values: Floats = np.empty(0)
        self.pods: dict[tuple[str, str, str], int] = {}

    def learn(self, keys: Ints, values: Floats) -> None:
        """Take samples of shares in percent, keyed by pod and time; keep what changes."""
        inside = (values > 0) & (values < np.inf)
        known = self._arranged.keys if self._arranged else np.empty(0, np.int64)
        arranged = Arrangement(np.concatenate([known, keys[inside]]))
        told = np.minimum(values[inside] / 100, 1.0)
        ordered = arranged.values(np.concatenate([self._values, told]))
        pods = arranged.keys >> TIME_BITS
        changed = np.append(True, (pods[1:] != pods[:-1]) | (ordered[1:] != ordered[:-1]))
        kept = np.flatnonzero(changed[: ordered.size])
        self._arranged = Arrangement(arranged.keys[kept])
        self._values = ordered[kept]

    def at(self, pods: Ints, times: Ints) -> Floats:
        """Return each pod's share just before a time, NaN where none was told by then."""
        if self._arranged is None or not self._values.size:
            return np.full(pods.size, np.nan)
        found = np.searchsorted(self._arranged.keys, (pods << TIME_BITS) + times) - 1
        of_pod = self._arranged.keys[np.maximum(found, 0)] >> TIME_BITS == pods
        return np.where((found >= 0) & of_pod, self._values[np.maximum(found, 0)], np.nan)

    def numbers(self, seats: Seats) -> tuple[Ints, Ints]:
        """Return the pods of each seat: as told of its GPU, and as told of no GPU; -1 for none."""
        uuids = [gpu.uuid for gpu in seats.gpus]
        holders = seats.holder_of
        on_gpu = [
            self.pods.get((uuids[seats.gpu_of(seat)], one.namespace, one.pod), -1)
            for seat, one in enumerate(holders)
        ]
        anywhere = [self.pods.get(("", one.namespace, one.pod), -1) for one in holders]
        return np.array(on_gpu, np.int64), np.array(anywhere, np.int64)


def _exact(shares: Floats) -> Floats:
    """Return shares in so many bits that sums of them are exact, whatever their order."""
    exact: Floats = np.rint(shares * _GRID) / _GRID
    return exact


def _within(some: Ints, ascending: Ints) -> bool:
    return some is ascending or not some.size or bool(among(some, ascending).all())
