"""How jobs shared a pool: first come, first served, in whole gangs, machines out for repair."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from service.demo.fleet import Pool
from service.demo.jobs import Attempt, Job
from service.demo.timeline import TICKS_PER_HOUR, Flags, Ints, Timeline, runs_of

PATIENCE_TICKS = 12 * TICKS_PER_HOUR
"""A job that would wait longer takes machines of its own instead."""

CARE_EVERY_HOURS = 240
FAILED_SHARE = 0.06


@dataclass(frozen=True, slots=True)
class Stay:
    """One GPU of the pool, held by an attempt over [start, end)."""

    gpu: int
    attempt: int
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Sharing:
    """What happened in a pool: attempts, the GPUs they held, the hours that each machine was up."""

    pool: Pool
    attempts: tuple[Attempt, ...]
    stays: tuple[Stay, ...]
    up: Flags
    turned_away: tuple[Job, ...]


@dataclass(frozen=True, slots=True)
class _Outage:
    """A machine is wanted out from ``tick`` on: for some hours once it is empty, or until then."""

    tick: int
    machine: int
    hours: int
    until: int | None = None


def share(
    pool: Pool, jobs: tuple[Job, ...], timeline: Timeline, rng: np.random.Generator
) -> Sharing:
    """Serve ``jobs`` in order of arrival on the pool's machines."""
    desk = _Desk(pool, timeline, rng)
    outages = [*_weekends(pool, timeline), *_care(pool, timeline, rng)]
    outages.sort(key=lambda outage: (outage.tick, outage.machine))
    waiting = iter((*outages, None))
    outage = next(waiting)
    for job in jobs:
        while outage is not None and outage.tick <= job.arrival:
            desk.take_out(outage)
            outage = next(waiting)
        desk.serve(job)
    while outage is not None:
        desk.take_out(outage)
        outage = next(waiting)
    return Sharing(pool, tuple(desk.attempts), tuple(desk.stays), desk.up, tuple(desk.turned_away))


class _Desk:
    """Who holds which GPU until when."""

    def __init__(self, pool: Pool, timeline: Timeline, rng: np.random.Generator) -> None:
        self._pool, self._timeline, self._rng = pool, timeline, rng
        self._width = pool.offer.type.accelerators
        self._free: Ints = np.zeros((pool.machines, self._width), dtype=np.int64)
        self.up: Flags = np.ones((pool.machines, timeline.hours), dtype=np.bool_)
        self.attempts: list[Attempt] = []
        self.stays: list[Stay] = []
        self.turned_away: list[Job] = []

    def take_out(self, outage: _Outage) -> None:
        """Drain a machine and leave it out for whole hours."""
        idle_from = max(outage.tick, int(self._free[outage.machine].max()))
        first = -(-idle_from // TICKS_PER_HOUR)
        end = first + outage.hours if outage.until is None else max(first, outage.until)
        self.up[outage.machine, first:end] = False
        self._free[outage.machine] = np.maximum(self._free[outage.machine], end * TICKS_PER_HOUR)

    def serve(self, job: Job) -> None:
        """Start the job on the machines that are free first, or turn it away."""
        start, gpus = self._earliest(job)
        if start - job.arrival > PATIENCE_TICKS:
            self.turned_away.append(job)
            return
        if start >= self._timeline.ticks:
            return
        failed = self._rng.random() < FAILED_SHARE
        ticks = max(10, job.ticks // 3) if failed else job.ticks
        end = min(start + ticks, self._timeline.ticks)
        over = start + ticks <= self._timeline.ticks
        state = ("failed" if failed else "completed") if over else "running"
        number = len(self.attempts)
        nodes = -(-job.gpus // self._width)
        self.attempts.append(
            Attempt(
                job, 1, self._pool.offer, self._pool.name, nodes, job.arrival, start, end, state
            )
        )
        self._free.reshape(-1)[gpus] = end
        self.stays.extend(Stay(int(gpu), number, start, end) for gpu in gpus)

    def _earliest(self, job: Job) -> tuple[int, Ints]:
        if job.gpus < self._width:
            ready = np.maximum(np.sort(self._free, axis=1)[:, job.gpus - 1], job.arrival)
            machine = int(np.argmin(ready))
            gpus = np.argsort(self._free[machine], kind="stable")[: job.gpus]
            return int(ready[machine]), machine * self._width + gpus
        empty = self._free.max(axis=1)
        machines = np.argsort(empty, kind="stable")[: job.gpus // self._width]
        gpus = (machines[:, None] * self._width + np.arange(self._width)).reshape(-1)
        return max(job.arrival, int(empty[machines].max())), gpus


def _weekends(pool: Pool, timeline: Timeline) -> Iterator[_Outage]:
    """The machines that nobody needs on Saturdays and Sundays."""
    for first, end in runs_of(timeline.weekend()):
        for machine in range(pool.weekend, pool.machines):
            yield _Outage(first, machine, 0, end // TICKS_PER_HOUR)


def _care(pool: Pool, timeline: Timeline, rng: np.random.Generator) -> Iterator[_Outage]:
    """Now and then a machine is repaired or gets a new driver."""
    times = rng.integers(0, timeline.hours, timeline.hours * pool.machines // CARE_EVERY_HOURS)
    for hour in times.tolist():
        machine, hours = rng.integers(0, pool.machines), rng.integers(3, 20)
        yield _Outage(int(hour) * TICKS_PER_HOUR, int(machine), int(hours))
