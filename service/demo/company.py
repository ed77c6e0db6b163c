"""Invents the company: job runs first, then the bills, usage and files that follow from them."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import numpy as np
import pyarrow as pa

from service.demo.bills import BillTotal, World, bill_totals, cost_lines, write_bills
from service.demo.bursts import attempts_of
from service.demo.clouds import CLOUDS
from service.demo.commitments import Commitment, commitments_of
from service.demo.demand import write_queue
from service.demo.fleet import POOLS, Offer, Pool
from service.demo.jobs import Attempt, burst_jobs, pool_jobs
from service.demo.machines import (
    Machine,
    desk_machines,
    fleet_machines,
    own_machines,
    pool_machines,
)
from service.demo.market import market_of
from service.demo.own_usage import own_usage_rows
from service.demo.papers import write_capacity, write_policy
from service.demo.records import write_jobs, write_nodes, write_prices
from service.demo.sharing import Sharing, share
from service.demo.timeline import Timeline
from service.demo.usage import usage_rows, write_usage


@dataclass(frozen=True, slots=True)
class Company:
    """Where everything lies, and what it was made from.

    ``totals`` are the sums of the cost lines before they were written; ``attempts``, ``machines``
    and ``commitments`` are what the lines were made from. Ticks count from ``timeline.start``.
    """

    timeline: Timeline
    bills: dict[str, tuple[Path, ...]]
    usage: tuple[Path, ...]
    own_usage: tuple[Path, ...]
    jobs: tuple[Path, ...]
    nodes: Path
    prices: Path
    policy: Path
    capacity: Path
    workloads: Path
    totals: tuple[BillTotal, ...]
    attempts: tuple[Attempt, ...]
    machines: tuple[Machine, ...]
    commitments: tuple[Commitment, ...]

    @property
    def cost_lines(self) -> int:
        """How many lines all bills have together."""
        return sum(total.lines for total in self.totals)


def invent(
    folder: Path, *, today: date, seed: int = 7, days: int = 90, workloads: int = 200
) -> Company:
    """Write the company's files into ``folder``; the same arguments give the same bytes.

    Args:
        folder: Made where it is missing; files of the same names are replaced.
        today: The day after the window's last.
        seed: Chooses among companies.
        days: How many days of bills; a window within one month has no corrections.
        workloads: How many requests wait in the queue.
    """
    timeline = Timeline(today, days)
    dice = [np.random.default_rng(one) for one in np.random.SeedSequence(seed).spawn(10)]
    sharings = _sharings(timeline, dice[0])
    own = tuple(_own_attempts(sharings, timeline, dice[1]))
    machines, rows = _pools(sharings, timeline, dice[2])
    machines += own_machines(own, dice[3])
    machines += fleet_machines(timeline, dice[4]) + desk_machines(timeline, dice[5])
    attempts = tuple(one for sharing in sharings for one in sharing.attempts) + own
    commitments = commitments_of(sharings, dice[6])
    market = market_of(timeline, dice[7])
    world = World(timeline, machines, commitments, market)
    for name in ("bills", "usage", "jobs"):
        (folder / name).mkdir(parents=True, exist_ok=True)
    bills, totals = _bills(world, folder / "bills", dice[8])
    recorded = [attempt for attempt in attempts if not (attempt.pool and attempt.job.stray)]
    return Company(
        timeline=timeline,
        bills=bills,
        usage=write_usage(rows, folder / "usage", timeline),
        own_usage=write_usage(
            own_usage_rows(machines, timeline, dice[9]), folder / "usage", timeline, "own-gpu-usage"
        ),
        jobs=write_jobs(recorded, folder / "jobs", timeline),
        nodes=write_nodes(machines, folder / "nodes.csv", timeline),
        prices=write_prices(market, commitments, folder / "prices.csv", timeline),
        policy=write_policy(folder / "policy.yaml", timeline),
        capacity=write_capacity(commitments, market, folder / "capacity.yaml", timeline),
        workloads=write_queue(folder / "workloads.yaml", workloads, timeline, dice[8]),
        totals=totals,
        attempts=attempts,
        machines=machines,
        commitments=commitments,
    )


def _sharings(timeline: Timeline, rng: np.random.Generator) -> tuple[Sharing, ...]:
    return tuple(share(pool, pool_jobs(pool, timeline, rng), timeline, rng) for pool in POOLS)


def _own_attempts(
    sharings: Sequence[Sharing], timeline: Timeline, rng: np.random.Generator
) -> Iterator[Attempt]:
    """Attempts on machines of their own, those of jobs that a pool turned away among them."""
    for job, offer, nodes in burst_jobs(timeline, rng):
        yield from attempts_of(job, offer, nodes, timeline, rng)
    for sharing in sharings:
        offer = _instead_of(sharing.pool)
        for job in sharing.turned_away:
            nodes = -(-job.gpus // offer.type.accelerators)
            yield from attempts_of(job, offer, nodes, timeline, rng)


def _instead_of(pool: Pool) -> Offer:
    """What a job rents that a pool turned away: spot, where the price table knows a spot price."""
    model = "on_demand" if pool.offer.provider == "azure" else "spot"
    return Offer(pool.offer.machine_type, pool.offer.region, pool.offer.zone, model)


def _pools(
    sharings: Sequence[Sharing], timeline: Timeline, rng: np.random.Generator
) -> tuple[tuple[Machine, ...], pa.Table]:
    machines: tuple[Machine, ...] = ()
    rows = []
    for sharing in sharings:
        ours = pool_machines(sharing, rng)
        machines += ours
        rows.append(usage_rows(sharing, ours, timeline, rng))
    return machines, pa.concat_tables(rows).unify_dictionaries()


def _bills(
    world: World, folder: Path, rng: np.random.Generator
) -> tuple[dict[str, tuple[Path, ...]], tuple[BillTotal, ...]]:
    bills: dict[str, tuple[Path, ...]] = {}
    totals: tuple[BillTotal, ...] = ()
    for cloud in CLOUDS:
        lines = cost_lines(cloud, world, rng)
        bills[cloud.provider] = write_bills(lines, cloud, folder, world.timeline)
        totals += bill_totals(lines, cloud, world.timeline)
    return bills, totals
