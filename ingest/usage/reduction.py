"""Reduces a day's samples to rows of ``gpu_usage``, hour by hour, in whatever pieces they come."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime

import numpy as np
import pyarrow as pa

from ingest.usage.batch import Context
from ingest.usage.block import Block
from ingest.usage.rows import Reduced, Rows, replicas_of, rows_of
from ingest.usage.samples import HORIZON_MS, Buffer
from ingest.usage.seats import BLOCK_GPUS, Seats
from ingest.usage.sharing import SeatTable, ToldShares
from ingest.usage.signals import COUNTERS, DAY_MS, Rules, Series, Signal
from ingest.usage.tokens import Counters, Served


@dataclass(frozen=True, slots=True)
class Findings:
    """What is to be told of a day beside its rows.

    ``unidentified`` counts kinds of series that tell no GPU, ``oversubscribed`` moments of slots
    whose told shares were more than one, ``overfull`` hours in which a GPU was cut anew,
    ``unpublished_profiles`` MIG profiles that were read from their name.
    """

    unidentified: int
    oversubscribed: int
    overfull: int
    unpublished_profiles: tuple[str, ...]


class DayReduction:
    """One day of samples; ``table`` gives its rows when everything was added."""

    def __init__(self, day: date, rules: Rules) -> None:
        """Begin a day, a day of UTC."""
        self._day = day
        begin = datetime(day.year, day.month, day.day, tzinfo=UTC)
        self._origin_ms = int(begin.timestamp()) * 1000 - DAY_MS
        self._seats = Seats(rules)
        self._blocks: list[Block] = []
        self._counters = Counters(self._origin_ms, rules.step_ms)
        self._told_shares = ToldShares()
        self._shares = Buffer(self._origin_ms)
        self._closed_ms = 0
        self._rows: Rows | None = None

    def add(self, signal: Signal, series: Iterable[Series]) -> None:
        """Take stretches of a signal's series, those of one series in time order.

        A sample that comes twice counts once. Samples of up to a day before and after only tell of
        gaps at the edges. What is before a closed hour's end was known when it was closed.
        """
        if self._rows is not None:
            raise ValueError(f"the day {self._day} is reduced: nothing can be added any more")
        if signal in COUNTERS:
            self._add_counters(signal, series)
        elif signal is Signal.SHARE:
            self._add_shares(series)
        else:
            self._add_of_gpus(signal, series)

    def close_hour(self, until_ms: int) -> None:
        """Reduce and forget what was before a time: all samples before it were added."""
        self._close(min(until_ms - self._origin_ms, HORIZON_MS - 1))

    def table(self) -> pa.Table:
        """Return the rows, in the order of hour, GPU, slice and holder."""
        return self._finished().table

    @property
    def unattributed_tokens(self) -> Served:
        """What pods served in hours in which they held no GPU."""
        return self._finished().unattributed

    @property
    def findings(self) -> Findings:
        """What is to be told beside the rows."""
        rows = self._finished()
        return Findings(
            unidentified=self._seats.unidentified,
            oversubscribed=sum(block.oversubscribed for block in self._blocks),
            overfull=rows.overfull,
            unpublished_profiles=rows.unpublished,
        )

    def _finished(self) -> Rows:
        if self._rows is None:
            self._close(HORIZON_MS)
            reduced = Reduced()
            for block in self._blocks:
                reduced.seats += block.seats
                reduced.slots += block.slots
                reduced.gpus += block.gpus
                reduced.seen += block.seen
            self._rows = rows_of(self._day, self._seats, reduced, self._counters)
        return self._rows

    def _add_of_gpus(self, signal: Signal, series: Iterable[Series]) -> None:
        seats, slots = self._seats, self._seats.slots
        slot_of = seats.slot_of
        buffers: dict[int, Buffer] = {}
        for one in series:
            seat = seats.seat(one.labels)
            if seat < 0:
                continue
            number = slots[slot_of[seat]].gpu // BLOCK_GPUS
            buffer = buffers.get(number)
            if buffer is None:
                buffer = buffers[number] = self._block(number).buffer(signal)
            buffer.add(seat, one.times_ms, one.values)

    def _add_shares(self, series: Iterable[Series]) -> None:
        for one in series:
            place = self._seats.place(one.labels)
            pod = (place.gpu_uuid, place.holder.namespace, place.holder.pod)
            if place.holder.pod:
                pods = self._told_shares.pods
                self._shares.add(pods.setdefault(pod, len(pods)), one.times_ms, one.values)

    def _add_counters(self, signal: Signal, series: Iterable[Series]) -> None:
        buffer = self._counters.buffer(signal)
        for one in series:
            holder = self._seats.place(one.labels).holder
            number = self._counters.series(signal, one.labels, (holder.namespace, holder.pod))
            buffer.add(number, one.times_ms, one.values)

    def _block(self, number: int) -> Block:
        while len(self._blocks) <= number:
            self._blocks.append(Block(self._seats.rules, self._origin_ms))
        return self._blocks[number]

    def _close(self, until_ms: int) -> None:
        self._counters.close(self._closed_ms, until_ms)
        self._told_shares.learn(*self._shares.take(self._closed_ms, until_ms))
        context = self._context(until_ms)
        for block in self._blocks:
            block.close(context)
        self._closed_ms = max(self._closed_ms, until_ms)

    def _context(self, until_ms: int) -> Context:
        seats, shares = self._seats, self._told_shares
        hosts = {gpu.host: replicas_of(seats, gpu.host) for gpu in seats.gpus}
        return Context(
            seats=seats,
            table=SeatTable.of(seats),
            replicas=np.array([hosts[gpu.host] for gpu in seats.gpus], np.int64),
            told_shares=shares,
            pods=shares.numbers(seats) if shares.pods else None,
            since_ms=self._closed_ms,
            until_ms=until_ms,
        )
