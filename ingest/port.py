"""The one port of ingest: a source yields deliveries, never rows."""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol


class Kind(StrEnum):
    """What a delivery is about; each kind fills one table of the lake."""

    FOCUS = "focus"
    PRICES = "prices"
    USAGE = "usage"
    JOBS = "jobs"
    NODES = "nodes"


class FileFormat(StrEnum):
    """How a delivered file is written; gzip is part of the CSV reader's business."""

    CSV = "csv"
    PARQUET = "parquet"


@dataclass(frozen=True, slots=True)
class DeliveredFile:
    """One file of a delivery, looked at and found whole.

    ``name`` is the file's name as users know it (no folder); ``file_id`` is the first 16 digits of
    ``sha256`` and stands in every row that came from the file.
    """

    uri: str
    name: str
    size_bytes: int
    sha256: str
    format: FileFormat
    columns: tuple[str, ...]

    @property
    def file_id(self) -> str:
        """The short name of the file's content."""
        return self.sha256[:16]


@dataclass(frozen=True, slots=True)
class Delivery:
    """Files that together replace (or extend) what a source said about some periods.

    ``version`` grows with every delivery of the same source (milliseconds since 1970);
    ``complete`` is false where the files only add to what is there.
    Which periods are touched is known once the rows are read, so it is not said here.
    """

    source: str
    kind: Kind
    dialect: str
    version: int
    complete: bool
    files: tuple[DeliveredFile, ...]

    def __post_init__(self) -> None:
        """Refuse a delivery without files, or with the same content twice."""
        if not self.files:
            raise ValueError(f"delivery of {self.source}: at least one file is needed")
        if len({file.sha256 for file in self.files}) != len(self.files):
            raise ValueError(f"delivery of {self.source}: the same content comes twice")


class SourceError(Exception):
    """A source could not deliver."""


class TransientSourceError(SourceError):
    """Worth another try: timeouts, 429, 5xx, a file that is still being written."""


class RejectedSourceError(SourceError):
    """Trying again cannot help: unreadable file, unknown columns, bad credentials."""


class Source(Protocol):
    """A place that deliveries come from; ``name`` is the x_SourceId of its rows."""

    name: str

    def deliveries(self, version: int) -> Iterator[Delivery]:
        """Yield what is there now, each with ``version``.

        Raises:
            SourceError: When it cannot be read; the message names file, record, column.
        """
        ...
