"""Lives through a made-up year of nightly loads, and measures the lake before and after maintenance.

Run ``python -m benchmarks.maintain``; it prints a Markdown table for ``docs/lake.md``. Each night
three bills of the running month are replaced, one day of GPU usage is added, prices are appended
to the month's and the month's jobs are replaced: six commits of few rows, as it is the number of
commits and not of rows that is measured. ``--nights-between`` lets maintenance run in between.
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
from warehouse.duck import DuckEngine
from warehouse.lake import Lake, open_lake
from warehouse.maintain import maintain
from warehouse.port import Partition, Question, StagedFile
from warehouse.tables import spec_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from service.bootstrap import Wiring

FIRST = date(2026, 1, 1)
ROWS = 24
KEEP_DAYS = 30
RUNS = 5


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
    """Make the night's commits; returns the seconds that each took."""
    day, seconds = FIRST + timedelta(days=night), []
    for number, one in enumerate(NIGHT):
        load_id = UUID(int=night * len(NIGHT) + number)
        path = lake.folder(load_id) / f"{one.table}.parquet"
        connection.execute(f"COPY ({_select(one, day)}) TO '{path}' (FORMAT parquet)")
        began = time.perf_counter()
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
        seconds.append(time.perf_counter() - began)
        lake.close_load(load_id)
    return seconds


def _best(work: Callable[[], object]) -> float:
    seconds = []
    for _ in range(RUNS):
        began = time.perf_counter()
        work()
        seconds.append(time.perf_counter() - began)
    return min(seconds)


def measure(wiring: Wiring, what: str, commit_seconds: list[float]) -> str:
    """One line of the table: how long things take now, and how large the metadata is."""
    lake, engine = wiring.lake, wiring.engine

    def plan() -> None:
        lake._files.clear()
        view = lake.view()
        for table, snapshot in view.snapshots.items():
            lake.files(table, snapshot)

    def ask() -> None:
        params = {"at": datetime(2027, 1, 1, tzinfo=UTC)}
        engine.query(Question("ask/current_prices", params), lake.view(["price"]))

    tables = [lake.table(name) for name in {one.table for one in NIGHT}]
    files = sum(len(lake.files(name, at)) for name, at in lake.view().snapshots.items())
    metadata = max(len(table.io.new_input(table.metadata_location)) for table in tables)
    manifests = sum(
        len(now.manifests(table.io)) for table in tables if (now := table.current_snapshot())
    )
    snapshots = sum(len(table.snapshots()) for table in tables)
    found = [mean(commit_seconds), _best(lambda: lake.view()), _best(plan), _best(ask)]
    cells = [f"{seconds * 1e3:,.0f} ms" for seconds in found]
    counts = f"{files:,} | {manifests:,} | {snapshots:,} | {metadata / 1024:,.0f} KiB"
    return f"| {what} | {counts} | {' | '.join(cells)} |"
