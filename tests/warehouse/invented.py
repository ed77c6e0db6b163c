"""Rows for every table and input, invented from the types of their columns, with awkward values.

A question's answer must be the same whatever engine gives it, so the rows have what engines read
differently: NULLs everywhere, negative and huge amounts, moments around midnight and at the ends of
the calendar, tags that are no JSON, several currencies. A new column or table gets rows by itself.
"""

from collections.abc import Collection, Mapping, Sequence
from pathlib import Path

import duckdb
import pyarrow as pa

from tests.warehouse.rows import load_id
from warehouse.commit import commit
from warehouse.lake import Lake
from warehouse.port import WHOLE_SOURCE, Partition, StagedFile
from warehouse.sql_text import literal
from warehouse.tables import DAY, MONTH, TABLES, TableSpec

ROWS = 400
SOURCES = ("aws-bills", "gcp'bills [2]")
PERIODS: Mapping[str | None, Sequence[str]] = {
    MONTH: ("2026-09", "2026-10"),
    DAY: ("2026-10-01", "2026-10-02"),
    None: (WHOLE_SOURCE,),
}

TAGS = (
    '{"team":"vision","env":"prod"}',
    '{"team":"speech","cost.center":"a \\"b\\" c"}',
    '{"team":null,"env":1.10}',
    '{"env":{"a": 1.0, "b":[1, 2]},"team":"é\\u00e9\\n"}',
    '{"team":"a","team":"b"}',
    '{"team":"x"} and more',
    "{'team':\"x\"}",
    '{"team":"x", broken',
    '["team"]',
    '"team"',
    "",
    "{}",
    '{"TEAM":"upper","env":true}',
)
"""Texts of tags; what is no JSON has no tags."""

WORDS: Mapping[str, Sequence[str]] = {
    "Tags": TAGS,
    "BillingCurrency": ("USD", "EUR", "JPY"),
    "currency": ("USD", "EUR", "JPY"),
    "ChargeCategory": ("Usage", "Purchase", "Credit", "Tax"),
    "CommitmentDiscountStatus": ("Used", "Unused"),
    "CommitmentDiscountId": ("sp-1", "sp-2"),
    "CapacityReservationStatus": ("Used", "Unused"),
    "ResourceId": ("i-1", "i-2", "i-3", "Ä-4"),
    "resource_id": ("i-1", "i-2", "i-3", "Ä-4"),
    "host": ("host-1", "host-2"),
    "hosts": ('["host-1"]', '["host-1", "host-2"]', "[]", "no list"),
    "gpu_uuid": ("GPU-1", "GPU-2", "GPU-3"),
    "gpu_uuids": ('["GPU-1", "GPU-2"]', "[]", '["GPU-3"]', "GPU-1,GPU-4"),
    "job_id": ("1", "2", "10"),
    "team": ("vision", "speech", "Ärger"),
    "line": ("direct", "shared", "idle", "unused_commitment", "distributed", "unallocated"),
    "charge_category": ("Usage", "Purchase", "Credit"),
    "run_id": ("run-1",),
    "kind": ("resource", "host", "gpu", "utilised", "unobserved", "unreserved_idle"),
    "state": ("failed", "preempted", "succeeded"),
    "name": ("i-1", "host-1", "GPU-1", "GPU-2"),
}
AMOUNTS = (
    "0.000000000001",
    "-0.000000000001",
    "1234.567890123456",
    "-98.32",
    "0",
    "99999999999999999999999.999999999999",
    "-7654321098765432109876.123456789012",
)
MOMENTS = (
    "2026-10-01 00:00:00+00",
    "2026-09-30 23:59:59.999999+00",
    "2026-10-01 13:00:00+00",
    "2026-10-02 00:00:00+00",
    "2026-11-01 00:00:00+00",
)
DAYS = ("2026-09-30", "2026-10-01", "2026-10-02")

_HOUR = {"hour": "2026-10-01 13:00:00+00", "host": "host-1", "capacity_ms": "3600000"}
PLAIN: Mapping[str, Sequence[Mapping[str, str]]] = {
    "gpu_usage": (
        {**_HOUR, "gpu_uuid": "GPU-8", "job_id": "77", "allocated_ms": "3600000"},
        {**_HOUR, "gpu_uuid": "GPU-9", "observed_ms": "1800000"},
    ),
    "job_run": ({"job_id": "77", "attempt": "1", "team": "vision"},),
}
"""Rows more of a table, each from a source of its own, with NULL in all other columns: a GPU that a
job held which no other source knows, and one that nobody held."""


def fill(lake: Lake, tables: Collection[str] = TABLES.keys()) -> None:
    """Load every table with two sources and two periods (nodes have no period)."""
    for number, name in enumerate(tables, start=1):
        spec = TABLES[name]
        folder = lake.folder(load_id(number))
        parts = [Partition(name, s, p) for s in SOURCES for p in PERIODS[spec.period_column]]
        files = [_staged(folder / f"{at}.parquet", spec, part) for at, part in enumerate(parts)]
        for at, plain in enumerate(PLAIN.get(name, ())):
            parts.append(Partition(name, f"plain-{at}", PERIODS[spec.period_column][-1]))
            files.append(_staged(folder / f"plain-{at}.parquet", spec, parts[-1], plain))
        commit(
            lake,
            name,
            partitions=parts,
            files=files,
            load_id=load_id(number),
            version=1,
            delivered={},
        )
        lake.close_load(load_id(number))


def invented(columns: Mapping[str, str], *, rows: int = ROWS, seed: int = 0) -> pa.Table:
    """A relation of these columns and DuckDB types."""
    with duckdb.connect(":memory:") as connection:
        connection.execute("SET TimeZone = 'UTC'")
        return connection.execute(_select(columns, {}, rows, seed)).to_arrow_table()


def _staged(
    path: Path, spec: TableSpec, part: Partition, plain: Mapping[str, str] | None = None
) -> StagedFile:
    fixed = dict(zip(spec.partition, (part.source, part.period), strict=False))
    fixed["x_FileId"] = f"file of {part.period}"
    columns = {name: kind.sql for name, kind in spec.columns.items()}
    seed = sum(part.period.encode()) + len(part.source)
    rows = ROWS if plain is None else 1
    if plain is not None:
        fixed = {**dict.fromkeys(columns, ""), **plain, **fixed}
    with duckdb.connect(":memory:") as connection:
        connection.execute("SET TimeZone = 'UTC'")
        connection.sql(_select(columns, fixed, rows, seed)).write_parquet(str(path))
    return StagedFile(str(path), rows, path.stat().st_size, part)


def _select(columns: Mapping[str, str], fixed: Mapping[str, str], rows: int, seed: int) -> str:
    values = ", ".join(
        f'CAST({_value(name, kind, fixed)} AS {kind}) AS "{name}"' for name, kind in columns.items()
    )
    return f"SELECT {values} FROM range({rows}) AS numbers(i), (SELECT {seed} AS seed)"  # noqa: S608 - our own words


def _value(name: str, kind: str, fixed: Mapping[str, str]) -> str:
    if name in fixed:
        return literal(fixed[name]) if fixed[name] else "NULL"
    if name == "x_RecordNumber":
        return "i + 1"
    if kind.endswith("[]"):
        return f"[{_value(name, kind.removesuffix('[]'), fixed)}]"
    drawn = f"hash(i, seed, {literal(name)})"
    if kind in {"INTEGER", "BIGINT", "DOUBLE"}:
        value = f"({drawn} % 7200001)::BIGINT - 1800000"
    elif kind == "BOOLEAN":
        value = f"{drawn} % 2 = 0"
    else:
        words = ", ".join(map(literal, _words(name, kind)))
        value = f"list_extract([{words}], 1 + ({drawn} % {len(_words(name, kind))})::INTEGER)"
    return f"CASE WHEN {drawn} // 1000 % 7 > 0 THEN {value} END"


def _words(name: str, kind: str) -> Sequence[str]:
    by_kind = {"DECIMAL(38,12)": AMOUNTS, "TIMESTAMPTZ": MOMENTS, "DATE": DAYS}
    return by_kind.get(kind) or WORDS.get(name) or (f"{name}-a", f"{name}-b", f"{name} C")
