"""Puts small facts into a lake, as a load would."""

from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime
from decimal import Decimal
from uuid import uuid4

import pyarrow as pa
from pyarrow import parquet

from warehouse.commit import commit
from warehouse.lake import Lake
from warehouse.port import Partition, StagedFile
from warehouse.tables import arrow_schema, spec_of

HOUR_MS = 3_600_000
Row = Mapping[str, object]


def at(day: int, hour: int = 0, month: int = 10) -> datetime:
    """Return a moment of 2026."""
    return datetime(2026, month, day, hour, tzinfo=UTC)


def line(effective: str, **columns: object) -> Row:
    """Return a cost line of 5 October; the other three costs are the same if not given."""
    amount = Decimal(effective)
    usual = {
        "BilledCost": amount,
        "EffectiveCost": amount,
        "ContractedCost": amount,
        "ListCost": amount,
        "BillingCurrency": "USD",
        "ChargePeriodStart": at(5),
        "ChargePeriodEnd": at(6),
        "ChargeCategory": "Usage",
        "ServiceProviderName": "AWS",
        "ServiceName": "EC2",
        "BillingAccountId": "payer",
        "SubAccountId": "111",
    }
    return usual | columns


def node(resource: str, pool: str, **columns: object) -> Row:
    """Return a machine that was there from September on."""
    usual = {"resource_id": resource, "host": f"host-{resource}", "pool": pool}
    return usual | {"valid_from": at(1, month=9)} | columns


def usage(host: str, hours: int, job: str | None = None, day: int = 5, **columns: object) -> Row:
    """Return GPU time within one hour of a day: ``hours`` GPU-hours held by a job."""
    held = {"allocated_ms": hours * HOUR_MS, "job_id": job}
    usual = {"hour": at(day, 3), "host": host, "gpu_uuid": f"GPU-{host}-{job}"}
    return usual | held | {"capacity_ms": hours * HOUR_MS} | columns


def job(job_id: str, team: str | None, **columns: object) -> Row:
    """Return the one attempt of a job."""
    return {"job_id": job_id, "team": team, "attempt": 1, "submitted": at(1)} | columns


def put(
    lake: Lake,
    table: str,
    rows: Sequence[Row],
    *,
    period: str = "2026-10",
    source: str = "test",
    complete: bool = True,
) -> int:
    """Make ``rows`` all that ``source`` says about ``period`` (or day, or ever), or add them."""
    spec, load = spec_of(table), uuid4()
    partition = Partition(table, source, "*" if spec.period_column is None else period)
    fixed = dict(zip(spec.partition, (source, _value(spec.period_column, period)), strict=False))
    numbered = [
        {**row, **fixed, "x_FileId": "f", "x_RecordNumber": number}
        for number, row in enumerate(rows, start=1)
    ]
    path = lake.folder(load) / f"{table}-{source}-{period}.parquet"
    parquet.write_table(pa.Table.from_pylist(numbered, arrow_schema(table)), path)
    staged = StagedFile(str(path), len(rows), path.stat().st_size, partition)
    try:
        return commit(
            lake,
            table,
            partitions=[partition],
            files=[staged] if rows else [],
            load_id=load,
            version=1,
            delivered={},
            complete=complete,
        )
    finally:
        lake.close_load(load)


def _value(column: str | None, period: str) -> object:
    return date.fromisoformat(period) if column == "x_Day" else period
