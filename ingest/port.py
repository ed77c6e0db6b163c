"""The one port of ingest: a source yields deliveries, never rows."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Protocol


class Kind(StrEnum):
    """What a delivery is about; each kind fills one table of the lake."""

    FOCUS = "focus"
    PRICES = "prices"
    USAGE = "usage"
    JOBS = "jobs"
    NODES = "nodes"
    AVAILABILITY = "availability"


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
    ``period`` is the one partition that a source says it delivers (a billing period ``YYYY-MM``, a
    day, or ``*``): a complete delivery replaces it even by no file at all. Where it is ``None``,
    the rows tell. ``mark`` is the announcement's, and kept with the rows; where something is
    missing it is another, so that the next run fetches it again, and ``notes`` say what in words.
    """

    source: str
    kind: Kind
    dialect: str
    version: int
    complete: bool
    files: tuple[DeliveredFile, ...]
    period: str | None = None
    mark: str | None = None
    notes: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        """Refuse a delivery of nothing about no period, or with the same content twice."""
        if not self.files and self.period is None:
            raise ValueError(f"delivery of {self.source}: at least one file is needed")
        if len({file.sha256 for file in self.files}) != len(self.files):
            raise ValueError(f"delivery of {self.source}: the same content comes twice")


@dataclass(frozen=True, slots=True)
class Announcement:
    """What a source says it has, without its rows: cheap to ask for, night after night.

    ``period`` is the partition that the delivery will replace, or extend where it is not complete;
    ``None`` where only the rows tell. ``mark`` names the content (an ETag, a run, a last export
    time): what the lake holds under the same mark need not be fetched again; ``None`` is always
    fetched. ``version`` is when the provider finished it (milliseconds since 1970); ``None`` where
    only we can say.
    ``place`` is where it lies, for messages.
    """

    kind: Kind
    period: str | None
    mark: str | None
    version: int | None
    place: str


Marks = Mapping[tuple[Kind, str], str]
"""The marks of what the lake holds of a source, by kind and period."""


@dataclass(frozen=True, slots=True)
class Check:
    """One thing that a source needs: whether it is there, and if not what to do, in plain words."""

    what: str
    passed: bool
    advice: str = ""


class SourceError(Exception):
    """A source could not deliver."""


class TransientSourceError(SourceError):
    """Worth another try: timeouts, 429, 5xx, a file that is still being written."""


class RejectedSourceError(SourceError):
    """Trying again cannot help: unreadable file, unknown columns, bad credentials."""


class Source(Protocol):
    """A place that deliveries come from; ``name`` is the x_SourceId of its rows."""

    name: str

    def announced(self, known: Marks) -> Iterable[Announcement]:
        """Say what is there now; what ``known`` holds unchanged may be left out.

        Raises:
            SourceError: When that cannot be found out.
        """
        ...

    def fetch(self, announced: Announcement, folder: Path, version: int) -> Delivery:
        """Bring the files of one announcement, whole and checked, into ``folder``.

        ``version`` counts where the announcement has none.

        Raises:
            SourceError: When they cannot be had; names file, record, column. Nothing is delivered.
        """
        ...

    def check(self) -> Sequence[Check]:
        """Try everything that the source needs, and say what is missing; never raises."""
        ...
