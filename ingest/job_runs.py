"""Job runs that a scheduler told, written to a file in the form of a list of job runs."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, replace
from itertools import islice
from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.parquet as pq

from ingest.files import look_at

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from datetime import datetime
    from pathlib import Path

    from ingest.port import DeliveredFile

_BATCH = 10_000
_MOMENT = pa.timestamp("us", tz="UTC")

_SCHEMA = pa.schema(
    [
        ("job_id", pa.string()),
        ("attempt", pa.int32()),
        *((name, pa.string()) for name in ("workload_id", "user_name", "team", "project")),
        ("nodes", pa.int32()),
        ("gpus", pa.int32()),
        ("accelerator_model", pa.string()),
        *((name, _MOMENT) for name in ("submitted", "started", "ended", "checkpoint_at")),
        ("state", pa.string()),
        ("hosts", pa.string()),
    ]
)


@dataclass(frozen=True, slots=True)
class JobRun:
    """One attempt at a job, as ``job_run`` of the lake holds it; times are aware UTC."""

    job_id: str
    attempt: int
    workload_id: str | None
    user_name: str | None
    team: str | None
    project: str | None
    nodes: int | None
    gpus: int
    accelerator_model: str | None
    submitted: datetime
    started: datetime | None
    ended: datetime | None
    state: str
    hosts: tuple[str, ...] | None
    checkpoint_at: datetime | None = None

    @property
    def month(self) -> str:
        """The partition that it lies in: the month of its submission."""
        return f"{self.submitted:%Y-%m}"

    def record(self) -> dict[str, object]:
        """The row in the form of a list of job runs."""
        told = {name: getattr(self, name) for name in self.__slots__}
        return told | {"hosts": None if self.hosts is None else json.dumps(self.hosts)}


def by_month(runs: Iterable[JobRun]) -> dict[str, list[JobRun]]:
    """Sort runs into the months of their submission, each in one order whoever told them."""
    months: dict[str, list[JobRun]] = {}
    for run in sorted(runs, key=lambda one: (one.submitted, one.job_id, one.attempt)):
        months.setdefault(run.month, []).append(run)
    return months


def mark_of(runs: Sequence[JobRun]) -> str:
    """Name the content of a month, so that the same runs are not loaded again."""
    digest = hashlib.sha256()
    for run in runs:
        digest.update(repr(run).encode())
    return digest.hexdigest()[:32]


def spool_runs(
    runs: Sequence[JobRun], stem: str, folder: Path, told: Mapping[str, str] | None = None
) -> DeliveredFile:
    """Write the runs; the name tells the content, so what is new never has an old name.

    What is ``told`` stands beside the rows: the same rows of another look are another file.
    """
    return _spooled((run.record() for run in runs), _SCHEMA, stem, folder, told)


_NODES = pa.schema(
    [
        *((name, pa.string()) for name in ("provider", "resource_id", "host", "machine_type")),
        ("accelerator_model", pa.string()),
        ("accelerator_count", pa.int32()),
        ("pool", pa.string()),
        ("valid_from", _MOMENT),
    ]
)


def spool_nodes(
    rows: Sequence[Mapping[str, object]], stem: str, folder: Path, told: Mapping[str, str]
) -> DeliveredFile:
    """Write machines that a scheduler told, in the form of a list of machines."""
    return _spooled(iter(rows), _NODES, stem, folder, told)


def _spooled(
    rows: Iterator[Mapping[str, object]],
    schema: pa.Schema,
    stem: str,
    folder: Path,
    told: Mapping[str, str] | None,
) -> DeliveredFile:
    path = folder / f"{stem}.parquet"
    named = schema.with_metadata(told)
    with pq.ParquetWriter(path, named, compression="zstd") as writer:
        while batch := list(islice(rows, _BATCH)):
            writer.write_table(pa.Table.from_pylist(batch, schema=named))
    found = look_at(path)
    return replace(found, name=f"{stem}-{found.file_id}.parquet")
