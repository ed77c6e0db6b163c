"""What the sampler tells becomes hourly facts: its metrics and labels are those that are read."""

from collections import defaultdict
from collections.abc import Callable
from datetime import UTC, date, datetime
from pathlib import Path

import numpy as np
from prometheus_client import CollectorRegistry

from agent import metrics
from agent.exposition import Exposition
from agent.gpus import Gpus
from ingest.usage.reduction import DayReduction
from ingest.usage.signals import Rules, Series, Signal
from tests.agent.documented_nvml import GPU_A, GPU_B, Card, Cut

SIGNALS = {
    metrics.GPU_UTIL: Signal.ACTIVITY_FALLBACK,
    metrics.FB_USED: Signal.MEMORY_USED,
    metrics.FB_FREE: Signal.MEMORY_FREE,
    metrics.ENERGY: Signal.ENERGY,
    metrics.POWER: Signal.POWER,
    metrics.XID: Signal.XID,
    metrics.PROCESSES: Signal.PROCESSES,
}
STEP_MS = 30_000
BEGIN_MS = int(datetime(2026, 11, 21, 10, tzinfo=UTC).timestamp()) * 1000
Labels = tuple[tuple[str, str], ...]


def scraped(gpus: Gpus, cards: tuple[Card, ...]) -> dict[tuple[Signal, Labels], list[float]]:
    """Return an hour of scrapes, each 30 s, in which every card draws 400 W."""
    registry = CollectorRegistry()
    registry.register(Exposition(gpus.sample))
    values = defaultdict(list)
    for _ in range(120):
        for card in cards:
            card.millijoules = (card.millijoules or 0) + 12_000_000
        for one in (sample for family in registry.collect() for sample in family.samples):
            if one.name in SIGNALS:
                labels = tuple(sorted((name, value) for name, value in one.labels.items() if value))
                values[SIGNALS[one.name], labels].append(float(one.value))
    return values


def test_an_hour_of_scrapes_is_an_hour_of_each_gpu(
    gpus_of: Callable[..., Gpus], tmp_path: Path
) -> None:
    """Job 77 had GPU A for 3,600,000 ms, 37 % busy, without a process; job 88 a seventh of B.

    Of B's 119 steps of 12 kJ and one that nobody followed each slice has its part, and no more.
    """
    cut = Cut(7, "NVIDIA H100 80GB HBM3 MIG 1g.10gb")
    cards = Card(), Card(uuid=GPU_B, mig=True, cuts={0: cut})
    (tmp_path / "0").write_text("77\n", encoding="utf-8")
    (tmp_path / "1.7").write_text("88\n", encoding="utf-8")
    times = BEGIN_MS + STEP_MS * np.arange(120, dtype=np.int64)
    day = DayReduction(date(2026, 11, 21), Rules(step_ms=STEP_MS))

    for (signal, labels), values in scraped(gpus_of(*cards, job_files=tmp_path), cards).items():
        day.add(signal, [Series(dict(labels), times, np.array(values))])
    whole, seventh, rest = day.table().to_pylist()

    assert (whole["gpu_uuid"], whole["host"], whole["job_id"]) == (GPU_A, "node1", "77")
    assert whole["allocated_ms"] == 3_600_000
    assert whole["activity_ms"] == 1_332_000
    assert (seventh["slice"], seventh["job_id"]) == ("7:1g.10gb", "88")
    assert (seventh["allocated_ms"], seventh["activity_ms"]) == (514_286, None)
    assert (rest["slice"], rest["capacity_ms"]) == ("rest", 3_085_714)
    assert round(seventh["energy"] + rest["energy"]) == round(whole["energy"])
