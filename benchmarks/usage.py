"""Reduces a made-up day of GPU metrics in Prometheus's own form to rows of ``gpu_usage``.

Run ``python -m benchmarks.usage``; it prints Markdown tables for ``docs/benchmarks.md``: samples a
second and peak memory for 100, 1,000 and 10,000 GPUs with ten metrics each every 30 seconds, beside
what orjson alone needs for the same bytes. Each part runs in a process of its own, whose peak
memory is what the system says; making the answers is not in its time, which is that of the one
processor core that each part uses.
"""

from __future__ import annotations

import argparse
import json
import resource
import subprocess
import sys
import tempfile
import time
from datetime import UTC, date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from ingest.usage.signals import HOUR_MS, Rules, Signal

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).parents[1]
DAY = date(2026, 10, 1)
BEGIN_S = int(datetime(2026, 10, 1, tzinfo=UTC).timestamp())
STEP_S = 30
SAMPLES = 3600 // STEP_S
GPUS_PER_HOST = 8
SHAPES = 256
"""How many different hours of values a metric has; more would not change what is measured."""

METRICS = {
    Signal.ACTIVITY: ("DCGM_FI_PROF_GR_ENGINE_ACTIVE", "{:.6f}", 1.0),
    Signal.SM: ("DCGM_FI_PROF_SM_ACTIVE", "{:.6f}", 0.8),
    Signal.TENSOR: ("DCGM_FI_PROF_PIPE_TENSOR_ACTIVE", "{:.6f}", 0.4),
    Signal.DRAM: ("DCGM_FI_PROF_DRAM_ACTIVE", "{:.6f}", 0.5),
    Signal.MEMORY_USED: ("DCGM_FI_DEV_FB_USED", "{:.0f}", 80_000),
    Signal.MEMORY_FREE: ("DCGM_FI_DEV_FB_FREE", "{:.0f}", 80_000),
    Signal.POWER: ("DCGM_FI_DEV_POWER_USAGE", "{:.3f}", 700),
    Signal.ENERGY: ("DCGM_FI_DEV_TOTAL_ENERGY_CONSUMPTION", "{:.0f}", 21_000_000),
    Signal.ACTIVITY_FALLBACK: ("DCGM_FI_DEV_GPU_UTIL", "{:.0f}", 100),
    Signal.XID: ("DCGM_FI_DEV_XID_ERRORS", "{:.0f}", 0),
}


def answers(gpus: int, hours: int) -> Iterator[tuple[int, Signal, bytes]]:
    """Yield the answer to each hour's query of each metric over all GPUs."""
    rng = np.random.default_rng(1)
    for hour in range(hours):
        for signal in METRICS:
            yield hour, signal, _answer(rng, signal, hour, gpus)


def _answer(rng: np.random.Generator, signal: Signal, hour: int, gpus: int) -> bytes:
    name, form, most = METRICS[signal]
    shapes = [_values(rng, form, most, shape, hour) for shape in range(min(gpus, SHAPES))]
    series = (
        f'{{"metric":{_labels(name, gpu, hour)},"values":[{shapes[gpu % len(shapes)]}]}}'
        for gpu in range(gpus)
    )
    head = '{"status":"success","data":{"resultType":"matrix","result":['
    return (head + ",".join(series) + "]}}").encode()


def _values(rng: np.random.Generator, form: str, most: float, shape: int, hour: int) -> str:
    """Write an hour of one series; each exporter is scraped at a time of its own."""
    begin = BEGIN_S + hour * 3600 + (shape // GPUS_PER_HOST % STEP_S) + 0.123
    told = rng.random(SAMPLES) * most
    if "ENERGY" in form or most > 1e6:  # noqa: PLR2004 - the counter
        told = 1e9 + np.cumsum(told) + hour * SAMPLES * most
    return ",".join(
        f'[{begin + STEP_S * k:.3f},"{form.format(value)}"]' for k, value in enumerate(told)
    )


def _labels(name: str, gpu: int, hour: int) -> str:
    """Write the labels of dcgm-exporter; a pod holds a host for three hours, one in ten is free."""
    host, index = divmod(gpu, GPUS_PER_HOST)
    held = (host + hour // 3) % 10 != 0
    pod = f',"namespace":"team-{host % 40}","pod":"train-{host}-{hour // 3}"' if held else ""
    container = ',"container":"main"' if held else ""
    return (
        f'{{"__name__":"{name}","DCGM_FI_DRIVER_VERSION":"550.54.15","Hostname":"gpu-{host:05}",'
        f'"UUID":"GPU-{gpu:08x}-5a1c-4e0f-9d3b-0123456789ab"{container},"device":"nvidia{index}",'
        f'"gpu":"{index}","instance":"gpu-{host:05}:9400","job":"dcgm-exporter",'
        f'"modelName":"NVIDIA H100 80GB HBM3"{pod},"pci_bus_id":"00000000:{index:02x}:00.0"}}'
    )


def reduce(gpus: int, hours: int) -> dict[str, float]:
    """Read and reduce the answers as they come, close each hour, write the day as Parquet."""
    import pyarrow.parquet as pq

    from ingest.usage.matrix import read_matrix
    from ingest.usage.reduction import DayReduction

    reduction = DayReduction(DAY, Rules(step_ms=STEP_S * 1000))
    told = {"bytes": 0.0, "parse": 0.0, "reduce": 0.0}
    closed = 0
    for hour, signal, body in answers(gpus, hours):
        began = time.process_time()
        if hour > closed:
            reduction.close_hour(BEGIN_S * 1000 + hour * HOUR_MS)
            closed = hour
        between = time.process_time()
        series = read_matrix(body)
        parsed = time.process_time()
        reduction.add(signal, series)
        told["parse"] += parsed - between
        told["reduce"] += between - began + time.process_time() - parsed
        told["bytes"] += len(body)
    began = time.process_time()
    with tempfile.TemporaryDirectory() as folder:
        table = reduction.table()
        pq.write_table(table, Path(folder) / "usage.parquet")
        told["size"] = (Path(folder) / "usage.parquet").stat().st_size
    told["reduce"] += time.process_time() - began
    return told | {"rows": table.num_rows}


def orjson_alone(gpus: int, hours: int) -> dict[str, float]:
    """Let orjson read the same bytes, and do nothing with them."""
    import orjson

    seconds = 0.0
    for _, _, body in answers(gpus, hours):
        began = time.process_time()
        orjson.loads(body)
        seconds += time.process_time() - began
    return {"seconds": seconds}


def _child(part: str, gpus: int, hours: int) -> dict[str, Any]:
    command = [sys.executable, "-m", "benchmarks.usage", "--part", part]
    command += ["--gpus", str(gpus), "--hours", str(hours)]
    done = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True)
    told: dict[str, Any] = json.loads(done.stdout)
    return told


def _line(gpus: int, hours: int) -> str:
    reduced, alone = _child("reduce", gpus, hours), _child("orjson", gpus, 1)
    samples = gpus * hours * SAMPLES * len(METRICS)
    per_hour = samples / hours
    parse, rest = reduced["parse"], reduced["reduce"]
    both = parse + rest
    return (
        f"| {gpus:,} | {hours} | {samples / 1e6:,.2f} M | {reduced['bytes'] / 1e9:.2f} GB"
        f" | {samples / parse / 1e6:.2f} M/s | {samples / rest / 1e6:.2f} M/s"
        f" | {samples / both / 1e6:.2f} M/s | {both:.1f} s"
        f" | {per_hour / alone['seconds'] / 1e6:.2f} M/s"
        f" | {reduced['peak_mb']:,.0f} MB | {reduced['rows']:,.0f}"
        f" | {reduced['size'] / 1e6:.1f} MB |"
    )


def main() -> None:
    """Measure, and print what was measured."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--gpus", type=int, nargs="*", default=[100, 1_000, 10_000])
    parser.add_argument("--hours", type=int, default=24)
    parser.add_argument("--part", choices=("reduce", "orjson"))
    asked = parser.parse_args()
    if asked.part:
        work = reduce if asked.part == "reduce" else orjson_alone
        told = work(asked.gpus[0], asked.hours)
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        print(json.dumps(told | {"peak_mb": peak}))
        return
    print("| GPUs | hours | samples | answers | parsing | reducing | both | time", end="")
    print(" | orjson alone | peak memory | rows | Parquet |")
    print("|--:" * 12 + "|")
    for gpus in asked.gpus:
        print(_line(gpus, asked.hours), flush=True)


if __name__ == "__main__":
    main()
