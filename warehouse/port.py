"""What the warehouse promises to the service: scoped views, engines, partitions, staged files."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

import pyarrow as pa

Guard = Callable[[], None]
"""Called right before a commit; raises when the caller no longer may write."""

WHOLE_SOURCE = "*"
"""The period of tables that a delivery always replaces whole (``node``)."""


@dataclass(frozen=True, slots=True, order=True)
class Partition:
    """What a delivery covers: a source and a ``YYYY-MM``, ``YYYY-MM-DD`` or ``*`` of a table."""

    table: str
    source: str
    period: str

    @property
    def month(self) -> str:
        """The ``YYYY-MM`` that it lies in; ``*`` for a whole source."""
        return self.period[: len("2026-10")]


@dataclass(frozen=True, slots=True)
class StagedFile:
    """A Parquet file that is written and not yet committed; it lies wholly in one partition."""

    uri: str
    rows: int
    size_bytes: int
    partition: Partition


@dataclass(frozen=True, slots=True)
class PartitionState:
    """Who filled a partition last: version, load and the delivered files by id and name.

    ``mark`` is what the source called the delivery's content, where it has a name for it.
    """

    version: int
    load_id: str
    files: Mapping[str, str]
    mark: str | None = None


@dataclass(frozen=True, slots=True)
class View:
    """What a question may see: one snapshot of each table, and some or all teams.

    ``snapshots`` maps table to snapshot id (``None``: the table was empty); a table that is not
    named is not visible. ``teams`` is ``None`` for everything. With teams given, ``allocation``,
    ``gpu_account``, ``attempt_cost`` and ``job_run`` show the rows of these teams only, tables
    without an owner (``cost_line``, ``gpu_usage``, ``node``, ``quarantine``) show nothing,
    ``price`` and ``availability`` all.
    """

    snapshots: Mapping[str, int | None]
    teams: frozenset[str] | None = None


@dataclass(frozen=True, slots=True)
class Question:
    """One ``.sql`` file below ``warehouse/sql`` with its parameters and small relations."""

    name: str
    params: Mapping[str, object] = field(default_factory=dict)
    inputs: Mapping[str, pa.Table] = field(default_factory=dict)


class Engine(Protocol):
    """Answers questions over a view; DuckDB on one machine, Spark when users outgrow it."""

    def query(self, question: Question, view: View) -> pa.Table:
        """Answer as an Arrow table."""
        ...

    def write(
        self, question: Question, view: View, partition: Partition, folder: Path
    ) -> Sequence[StagedFile]:
        """Write the answer as Parquet below ``folder``; no file when there is no row."""
        ...
