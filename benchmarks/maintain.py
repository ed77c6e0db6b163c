"""Lives through a year of nightly loads, and measures the lake before and after maintenance.

Run ``python -m benchmarks.maintain``; it prints a Markdown table for ``docs/lake.md``. Each night
three bills of the running month are replaced, one day of GPU usage is added, prices are appended
to the month's and the month's jobs are replaced: six commits of few rows, as it is the number of
commits and not of rows that is measured.
"""

from __future__ import annotations

import argparse
import os
import platform
import tempfile
import time
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from statistics import mean
from typing import TYPE_CHECKING
from uuid import UUID

import duckdb

from warehouse.commit import commit
from warehouse.compact import compact
from warehouse.lake import Lake, open_lake
from warehouse.load_state import loader
from warehouse.maintain import maintain
from warehouse.port import Partition, Question, StagedFile
from warehouse.tables import spec_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from service.bootstrap import Wiring

FIRST = date(2026, 1, 1)
ROWS = 24
KEEP_DAYS = 30
RUNS = 3
MARKS = (30, 120)
AVERAGE = 30


@dataclass(frozen=True, slots=True)
class Nightly:
    """One of the night's commits."""

    table: str
    source: str
    complete: bool

    def partition(self, day: date) -> Partition:
        """What it covers on one day."""
        column = spec_of(self.table).period_column
        period = day.isoformat() if column == "x_Day" else f"{day:%Y-%m}"
        return Partition(self.table, self.source, period)


NIGHT = (
    Nightly("cost_line", "aws", complete=True),
    Nightly("cost_line", "azure", complete=True),
    Nightly("cost_line", "gcp", complete=True),
    Nightly("gpu_usage", "dcgm", complete=True),
    Nightly("price", "list", complete=False),
    Nightly("job_run", "slurm", complete=True),
)


def _select(one: Nightly, day: date) -> str:
    partition = one.partition(day)
    columns = dict.fromkeys(spec_of(one.table).columns, "NULL")
    columns |= {"x_SourceId": f"'{one.source}'", "x_RecordNumber": "i"}
    columns |= {spec_of(one.table).partition[1]: f"'{partition.period}'"}
    columns |= {
        "cost_line": {"BilledCost": "i / 8", "EffectiveCost": "i / 8", "BillingCurrency": "'USD'"},
        "price": {"provider": "'AWS'", "machine_type": "'p5.' || i", "amount": "i / 4",
                  "valid_from": f"'{day}'", "currency": "'USD'", "unit": "'machine-hour'"},
        "gpu_usage": {"hour": f"'{day}'", "gpu_uuid": "'GPU-' || i", "allocated_ms": "3600000"},
        "job_run": {"job_id": "'job-' || i", "team": "'team-' || i % 3", "gpus": "8"},
    }[one.table]  # fmt: skip
    values = ", ".join(
        f'CAST({columns[name]} AS {kind.sql}) AS "{name}"'
        for name, kind in spec_of(one.table).columns.items()
    )
    return f"SELECT {values} FROM range({ROWS}) AS numbers(i)"  # noqa: S608 - own names


def load_night(lake: Lake, connection: duckdb.DuckDBPyConnection, night: int) -> list[float]:
    """Make the night's commits; returns the processor seconds that each took."""
    day, seconds = FIRST + timedelta(days=night), []
    for number, one in enumerate(NIGHT):
        load_id = UUID(int=night * len(NIGHT) + number)
        path = lake.folder(load_id) / f"{one.table}.parquet"
        connection.execute(f"COPY ({_select(one, day)}) TO '{path}' (FORMAT parquet)")
        began = time.process_time()
        commit(
            lake,
            one.table,
            partitions=[one.partition(day)],
            files=[StagedFile(str(path), ROWS, path.stat().st_size, one.partition(day))],
            load_id=load_id,
            version=night,
            delivered={f"{one.source}-{night}": f"{one.source}-{day}.parquet"},
            complete=one.complete,
            mark=f"mark-{night}",
        )
        seconds.append(time.process_time() - began)
        lake.close_load(load_id)
    return seconds


def _best(work: Callable[[], object]) -> float:
    """Return the processor seconds of the best of some runs; other programs do not disturb them."""
    seconds = []
    for _ in range(RUNS):
        began = time.process_time()
        work()
        seconds.append(time.process_time() - began)
    return min(seconds)


def measure(wiring: Wiring, what: str, commit_seconds: list[float]) -> str:
    """One line of the table: how long things take now, and how large the metadata is."""
    lake, engine = wiring.lake, wiring.engine

    def plan() -> None:
        """Find the files of all tables as the first question after a commit does."""
        fresh = open_lake(lake.url, lake.storage.uri, clock=wiring.clock)
        for table, snapshot in fresh.view().snapshots.items():
            fresh.files(table, snapshot)
        fresh.close()

    def ask(name: str, table: str, **params: object) -> float:
        return _best(lambda: engine.query(Question(name, params), lake.view([table])))

    tables = [lake.table(name) for name in {one.table for one in NIGHT}]
    files = sum(len(lake.files(name, at)) for name, at in lake.view().snapshots.items())
    metadata = max(len(table.io.new_input(table.metadata_location)) for table in tables)
    manifests = sum(
        len(now.manifests(table.io)) for table in tables if (now := table.current_snapshot())
    )
    snapshots = sum(len(table.snapshots()) for table in tables)
    prices = ask("ask/current_prices", "price", at=datetime(2027, 1, 1, tzinfo=UTC))
    costs = ask("ask/cost_by_source", "cost_line")
    found = [mean(commit_seconds), _best(plan), prices, costs]
    cells = [f"{seconds * 1e3:,.0f} ms" for seconds in found]
    counts = f"{files:,} | {manifests:,} | {snapshots:,} | {metadata / 1024:,.0f} KiB"
    return f"| {what} | {counts} | {' | '.join(cells)} |"


def live(wiring: Wiring, nights: int) -> Iterator[str]:
    """Live through so many nights; then maintain as of the last of them, and load again."""
    with duckdb.connect() as connection:
        seconds: list[float] = []
        recent = datetime.now(UTC)
        for night in range(nights):
            seconds = [*seconds, *load_night(wiring.lake, connection, night)][-AVERAGE:]
            if night == nights - KEEP_DAYS - 1:
                recent = datetime.now(UTC)
            if night + 1 in MARKS or night + 1 == nights:
                yield measure(wiring, f"{night + 1} nights without it", seconds)
        began = time.process_time()
        compacted = compact(wiring.lake, loader(wiring.engine), new_id=wiring.new_id)
        # PyIceberg stamps with the real time: what is older than the last 30 nights is told by it.
        done = maintain(wiring.lake, now=recent + timedelta(days=KEEP_DAYS), keep_days=KEEP_DAYS)
        took = time.process_time() - began
        seconds = load_night(wiring.lake, connection, nights)
        yield measure(wiring, "after it", seconds)
    yield f"""
Maintenance took {took:,.1f} processor seconds: it put {compacted.files_before:,} files together
into {compacted.files_after:,}, expired {done.expired_snapshots:,} snapshots and deleted
{done.deleted_files:,} files ({done.deleted_bytes / 2**20:,.1f} MiB)."""


def main() -> None:
    """Measure in a lake of its own."""
    from service.bootstrap import wire
    from service.config import Settings
    from service.store.embedded import EmbeddedServer

    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--nights", type=int, default=365)
    options = parser.parse_args()
    print(f"""
{options.nights} nights of {len(NIGHT)} commits of {ROWS} rows; processor time, best of {RUNS};
{platform.system()} {platform.machine()}, {os.cpu_count()} cores, DuckDB {duckdb.__version__}

| lake maintain | files | manifests | snapshots | largest metadata file | a commit |\
 plan all tables | current prices | costs by source |
|---|---:|---:|---:|---:|---:|---:|---:|---:|""")
    with tempfile.TemporaryDirectory(prefix="comptroller-bench-") as name:
        try:
            with wire(Settings(data_dir=Path(name))) as wiring:
                for line in live(wiring, options.nights):
                    print(line, flush=True)
        finally:
            EmbeddedServer(Path(name)).stop()


if __name__ == "__main__":
    main()
