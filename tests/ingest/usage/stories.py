"""Samples of made-up GPUs, told the way dcgm-exporter and others tell them."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, date, datetime
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from ingest.usage.reduction import DayReduction
from ingest.usage.signals import DAY_MS, Rules, Series, Signal

DAY = date(2026, 10, 1)
START = int(datetime(2026, 10, 1, tzinfo=UTC).timestamp()) * 1000
STEP = 30_000
RULES = Rules(step_ms=STEP)
H100 = "NVIDIA H100 80GB HBM3"

Told = list[tuple[Signal, Series]]


def labels(uuid: str = "GPU-1", pod: str = "", **others: str) -> dict[str, str]:
    """Return the labels of a GPU's series; a pod is of team ``ml``."""
    held = {"pod": pod, "namespace": "ml"} if pod else {}
    return {"UUID": uuid, "Hostname": "node-1", "modelName": H100} | held | others


def cut(uuid: str, number: int, profile: str, pod: str = "") -> dict[str, str]:
    """Return the labels of a slice's series."""
    return labels(uuid, pod, GPU_I_ID=str(number), GPU_I_PROFILE=profile)


def series(
    its: Mapping[str, str], values: Sequence[float], begin_s: float = 0, step_s: float = 30
) -> Series:
    """Return a series that begins some seconds after midnight."""
    times = START + np.rint((begin_s + step_s * np.arange(len(values))) * 1000).astype(np.int64)
    return Series(its, times, np.array(values, np.float64))


def hour(its: Mapping[str, str], value: float, begin_s: float = 0) -> Series:
    """Return an hour of one value, up to the sample before the next full hour."""
    return series(its, [value] * 120, begin_s)


def reduce(told: Iterable[tuple[Signal, Series]], rules: Rules = RULES) -> DayReduction:
    """Return the reduction of what is told at once."""
    reduction = DayReduction(DAY, rules)
    for signal, one in told:
        reduction.add(signal, [one])
    return reduction


def rows(told: Iterable[tuple[Signal, Series]], rules: Rules = RULES) -> list[dict[str, Any]]:
    """Return the rows of what is told at once."""
    listed: list[dict[str, Any]] = reduce(told, rules).table().to_pylist()
    return listed


def in_pieces(
    told: Told, closings: Sequence[int], *, twice: bool = False, rules: Rules = RULES
) -> pa.Table:
    """Return the table of what comes piece by piece, and is closed where a piece ends.

    What comes twice reaches ten minutes ahead as well, so that the next piece repeats that.
    """
    reduction = DayReduction(DAY, rules)
    begin = 0
    for end in [*sorted(closings), 1 << 60]:
        for signal, one in told:
            at = np.searchsorted(one.times_ms, [begin, end + 600_000 * twice])
            piece = Series(one.labels, one.times_ms[slice(*at)], one.values[slice(*at)])
            for _ in range(1 + twice):
                reduction.add(signal, [piece])
        if end < START + 2 * DAY_MS:
            reduction.close_hour(end)
            begin = end
    return reduction.table()


def story(seed: int) -> Told:
    """Return some hours of GPUs of every kind with all that goes wrong: gaps, jitter, guards."""
    rng = np.random.default_rng(seed)
    told: Told = []
    begin_s = int(rng.choice([-300, 0, 7_000, 86_400 - 5_000]))
    for number in range(int(rng.integers(1, 4))):
        kind = rng.choice(["whole", "mig", "several", "fraction"])
        told += _gpu(rng, f"GPU-{number}", str(kind), begin_s)
    return told


def _gpu(rng: np.random.Generator, uuid: str, kind: str, begin_s: int) -> Told:
    moments = begin_s + 30 * np.arange(rng.integers(2, 260)) + rng.integers(0, 20)
    times = START + 1000 * moments + rng.integers(0, 3, moments.size) * 700
    there = rng.random(times.size) > rng.choice([0, 0.1])
    if rng.random() < 0.5:
        lost = rng.integers(0, times.size)
        there[lost : lost + rng.integers(1, 200)] = False
    turn = int(rng.integers(0, times.size))
    told: Told = []
    for before in (True, False):
        period = there & ((np.arange(times.size) < turn) == before)
        for its in _layout(rng, uuid, kind):
            told += _signals(rng, its, times[period])
    if kind == "fraction":
        shares = [({"pod": f"p{n}", "namespace": "ml"}, rng.integers(10, 60)) for n in range(3)]
        told += [
            (Signal.SHARE, Series(its, times[::2] + 300, np.full(times[::2].size, float(part))))
            for its, part in shares
        ]
    if rng.random() < 0.5:
        counted = rng.integers(0, 2, times.size).astype(float)
        told.append((Signal.PROCESSES, Series(labels(uuid), times + 9_000, counted)))
    return told


def _layout(rng: np.random.Generator, uuid: str, kind: str) -> list[dict[str, str]]:
    """Return the labels of what there is on a GPU for a while."""
    pods = ["", *(f"p{n}" for n in range(3))]
    if kind == "mig":
        profiles = [["3g.40gb", "3g.40gb"], ["1g.10gb"] * 7, ["2g.20gb", "1g.10gb"], []]
        picked = profiles[rng.integers(0, len(profiles))]
        slices = [cut(uuid, n, one, str(rng.choice(pods))) for n, one in enumerate(picked)]
        return [*slices, labels(uuid)]
    if kind == "whole":
        return [labels(uuid, str(rng.choice(pods)))]
    count = int(rng.integers(1, 4))
    return [labels(uuid, pod) for pod in rng.permutation(pods)[:count]]


def _signals(rng: np.random.Generator, its: dict[str, str], times: NDArray[np.int64]) -> Told:
    told: Told = []
    counter = np.cumsum(rng.integers(0, 20_000_000, times.size)).astype(float)
    counter[times.size // 2 :] -= rng.choice([0, counter[times.size // 2]]) if times.size else 0
    for signal, values in (
        (Signal.ACTIVITY, rng.random(times.size).round(6)),
        (Signal.SM, rng.random(times.size).round(6)),
        (Signal.MEMORY_USED, rng.choice([10.0, 40_000.0], times.size)),
        (Signal.MEMORY_FREE, np.full(times.size, 40_000.0)),
        (Signal.POWER, rng.integers(60, 700, times.size).astype(float)),
        (Signal.ENERGY, counter),
        (Signal.XID, rng.choice([0.0, 31.0, 79.0], times.size)),
    ):
        if rng.random() < 0.8:
            guarded = np.where(rng.random(times.size) < 0.05, 9223372036854775794.0, values)
            kept = rng.random(times.size) > 0.02
            told.append((signal, Series(its, times[kept], guarded[kept])))
    return told
