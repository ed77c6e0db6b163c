"""What the GPUs of the shared pools did: one row for each hour, GPU and holder."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from service.demo.columns import Column, coded, moments, same
from service.demo.files import write_parquet
from service.demo.machines import Machine
from service.demo.sharing import Sharing
from service.demo.teams import SMALL_PROJECTS
from service.demo.timeline import MS_PER_TICK, TICKS_PER_HOUR, Ints, Timeline, cut_at_hours

GAP_SHARE = 0.03
"""How many GPU-hours have no activity because the exporter was down."""

IDLE_WATTS = 0.12
"""What an unused GPU draws, as a part of what it may draw."""

SMALL_BUSY, SMALL_FILLED = 0.12, 0.1
"""How much less work that is too small for its GPUs does with them."""

SERVING_SHARE = 0.4
XID_SHARE = 0.0004


@dataclass(frozen=True, slots=True)
class _Rows:
    """Hours of GPUs and who held them for how long; ``attempt`` is -1 for nobody."""

    gpu: Ints
    hour: Ints
    attempt: Ints
    ticks: Ints


def usage_rows(
    sharing: Sharing, machines: tuple[Machine, ...], timeline: Timeline, rng: np.random.Generator
) -> pa.Table:
    """All rows of one pool; an hour that nobody held in full has one more row without a holder."""
    rows = _sorted(_joined(_held(sharing), _unheld(sharing)))
    width = sharing.pool.offer.type.accelerators
    uuids = [uuid for machine in machines for uuid in machine.gpu_uuids]
    return pa.table(
        {
            "hour": moments(timeline.epoch_us(rows.hour * TICKS_PER_HOUR)),
            "gpu_uuid": coded(uuids, rows.gpu),
            "slice": same("", len(rows.gpu)),
            "host": coded([machine.host for machine in machines], rows.gpu // width),
            **_holders(sharing, rows),
            **_measures(sharing, rows, rng),
        }
    )


def _held(sharing: Sharing) -> _Rows:
    stays = np.array([(s.gpu, s.attempt, s.start, s.end) for s in sharing.stays], dtype=np.int64)
    gpu, attempt, start, end = stays.reshape(-1, 4).T
    stay, hour, ticks = cut_at_hours(start, end)
    return _Rows(gpu[stay], hour, attempt[stay], ticks)


def _unheld(sharing: Sharing) -> _Rows:
    """The hours in which a GPU was up and not held to the last tick."""
    held = _held(sharing)
    up = np.repeat(sharing.up, sharing.pool.offer.type.accelerators, axis=0)
    taken = np.zeros(up.shape, dtype=np.int64)
    np.add.at(taken, (held.gpu, held.hour), held.ticks)
    gpu, hour = np.nonzero(up & (taken < TICKS_PER_HOUR))
    nobody = np.full(len(gpu), -1)
    return _Rows(gpu, hour, nobody, TICKS_PER_HOUR - taken[gpu, hour])


def _joined(one: _Rows, other: _Rows) -> _Rows:
    return _Rows(
        np.concatenate((one.gpu, other.gpu)),
        np.concatenate((one.hour, other.hour)),
        np.concatenate((one.attempt, other.attempt)),
        np.concatenate((one.ticks, other.ticks)),
    )


def _sorted(rows: _Rows) -> _Rows:
    order = np.lexsort((-rows.attempt, rows.gpu, rows.hour))
    return _Rows(rows.gpu[order], rows.hour[order], rows.attempt[order], rows.ticks[order])


def _holders(sharing: Sharing, rows: _Rows) -> dict[str, Column]:
    """Namespace, pod, job and user of each row; empty where nobody held the GPU.

    Pods that were started by hand have neither a job nor a user.
    """
    jobs = [attempt.job for attempt in sharing.attempts]
    held = rows.attempt + 1
    return {
        "namespace": coded(["", *(job.namespace for job in jobs)], held),
        "pod": coded(["", *(f"{job.id}-0" for job in jobs)], held),
        "job_id": coded(["", *("" if job.stray else job.id for job in jobs)], held),
        "user_name": coded(["", *("" if job.stray else job.user for job in jobs)], held),
    }


def _measures(sharing: Sharing, rows: _Rows, rng: np.random.Generator) -> dict[str, Column]:
    """What the sampler saw; an absent signal is null, never nothing."""
    count, kind = len(rows.gpu), sharing.pool.offer.type
    allocated = np.where(rows.attempt >= 0, rows.ticks, 0) * MS_PER_TICK
    observed = rows.ticks * MS_PER_TICK
    small = np.array([attempt.job.project in SMALL_PROJECTS for attempt in sharing.attempts])
    busy = rng.beta(4, 2, len(sharing.attempts)) * np.where(small, SMALL_BUSY, 1)
    busy = np.append(busy, 0.0)[rows.attempt]
    busy = np.clip(busy + rng.normal(0, 0.04, count), 0, 1) * (rows.attempt >= 0)
    filled = rng.uniform(0.35, 0.95, len(sharing.attempts)) * np.where(small, SMALL_FILLED, 1)
    filled = np.append(filled, 0.01)[rows.attempt]
    memory = np.round(kind.memory_mib * filled, 1)
    absent = (rng.random(count) < GAP_SHARE) | (not sharing.pool.signal)
    watts = kind.watts * (IDLE_WATTS + (1 - IDLE_WATTS) * busy)
    activity = np.asarray(observed * busy, dtype=np.int64)
    return {
        "capacity_ms": pa.array(np.full(count, TICKS_PER_HOUR * MS_PER_TICK)),
        "observed_ms": pa.array(observed),
        "allocated_ms": pa.array(allocated),
        "activity_ms": pa.array(activity, mask=absent),
        "memory_mean": pa.array(memory),
        "memory_max": pa.array(np.round(memory * rng.uniform(1, 1.05, count), 1)),
        "energy": pa.array(np.round(watts * observed / 1000, 0)),
        **_tokens(sharing, rows, activity, rng),
        "xid_count": pa.array((rng.random(count) < XID_SHARE).astype(np.int32)),
    }


def _tokens(
    sharing: Sharing, rows: _Rows, activity: Ints, rng: np.random.Generator
) -> dict[str, Column]:
    """Tokens of jobs that serve language models; null for all others."""
    serves = np.append(rng.random(len(sharing.attempts)) < SERVING_SHARE, False)[rows.attempt]
    if sharing.pool.name != "aws-l4":
        serves = np.zeros_like(serves)
    rate: npt.NDArray[np.float64] = rng.uniform(0.6, 1.4, len(serves))
    read = np.asarray(activity * rate, dtype=np.int64)
    return {
        "tokens_in": pa.array(read, mask=~serves),
        "tokens_out": pa.array(read // 4, mask=~serves),
    }


def write_usage(
    rows: pa.Table, folder: Path, timeline: Timeline, stem: str = "gpu-usage"
) -> tuple[Path, ...]:
    """Write a file for each month, all machines together, in the order of their hours."""
    hour = rows["hour"].cast(pa.int64()).to_numpy()
    rows = rows.take(np.argsort(hour, kind="stable"))
    hour = np.sort(hour)
    paths = []
    for month in timeline.months():
        bounds = timeline.epoch_us(np.array([month.first, month.end]) * TICKS_PER_HOUR)
        first, end = np.searchsorted(hour, bounds).tolist()
        path = folder / f"{stem}-{month.name}.parquet"
        paths.append(write_parquet(rows.slice(first, end - first), path))
    return tuple(paths)
