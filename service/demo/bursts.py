"""Jobs on machines of their own: spot attempts that are taken back, then another try."""

from collections.abc import Iterator

import numpy as np

from service.demo.fleet import Offer
from service.demo.jobs import CHECKPOINT_TICKS, Attempt, Job
from service.demo.timeline import TICKS_PER_HOUR, Timeline

SPOT_SHAPE = 0.6
SPOT_SCALE_HOURS = 14.0
"""Spot machines die young: a Weibull life whose hazard falls with age."""

SPOT_TRIES = 4
"""After so many tries a job goes on demand."""

SHORTEST_TICKS = 10
FAILED_SHARE = 0.05


def attempts_of(
    job: Job, offer: Offer, nodes: int, timeline: Timeline, rng: np.random.Generator
) -> Iterator[Attempt]:
    """Run a job to its end, or to the window's; each time, work since the last save is lost."""
    left, at, number = job.ticks, job.arrival, 1
    failed = rng.random() < FAILED_SHARE
    while at < timeline.ticks:
        bought = offer if number <= SPOT_TRIES else _on_demand(offer)
        life = _life(bought, rng)
        start = at + int(rng.integers(3, 12))
        end = start + min(left, life)
        if start >= timeline.ticks:
            return
        state = _state(end, timeline, done=left <= life, failed=failed)
        yield Attempt(job, number, bought, "", nodes, at, start, min(end, timeline.ticks), state)
        if state != "preempted":
            return
        saved = life // CHECKPOINT_TICKS * CHECKPOINT_TICKS
        left, number = left - saved, number + 1
        at = end + int(rng.integers(5, 100))


def _on_demand(offer: Offer) -> Offer:
    return Offer(offer.machine_type, offer.region, offer.zone)


def _life(offer: Offer, rng: np.random.Generator) -> int:
    """How long the provider lets the machines run."""
    if offer.model != "spot":
        return 2**40
    hours = SPOT_SCALE_HOURS * rng.weibull(SPOT_SHAPE)
    return max(SHORTEST_TICKS, int(hours * TICKS_PER_HOUR))


def _state(end: int, timeline: Timeline, *, done: bool, failed: bool) -> str:
    if end > timeline.ticks:
        return "running"
    if not done:
        return "preempted"
    return "failed" if failed else "completed"
