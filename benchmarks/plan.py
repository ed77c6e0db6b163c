"""Plans made-up weeks and prints cost, proven bound and gap beside two greedy baselines.

Run ``python -m benchmarks.plan``; every week follows from its seed.
"""

from __future__ import annotations

import argparse
import os
import resource
import time
from typing import TYPE_CHECKING

import numpy as np

from optimizer import (
    Instance,
    Job,
    Offer,
    Option,
    cheapest_first,
    earliest_deadline_first,
    solve,
    violations,
)

if TYPE_CHECKING:
    from numpy.random import Generator
    from numpy.typing import NDArray

SLOTS = 168
OFFERS = 60
GANGS = {"smooth": (1, 1, 2, 2, 4), "lumpy": (1, 2, 4, 8)}
HOURS = {"smooth": 24, "lumpy": 10}  # median work of a job on the slowest accelerator
SPARE = 1.4  # machine-hours that exist per machine-hour wanted


def week(jobs: int, kind: str, seed: int) -> Instance:
    """A week of ``jobs`` jobs on 60 offers whose cheap hours do not suffice for everybody."""
    rng = np.random.default_rng(seed)
    speed = rng.choice([1.0, 1.3, 2.5], OFFERS)  # three accelerator types
    prices = _prices(rng, speed)
    queue = [_job(rng, index, kind, speed, prices) for index in range(jobs)]
    wanted = sum(job.gang * job.options[0].slots for job in queue)
    capacity = _capacity(rng, wanted * SPARE / (SLOTS * OFFERS), kind)
    offers = tuple(
        Offer(f"offer-{o:02}", tuple(map(int, prices[o])), tuple(map(int, capacity[o])))
        for o in range(OFFERS)
    )
    return Instance(SLOTS, 60, offers, tuple(queue))


def _prices(rng: Generator, speed: NDArray[np.float64]) -> NDArray[np.int64]:
    """On-demand prices are flat; every second offer is spot and moves by the hour of the day."""
    base = 20_000_000 * speed * rng.uniform(0.8, 1.3, OFFERS)
    spot = np.arange(OFFERS) % 2 == 0
    wave = 1 + 0.25 * np.sin(2 * np.pi * (np.arange(SLOTS) + rng.uniform(0, 24, (OFFERS, 1))) / 24)
    noise = rng.uniform(0.9, 1.1, (OFFERS, SLOTS // 12)).repeat(12, axis=1)
    path = np.where(spot[:, None], 0.45 * wave * noise, 1.0) * base[:, None]
    return path.astype(np.int64)


def _capacity(rng: Generator, mean: float, kind: str) -> NDArray[np.int64]:
    """About ``mean`` machines per offer; some change once during the week."""
    level = mean * rng.uniform(0.4, 1.6, (OFFERS, 1)) * np.ones(SLOTS)
    if kind == "lumpy":
        level = np.maximum(level, 5)
    drops = rng.random(OFFERS) < 0.3  # noqa: PLR2004 - three offers of ten
    level[drops, int(rng.integers(40, 120)) :] *= 0.7
    return np.maximum(1, level.round()).astype(np.int64)


def _job(
    rng: Generator, index: int, kind: str, speed: NDArray[np.float64], prices: NDArray[np.int64]
) -> Job:
    gang = int(rng.choice(GANGS[kind]))
    work = float(np.clip(rng.lognormal(np.log(HOURS[kind]), 0.8), 2, 72))
    chosen = rng.choice(OFFERS, int(rng.integers(8, 25)), replace=False)
    options = tuple(
        Option(
            f"offer-{o:02}",
            max(1, round(work / speed[o])),
            int(rng.integers(0, 20_000_000)),
        )
        for o in map(int, chosen)
    )
    longest = max(option.slots for option in options)
    release = int(rng.integers(0, max(1, SLOTS - 2 * longest)))
    due = min(SLOTS, release + int(longest * rng.uniform(1.3, 3.5)) + 1)
    typical = float(prices.mean()) / float(speed.mean()) * work * gang
    return Job(f"job-{index}", release, due, gang, int(typical * rng.uniform(2, 5)), options)


def row(jobs: int, kind: str, seed: int, limit_s: float, workers: int) -> list[str]:
    """Plan one week three ways; every plan passes the referee before it is shown."""
    instance = week(jobs, kind, seed)
    began = time.monotonic()
    solution = solve(instance, time_limit_s=limit_s, seed=seed, workers=workers)
    took = time.monotonic() - began
    plans = (solution.plan, cheapest_first(instance), earliest_deadline_first(instance))
    for plan in plans:
        if faults := violations(instance, plan):
            raise SystemExit("\n".join(faults))
    plan = solution.plan
    above = [f"+{100 * (other.cost / plan.bound - 1):.1f} %" for other in plans[1:]]
    dollars = [f"{amount / 1_000_000:,.0f}" for amount in (plan.cost, plan.bound)]
    left_out = str(len(plan.unplaced))
    return [f"{jobs:,}", kind, f"{took:.1f}", left_out, *dollars, f"{100 * plan.gap:.2f} %", *above]


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--jobs", type=int, nargs="+", default=[200, 1000])
    parser.add_argument("--kinds", nargs="+", choices=sorted(GANGS), default=["smooth", "lumpy"])
    parser.add_argument("--time-limit", type=float, default=60.0, help="seconds per week")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--workers", type=int, default=os.cpu_count() or 1)
    arguments = parser.parse_args()
    head = ["jobs", "gangs", "seconds", "unplaced", "cost", "bound", "gap"]
    head += ["cheapest first", "earliest deadline first"]
    print(f"time limit {arguments.time_limit:g} s, {arguments.workers} workers; cost in dollars;")
    print("the greedy baselines as cost above the proven bound")
    print("| " + " | ".join(head) + " |")
    print("|" + "---|" * len(head))
    for kind in arguments.kinds:
        for jobs in arguments.jobs:
            cells = row(jobs, kind, arguments.seed, arguments.time_limit, arguments.workers)
            print("| " + " | ".join(cells) + " |", flush=True)
    peak_mib = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    print(f"peak memory {peak_mib} MiB")


if __name__ == "__main__":
    main()
