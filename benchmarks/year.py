"""A lake with a year of made-up bills of three sources, and what a dashboard asks of it."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING
from uuid import UUID

import duckdb

from warehouse.commit import commit
from warehouse.duck import ROW_GROUP_ROWS
from warehouse.port import Partition, Question, StagedFile
from warehouse.sql_text import literal, projection
from warehouse.tables import spec_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from warehouse.lake import Lake

PERIODS = [f"2026-{month:02}" for month in range(1, 13)]
SOURCES = ("aws", "azure", "gcp")
RUNS = [f"run-{period}" for period in PERIODS]
YEAR: Mapping[str, object] = {
    "runs": RUNS,
    "first_period": PERIODS[0],
    "end_period": "2027-01",
}
MONTH = PERIODS[-1]
ORIGIN: Mapping[str, object] = {
    "period": MONTH,
    "day": date(2026, 12, 3),
    "provider": "aws",
    "account": "account-3",
    "service": "AI Platform",
    "sku": "SKU3",
    "charge_category": "Usage",
    "commitment_status": None,
    "currency": "USD",
    "invoice_issuer": "aws, Inc.",
    "invoice": "INV-0",
    "commitment": None,
    "accelerator_model": "H200",
    "limit": 50,
    "skip": 0,
}
QUESTIONS: Mapping[str, tuple[str, Mapping[str, object]]] = {
    "team by day of a month": ("cost_by_team_and_day", {"run": RUNS[-1], "period": MONTH}),
    "service by month of a year": ("cost_by_month", {**YEAR, "by": "service"}),
    "account against last month": (
        "account_changes",
        {"runs": RUNS[-2:], "period": MONTH, "before": PERIODS[-2]},
    ),
    "charge categories of a year": ("charge_categories", YEAR),
    "accelerators of a month": ("accelerator_cost", {"period": MONTH}),
    "price of an accelerator-hour, a year": (
        "accelerator_unit_cost",
        {"first_period": PERIODS[0], "end_period": "2027-01"},
    ),
    "top 20 resources of a month": ("top_resources", {"period": MONTH, "limit": 20}),
    "use of commitments, a month": ("commitment_use", {"period": MONTH}),
    "how fresh bills are, 2 months": ("bill_freshness", {"first_period": PERIODS[-2]}),
    "50 lines of an origin": ("cost_lines_of_origin", ORIGIN),
}
"""The ten questions of the dashboard's screens, with what they are asked."""

OF_ALLOCATIONS = {"cost_by_team_and_day", "cost_by_month", "account_changes", "charge_categories"}
"""Those that read allocations; the others read cost lines."""


def question(label: str) -> Question:
    """One of the ten as it is asked."""
    name, params = QUESTIONS[label]
    return Question(f"ask/{name}", params)


def table_of(label: str) -> str:
    """The table that it reads."""
    return "allocation" if QUESTIONS[label][0] in OF_ALLOCATIONS else "cost_line"


def fill(lake: Lake, lines: int) -> None:
    """Write ``lines`` cost lines and what an allocation makes of them, and commit both."""
    each = lines // (len(PERIODS) * len(SOURCES))
    folder = lake.folder(UUID(int=1))
    bills = [_bill(folder, source, period, each) for period in PERIODS for source in SOURCES]
    allocations = [_allocation(folder, bills, period) for period in PERIODS]
    for files in (bills, allocations):
        commit(
            lake,
            files[0].partition.table,
            partitions=[file.partition for file in files],
            files=files,
            load_id=UUID(int=1),
            version=1,
            delivered={},
        )
    lake.close_load(UUID(int=1))


def _bill(folder: Path, source: str, period: str, lines: int) -> StagedFile:
    params = {"lines": lines, "source": source, "period": f"{period}-01"}
    part = Partition("cost_line", source, period)
    return written(folder / f"{source}-{period}.parquet", "year_of_bills", params, part)


def _allocation(folder: Path, bills: Sequence[StagedFile], period: str) -> StagedFile:
    files = [file.uri for file in bills if file.partition.period == period]
    part = Partition("allocation", "allocation", period)
    name = folder / f"allocation-{period}.parquet"
    return written(name, "year_of_allocations", {"files": files}, part)


def written(path: Path, sql: str, params: Mapping[str, object], part: Partition) -> StagedFile:
    """The rows of a .sql file beside this one, as the loader writes them."""
    text = Path(__file__).with_name(f"{sql}.sql").read_text(encoding="utf-8")
    with duckdb.connect(config={"memory_limit": "2GB"}) as connection:
        connection.execute("SET TimeZone = 'UTC'")
        found = connection.execute(f"DESCRIBE {text}", dict(params)).fetchall()
        columns = projection(spec_of(part.table).columns, [str(row[0]) for row in found])
        [rows] = connection.execute(
            f"COPY (SELECT {columns} FROM ({text}\n)) TO {literal(str(path))} (FORMAT parquet,"  # noqa: S608 - our own files
            f" COMPRESSION zstd, COMPRESSION_LEVEL 1, ROW_GROUP_SIZE {ROW_GROUP_ROWS})",
            dict(params),
        ).fetchone() or (0,)
    return StagedFile(str(path), int(rows), path.stat().st_size, part)
