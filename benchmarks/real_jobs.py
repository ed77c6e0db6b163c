"""Real jobs with deadlines as a queue of workloads: Philly's, as Chronus annotated them.

A job of the trace becomes a workload like this (docs/real-input.md shows the same as a table):

- every n-th job with GPUs in the order of submission, n such that the wished number comes out;
- the trace's two weeks of submissions are squeezed into the planning week's first five days, so
  that the last jobs can still end within it; a start is rounded up to its hour;
- GPUs become nodes of at most eight; the duration is taken as the time on A100-40GB, which H100,
  A100-80GB and L4 beat or miss by the default throughputs for training;
- ``strict`` stays strict; ``soft`` becomes a target of 0.95 with its first step as the deadline
  and the value lost until the second as the price of lateness (a point of value is a USD);
  ``best`` becomes best effort without a deadline;
- deadlines count from the start, rounded up to whole hours as durations are.
"""

from collections.abc import Iterator
from datetime import datetime, timedelta
from math import ceil
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq

SUBMIT_HOURS = 120
REFERENCE = "A100-40GB"
ACCELERATORS = ("H100", "A100-40GB", "A100-80GB", "L4")
GPUS_A_NODE = 8

_MINUTES = 60
_TARGET = "0.95"

Workload = dict[str, Any]


def workloads(data: Path, count: int, start: datetime) -> list[Workload]:
    """Make ``count`` workloads for a plan whose first hour is ``start``."""
    jobs = pq.read_table(data / "jobs" / "philly_deadlines_mix2.parquet").to_pylist()
    jobs = [job for job in jobs if job["num_gpu"] > 0]
    jobs.sort(key=lambda job: (job["submit_time"], job["job_id"]))
    chosen = [jobs[place * len(jobs) // count] for place in range(count)]
    last = max(job["submit_time"] for job in jobs)
    return [_workload(job, start, last) for job in chosen]


def _workload(job: dict[str, Any], start: datetime, last: int) -> Workload:
    released = start + timedelta(hours=ceil(SUBMIT_HOURS * job["submit_time"] / last))
    nodes = ceil(job["num_gpu"] / GPUS_A_NODE)
    count = ceil(job["num_gpu"] / nodes)
    hours = job["duration"] * job["num_gpu"] / _MINUTES
    return {
        "name": f"philly-{job['job_id']}",
        "team": job["user"].replace("_", "-"),
        "project": job["model_name"],
        "run": {"image": f"example/{job['model_name']}:1", "command": ["train"]},
        "kind": "training",
        "accelerators": [{"model": model, "count_per_node": count} for model in ACCELERATORS],
        "work": {"accelerator_hours": round(hours, 6), "reference_model": REFERENCE},
        "nodes": nodes,
        "preemptible": True,
        "checkpoint": {"interval_minutes": 30, "save_minutes": 1, "restore_minutes": 6},
        "earliest_start": released.isoformat(),
        "idempotency_key": f"philly-{job['job_id']}-{start.isoformat()}",
        **dict(_promise(job, released)),
    }


def _promise(job: dict[str, Any], released: datetime) -> Iterator[tuple[str, object]]:
    """The deadline and its SLA class."""
    if job["job_type"] == "best":
        yield "sla", {"class": "best_effort"}
        return
    times = [int(minutes) for minutes in job["expect_time_list"].split("-")]
    values = [int(value) for value in job["expect_value_list"].split("-")]
    yield "deadline", (released + timedelta(hours=ceil(times[0] / _MINUTES))).isoformat()
    if job["job_type"] == "strict":
        yield "sla", {"class": "strict"}
        return
    lost_an_hour = _MINUTES * (values[0] - values[1]) / (times[1] - times[0])
    price = round(lost_an_hour, 6)
    yield "sla", {"class": "target", "probability": _TARGET, "lateness_price_per_hour": price}
