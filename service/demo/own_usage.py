"""What the GPUs did on machines that one team has for itself: jobs, serving replicas, desks."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from service.demo.columns import Column, coded, moments, same
from service.demo.machines import Machine
from service.demo.teams import SMALL_PROJECTS
from service.demo.timeline import MS_PER_TICK, TICKS_PER_HOUR, Flags, Ints, Timeline, cut_at_hours
from service.demo.usage import IDLE_WATTS, SMALL_BUSY, SMALL_FILLED

Floats = npt.NDArray[np.float64]

DAY_BEGINS, DAY_ENDS = 7, 19
"""The hours (UTC) in which people sit at their desks."""


@dataclass(frozen=True, slots=True)
class _Use:
    """Who holds a machine, and how: ``busy`` and ``filled`` are parts of its GPUs and memory."""

    namespace: str
    pod: str
    job_id: str
    user: str
    busy: float
    filled: float
    serves: bool = False
    sleeps: bool = False


@dataclass(frozen=True, slots=True)
class _Rows:
    """Hours of GPUs by the number of their machine, and for how long it was up."""

    machine: Ints
    hour: Ints
    up_ms: Ints


def own_usage_rows(
    machines: Sequence[Machine], timeline: Timeline, rng: np.random.Generator
) -> pa.Table:
    """Return a row for each hour and GPU of machines that are in no pool.

    A machine that comes or goes within an hour has the time that it was up as capacity.
    """
    owned = [machine for machine in machines if not machine.pool]
    uses = [_use(machine, rng) for machine in owned]
    spans = [(n, *span) for n, machine in enumerate(owned) for span in machine.spans]
    number, start, end = np.array(spans, dtype=np.int64).reshape(-1, 3).T
    span, hour, ticks = cut_at_hours(start, end)
    each = np.array([len(machine.gpu_uuids) for machine in owned], dtype=np.int64)
    machine = number[span]
    rows = np.repeat(np.arange(len(machine)), each[machine])
    nth = np.arange(len(rows)) - np.repeat(np.cumsum(each[machine]) - each[machine], each[machine])
    first = np.cumsum(each) - each
    at, up_ms = machine[rows], ticks[rows] * MS_PER_TICK
    return pa.table(
        {
            "hour": moments(timeline.epoch_us(hour[rows] * TICKS_PER_HOUR)),
            "gpu_uuid": coded([one for m in owned for one in m.gpu_uuids], first[at] + nth),
            "slice": same("", len(rows)),
            "host": coded([one.host for one in owned], at),
            "namespace": coded([use.namespace for use in uses], at),
            "pod": coded([use.pod for use in uses], at),
            "job_id": coded([use.job_id for use in uses], at),
            "user_name": coded([use.user for use in uses], at),
            **_measures(owned, uses, _Rows(at, hour[rows], up_ms), timeline, rng),
        }
    )


def _use(machine: Machine, rng: np.random.Generator) -> _Use:
    tags = dict(machine.tags)
    busy, filled = float(rng.beta(5, 2)), float(rng.uniform(0.4, 0.9))
    if tags.get("project") in SMALL_PROJECTS:
        busy, filled = busy * SMALL_BUSY, filled * SMALL_FILLED
    if machine.job_id:
        return _Use("", "", machine.job_id, tags.get("user", ""), busy, filled)
    if "service" in tags:
        pod = f"{tags['service']}-{machine.host[-5:].strip('-.')}"
        return _Use(tags["k8s-namespace"], pod, "", "", busy * 0.9, filled, serves=True)
    team, user = tags.get("team", ""), tags.get("user", "")
    namespace = f"{team}-dev" if team else ""
    return _Use(
        namespace, f"notebook-{user}" if user else "", "", user, busy * 0.5, filled / 2, sleeps=True
    )


def _measures(
    owned: Sequence[Machine],
    uses: Sequence[_Use],
    rows: _Rows,
    timeline: Timeline,
    rng: np.random.Generator,
) -> dict[str, Column]:
    at, up_ms = rows.machine, rows.up_ms
    held = np.array([bool(use.job_id or use.namespace) for use in uses])[at]
    asleep = np.array([use.sleeps for use in uses])[at] & ~_present(timeline)[rows.hour]
    busy = _busy(uses, rows, timeline, rng) * ~asleep * held
    memory = np.array([float(one.offer.type.memory_mib) for one in owned])[at]
    filled = np.array([use.filled for use in uses])[at] * ~asleep * held
    watts = np.array([float(one.offer.type.watts) for one in owned])[at]
    activity = np.asarray(up_ms * busy, dtype=np.int64)
    serves = np.array([use.serves for use in uses])[at] & held
    return {
        "capacity_ms": pa.array(up_ms),
        "observed_ms": pa.array(up_ms),
        "allocated_ms": pa.array(up_ms * held),
        "activity_ms": pa.array(activity),
        "no_process_ms": pa.array(up_ms * (asleep & held), mask=~held),
        "memory_mean": pa.array(np.round(memory * filled, 1)),
        "memory_max": pa.array(np.round(memory * filled * 1.05, 1)),
        "energy": pa.array(np.round(watts * (IDLE_WATTS + (1 - IDLE_WATTS) * busy) * up_ms / 1e3)),
        "tokens_in": pa.array(activity, mask=~serves),
        "tokens_out": pa.array(activity // 4, mask=~serves),
        "xid_count": pa.array(np.zeros(len(at), dtype=np.int32)),
    }


def _busy(
    uses: Sequence[_Use], rows: _Rows, timeline: Timeline, rng: np.random.Generator
) -> Floats:
    """How busy each row is: jobs evenly, serving as people are awake."""
    level = np.array([use.busy for use in uses])[rows.machine]
    serves = np.array([use.serves for use in uses])[rows.machine]
    level = np.where(serves, level * (0.3 + 0.7 * timeline.rhythm()[rows.hour]), level)
    found: Floats = np.clip(level + rng.normal(0, 0.03, len(rows.machine)), 0, 1)
    return found


def _present(timeline: Timeline) -> Flags:
    """The hours in which people are at their desks."""
    of_day = np.arange(timeline.hours) % 24
    here: Flags = ~timeline.weekend() & (of_day >= DAY_BEGINS) & (of_day < DAY_ENDS)
    return here
