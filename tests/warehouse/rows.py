"""Small deliveries for the tests, written by DuckDB as all files of the lake are."""

from collections.abc import Sequence
from decimal import Decimal
from pathlib import Path
from uuid import UUID

import duckdb

from warehouse.commit import commit
from warehouse.lake import Lake
from warehouse.port import Guard, Partition, StagedFile

SOURCE = "aws-bills"
OCTOBER = Partition("cost_line", SOURCE, "2026-10")
NOVEMBER = Partition("cost_line", SOURCE, "2026-11")


def load_id(number: int) -> UUID:
    """The id of the load with this number."""
    return UUID(int=number)


def stage(
    lake: Lake, partition: Partition, costs: Sequence[str], load: UUID, name: str = "bill"
) -> StagedFile:
    """Write one cost line per amount into the load's folder."""
    path = lake.folder(load) / f"{name}-{partition.period}.parquet"
    with duckdb.connect(":memory:") as connection:
        connection.execute(
            """CREATE TABLE line ("BilledCost" DECIMAL(38,12), "BillingCurrency" VARCHAR,
               "x_SourceId" VARCHAR, "x_BillingPeriod" VARCHAR, "x_LoadId" VARCHAR)"""
        )
        rows = [[cost, "USD", partition.source, partition.period, str(load)] for cost in costs]
        connection.executemany("INSERT INTO line VALUES (?, ?, ?, ?, ?)", rows)
        connection.sql("FROM line").write_parquet(str(path))
    return StagedFile(str(path), len(costs), path.stat().st_size, partition)


def stage_rows(path: Path, partition: Partition, select: str, rows: int) -> StagedFile:
    """Write the answer of any SELECT as a file that claims to lie in ``partition``."""
    with duckdb.connect(":memory:") as connection:
        connection.execute("SET TimeZone = 'UTC'")
        connection.sql(select).write_parquet(str(path))
    return StagedFile(str(path), rows, path.stat().st_size, partition)


def nothing() -> None:
    """Let every commit pass."""


def deliver(
    lake: Lake,
    contents: dict[Partition, Sequence[str]],
    *,
    number: int = 1,
    version: int | None = None,
    complete: bool = True,
    guard: Guard = nothing,
    file: str | None = None,
) -> int:
    """Stage and commit load ``number`` (its version, too, unless given) with these costs."""
    try:
        return commit(
            lake,
            "cost_line",
            partitions=list(contents),
            files=[
                stage(lake, part, lines, load_id(number))
                for part, lines in contents.items()
                if lines
            ],
            load_id=load_id(number),
            version=number if version is None else version,
            delivered={file or f"f{number}": f"bill-{file or number}.csv"},
            complete=complete,
            guard=guard,
        )
    finally:
        lake.close_load(load_id(number))


def costs(lake: Lake, snapshot: int | None = None) -> dict[str, list[Decimal]]:
    """All amounts by period, at a snapshot or now, read without the engine."""
    at = lake.view(["cost_line"]).snapshots["cost_line"] if snapshot is None else snapshot
    found: dict[str, list[Decimal]] = {}
    files = lake.files("cost_line", at)
    if files:
        with duckdb.connect(":memory:") as connection:
            lake.storage.prepare(connection)
            rows = connection.read_parquet(files).order('"BilledCost"')
            for period, cost in rows.project('"x_BillingPeriod", "BilledCost"').fetchall():
                found.setdefault(period, []).append(cost)
    return found


def amounts(*texts: str) -> list[Decimal]:
    """The amounts as the lake returns them."""
    return [Decimal(text) for text in texts]
