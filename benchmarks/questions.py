"""Times the ten questions of the dashboard on DuckDB, PostgreSQL and Spark, by size of the lake.

Run ``python -m benchmarks.questions --lines 1000000 10000000``; it prints a Markdown table for
``docs/benchmarks.md``. ``--postgres`` and ``--spark`` say up to which size the others are asked.
Each question is asked once cold and five times warm through the same engine and port that the
service uses, view and answer as Arrow included. DuckDB works in this process, so its processor time
is told as well: on a machine with other work it says more than the clock.
"""

from __future__ import annotations

import argparse
import os
import platform
import shutil
import statistics
import tempfile
import time
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import duckdb

from benchmarks.postgres_tables import PostgresTables
from benchmarks.year import QUESTIONS, fill, question, table_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    import pyarrow as pa

    from service.bootstrap import Wiring
    from warehouse.lake import Lake
    from warehouse.port import Engine, Question

WARM_RUNS = 5
WORKERS = 2

Times = dict[str, tuple[float, float, float]]
"""By question: seconds cold, median seconds warm, median processor seconds of this process."""


def timed(ask: Callable[[], object]) -> tuple[float, float, float]:
    """Ask once cold and then warm."""
    seconds, used = [], []
    for _ in range(1 + WARM_RUNS):
        began, processor = time.perf_counter(), time.process_time()
        ask()
        seconds.append(time.perf_counter() - began)
        used.append(time.process_time() - processor)
    return seconds[0], statistics.median(seconds[1:]), statistics.median(used[1:])


def engine_times(wiring: Wiring, engine: Engine) -> Times:
    """Ask the ten questions through the port, as the service does."""
    times = {}
    for label in QUESTIONS:
        asked, tables = question(label), [table_of(label)]
        times[label] = timed(partial(_ask, engine, wiring.lake, asked, tables))
    return times


def _ask(engine: Engine, lake: Lake, asked: Question, tables: list[str]) -> pa.Table:
    return engine.query(asked, lake.view(tables))


@contextmanager
def filled(folder: Path, lines: int) -> Iterator[Wiring]:
    """A service with a lake of ``lines`` cost lines, in ``folder``."""
    from service.bootstrap import wire
    from service.config import Settings
    from service.store.embedded import EmbeddedServer

    try:
        with wire(Settings(data_dir=folder)) as wiring:
            if not wiring.lake.states("cost_line"):
                fill(wiring.lake, lines)
            yield wiring
    finally:
        EmbeddedServer(folder).stop()


def spark_times(wiring: Wiring) -> Times:
    """Ask a cluster of two workers of one core each, on this machine."""
    from tests.peers.spark import SMALL, spark_cluster
    from warehouse.load_state import loader
    from warehouse.spark import SparkEngine

    options = {**SMALL, "spark.executor.memory": "1g", "spark.driver.memory": "1g"}
    with spark_cluster(WORKERS, memory="2g") as cluster:
        engine = SparkEngine(wiring.lake, loader(wiring.engine), cluster.url, options=options)
        try:
            return engine_times(wiring, engine)
        finally:
            engine.close()


def postgres_times(wiring: Wiring, folder: Path) -> tuple[float, Times]:
    """Copy the tables to PostgreSQL; give the seconds of that, and of the questions."""
    from service.store.embedded import EmbeddedServer

    tables = PostgresTables(EmbeddedServer(folder).start().admin)
    began = time.perf_counter()
    tables.copy(wiring.lake, folder)
    loading = time.perf_counter() - began
    return loading, {label: timed(partial(tables.ask, question(label))) for label in QUESTIONS}


def measure(lines: int, options: argparse.Namespace, folder: Path) -> dict[str, Times]:
    """All engines at one size."""
    began = time.perf_counter()
    with filled(folder, lines) as wiring:
        made = time.perf_counter() - began
        files = wiring.lake.files(
            "cost_line", wiring.lake.view(["cost_line"]).snapshots["cost_line"]
        )
        size = sum(Path(file).stat().st_size for file in files) / 1e6
        print(f"{lines:,} cost lines: {len(files)} files, {size:,.0f} MB, made in {made:.0f} s")
        found = {"DuckDB": engine_times(wiring, wiring.engine)}
        if lines <= options.postgres:
            loading, found["PostgreSQL"] = postgres_times(wiring, folder)
            print(f"{lines:,} cost lines: copied to PostgreSQL and indexed in {loading:.0f} s")
        if lines <= options.spark:
            found[f"Spark, {WORKERS} workers"] = spark_times(wiring)
    return found


def table(lines: int, found: dict[str, Times]) -> str:
    """A Markdown table: one row per question, warm and (cold) milliseconds per engine."""
    rows = [f"| {lines:,} lines, ms warm (cold) | DuckDB's processor | {' | '.join(found)} |"]
    rows.append("|---" + "|---:" * (1 + len(found)) + "|")
    for label in QUESTIONS:
        processor = found["DuckDB"][label][2]
        cells = [f"{warm * 1e3:,.0f} ({cold * 1e3:,.0f})" for cold, warm, _ in _of(found, label)]
        rows.append(f"| {label} | {' | '.join([f'{processor * 1e3:,.0f}', *cells])} |")
    worst = [max(warm for _, warm, _ in times.values()) for times in found.values()]
    return "\n".join([*rows, f"| slowest | | {' | '.join(f'{it * 1e3:,.0f}' for it in worst)} |"])


def _of(found: dict[str, Times], label: str) -> list[tuple[float, float, float]]:
    return [times[label] for times in found.values()]


def main() -> None:
    """Measure each size in a folder of its own."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--lines", type=int, nargs="+", default=[1_000_000, 10_000_000])
    parser.add_argument("--postgres", type=int, default=10_000_000, help="largest size there")
    parser.add_argument("--spark", type=int, default=50_000_000, help="largest size there")
    parser.add_argument("--keep", type=Path, help="a folder for the lakes, used again if filled")
    options = parser.parse_args()
    system = f"{platform.system()} {platform.machine()}, {os.cpu_count()} cores"
    print(f"{system}, DuckDB {duckdb.__version__}, load average {os.getloadavg()[0]:.1f}\n")
    for lines in options.lines:
        folder = options.keep or Path(tempfile.mkdtemp(prefix="comptroller-bench-"))
        try:
            print(f"\n{table(lines, measure(lines, options, folder / str(lines)))}\n", flush=True)
        finally:
            if not options.keep:
                shutil.rmtree(folder)


if __name__ == "__main__":
    main()
