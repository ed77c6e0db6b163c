"""Writes one bill in several orders and sizes of row groups, and asks the questions of a bill.

Run ``python -m benchmarks.layout``; it prints a Markdown table for ``docs/lake.md``. The bill is
scrambled first, because clouds promise no order. Processor time is measured, so that other
programs on the machine do not disturb it.
"""

from __future__ import annotations

import argparse
import os
import platform
import tempfile
import time
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

import duckdb

from warehouse.questions import read_question
from warehouse.tables import COST_LINE, ColumnType

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

BILL_SQL = Path(__file__).with_name("focus_bill.sql")
MEMORY = "2GB"
THREADS = 2
RUNS = 3
STRIDE = 7_368_787
"""A prime that is no factor of the number of lines: steps of it visit each line once."""

ACCOUNT = "SubAccountId, ServiceName, ChargePeriodStart"
LAYOUTS: Mapping[str, tuple[str, str]] = {
    "as delivered, row groups of 122,880": ("", "ROW_GROUP_SIZE 122880"),
    "as delivered, row groups of 491,520": ("", "ROW_GROUP_SIZE 491520"),
    "by time": (" ORDER BY ChargePeriodStart", "ROW_GROUP_SIZE 122880"),
    "by account, service, time": (f" ORDER BY {ACCOUNT}", "ROW_GROUP_SIZE 122880"),
    "a file for each day": ("", "ROW_GROUP_SIZE 122880, PARTITION_BY (day)"),
}
MONTH = {"period": "2026-10"}
ORIGIN = {
    "day": date(2026, 10, 5), "provider": "AWS", "account": "200000000007",
    "service": "AWS Data Transfer", "sku": "SKU7", "charge_category": "Usage",
    "commitment_status": None, "currency": "USD", "invoice_issuer": None, "invoice": None,
    "commitment": None, "accelerator_model": None, "limit": 50, "skip": 0,
}  # fmt: skip
QUESTIONS: Mapping[str, Mapping[str, object]] = {
    "ask/cost_by_source": {},
    "ask/top_resources": MONTH | {"limit": 20},
    "ask/commitment_use": MONTH,
    "ask/cost_lines_of_origin": MONTH | ORIGIN,
}


def connect(folder: Path) -> duckdb.DuckDBPyConnection:
    """Open a database with the limits of a load."""
    config: dict[str, str | bool | int | float | list[str]] = {
        "memory_limit": MEMORY,
        "threads": THREADS,
        "temp_directory": str(folder / "spill"),
    }
    connection = duckdb.connect(config=config)
    connection.execute("SET TimeZone = 'UTC'")
    return connection


def lake_columns(bill: str) -> str:
    """Turn the bill into the columns of cost_line, amounts as decimals."""
    with duckdb.connect() as connection:
        described = connection.execute(f"DESCRIBE {bill}", {"lines": 1}).fetchall()
    given = {str(row[0]): f'"{row[0]}"' for row in described} | {
        "ServiceProviderName": "'AWS'",
        "x_SourceId": "'aws'",
        "x_BillingPeriod": "'2026-10'",
        "x_RecordNumber": "row_number() OVER ()",
    }
    return ", ".join(
        f'CAST({_exact(given.get(name, "NULL"), kind)} AS {kind.sql}) AS "{name}"'
        for name, kind in COST_LINE.columns.items()
    )


def _exact(value: str, kind: ColumnType) -> str:
    return f"CAST({value} AS DECIMAL(27,10))" if kind is ColumnType.DECIMAL else value


def spent(work: Callable[[], object]) -> float:
    """Return the processor seconds that ``work`` takes."""
    began = time.process_time()
    work()
    return time.process_time() - began


def write(bill: Path, folder: Path, order: str, options: str) -> float:
    """Write the bill in one layout; returns the processor seconds."""
    target = folder if "PARTITION_BY" in options else folder / "bill.parquet"
    day = ", CAST(ChargePeriodStart AS DATE) AS day" if "PARTITION_BY" in options else ""
    copy = (
        f"COPY (SELECT *{day} FROM '{bill}'{order}) TO '{target}'"  # noqa: S608 - own words
        f" (FORMAT parquet, COMPRESSION zstd, COMPRESSION_LEVEL 1, {options})"
    )
    with connect(folder.parent) as connection:
        return spent(lambda: connection.execute(copy))


def ask(folder: Path, question: str, params: Mapping[str, object]) -> float:
    """Ask as the engine does: a new database each time; the best of the runs."""
    sql = read_question(question).sql
    files = [str(path) for path in sorted(folder.rglob("*.parquet"))]

    def once() -> None:
        with connect(folder.parent) as connection:
            rows = connection.read_parquet(files, union_by_name=True, hive_partitioning=False)
            rows.create_view("cost_line")
            connection.execute(sql, dict(params)).fetchall()

    return min(spent(once) for _ in range(RUNS))


def measure(bill: Path, home: Path, name: str) -> str:
    """One line of the table."""
    order, options = LAYOUTS[name]
    with tempfile.TemporaryDirectory(dir=home) as folder:
        seconds = write(bill, Path(folder), order, options)
        size = sum(path.stat().st_size for path in Path(folder).rglob("*.parquet"))
        times = [ask(Path(folder), question, params) for question, params in QUESTIONS.items()]
    cells = " | ".join(f"{one * 1e3:,.0f} ms" for one in times)
    return f"| {name} | {seconds:,.0f} s | {size / 1e6:,.0f} MB | {cells} |"


def main() -> None:
    """Make the bill and write it in every layout."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--lines", type=int, default=10_000_000)
    lines = parser.parse_args().lines
    asked = " | ".join(name.partition("/")[2] for name in QUESTIONS)
    print(f"""
{lines:,} lines; processor time on {THREADS} threads with {MEMORY}, questions best of {RUNS};
{platform.system()} {platform.machine()}, {os.cpu_count()} cores, DuckDB {duckdb.__version__}

| layout | writing | size | {asked} |
|---|---:|---:|{"---:|" * len(QUESTIONS)}""")
    scrambled = BILL_SQL.read_text().replace(
        "FROM range($lines) AS numbers(i)",
        f"FROM (SELECT i * {STRIDE} % $lines AS i FROM range($lines) AS many(i)) AS numbers",  # noqa: S608
    )
    with tempfile.TemporaryDirectory(prefix="comptroller-bench-") as name:
        bill = Path(name) / "bill.parquet"
        with connect(Path(name)) as connection:
            rows = f"SELECT {lake_columns(scrambled)} FROM ({scrambled})"  # noqa: S608 - own words
            copy = f"COPY ({rows}) TO '{bill}' (FORMAT parquet, COMPRESSION lz4)"
            connection.execute(copy, {"lines": lines})
        for layout in LAYOUTS:
            print(measure(bill, Path(name), layout), flush=True)


if __name__ == "__main__":
    main()
