"""Where the lake lies: all that differs between a folder of this machine and a bucket of S3.

Files of a load are written into a folder of this machine in both cases; in a bucket, a commit
uploads them before it names them. So a load that is refused or dies leaves nothing behind there,
and the engine writes at the speed of the disk.
"""

import shutil
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from os.path import realpath
from pathlib import Path
from typing import Protocol
from uuid import UUID

import duckdb

from warehouse.catalog import private_folder

LOADS = "loads"
"""The folder of the lake that holds a folder of files for each load."""


@dataclass(frozen=True, slots=True)
class StoredFile:
    """A file below the lake: its address, its size and when it was written."""

    uri: str
    size_bytes: int
    written_at: datetime


class Storage(Protocol):
    """The place of the lake."""

    uri: str

    def table_place(self, name: str) -> str:
        """The address of a table, ready to be written to."""
        ...

    def folder(self, load_id: UUID) -> Path:
        """The folder of this machine that a load writes its files into."""
        ...

    def publish(self, path: str, load_id: str) -> str:
        """Bring a written file to where tables may refer to it; returns its address there."""
        ...

    def close(self, load_id: UUID) -> None:
        """Take away what a load that is over left on this machine and no table refers to."""
        ...

    def loads(self) -> list[str]:
        """The ids of all loads that left files."""
        ...

    def files(self, place: str) -> Iterator[StoredFile]:
        """All files below a table's or load's place (``price``, ``loads/<id>``)."""
        ...

    def delete(self, files: Sequence[StoredFile]) -> None:
        """Delete files; one that is gone already is no error."""
        ...

    def tidy(self, dead: Sequence[str], before: datetime) -> None:
        """Remove what loads that are over left unfinished before that time, and empty folders."""
        ...

    def one_name(self, uri: str) -> str:
        """The one name of a file, however it is spelled."""
        ...

    def io_properties(self) -> dict[str, str]:
        """How PyIceberg reaches the place, with credentials that are valid now."""
        ...

    def prepare(self, connection: duckdb.DuckDBPyConnection) -> None:
        """Let DuckDB reach the place; called before its file system is closed."""
        ...

    def open_places(self) -> list[str]:
        """What DuckDB may read and write: the lake, and files that a load is writing."""
        ...


class LocalStorage:
    """A lake in a private folder: a load writes right into it."""

    def __init__(self, root: Path) -> None:
        """Take the folder, which is there and private."""
        self.root = root
        self.uri = str(root)

    def table_place(self, name: str) -> str:
        """A private folder below the lake's."""
        private_folder(self.root / name / "metadata")
        return str(self.root / name)

    def folder(self, load_id: UUID) -> Path:
        """A private folder in the lake."""
        return private_folder(self.root / LOADS / str(load_id))

    def publish(self, path: str, load_id: str) -> str:
        """Nothing to do: it is there."""
        del load_id
        return path

    def close(self, load_id: UUID) -> None:
        """Nothing to do: files that no table refers to go with maintenance."""

    def loads(self) -> list[str]:
        """The names of the folders."""
        return subfolders(self.root / LOADS)

    def files(self, place: str) -> Iterator[StoredFile]:
        """Files and links to files; a link counts for itself."""
        for path in sorted((self.root / place).rglob("*")):
            if path.is_file():
                found = path.lstat()
                written = datetime.fromtimestamp(found.st_mtime, UTC)
                yield StoredFile(str(path), found.st_size, written)

    def delete(self, files: Sequence[StoredFile]) -> None:
        """One by one."""
        for file in files:
            Path(file.uri).unlink(missing_ok=True)

    def tidy(self, dead: Sequence[str], before: datetime) -> None:
        """Folders that are empty and old."""
        for name in dead:
            folder = self.root / LOADS / name
            if is_older(folder, before) and not any(folder.iterdir()):
                folder.rmdir()

    def one_name(self, uri: str) -> str:
        """Without links on the way."""
        return realpath(uri)

    def io_properties(self) -> dict[str, str]:
        """A folder needs none."""
        return {}

    def prepare(self, connection: duckdb.DuckDBPyConnection) -> None:
        """Nothing to do: folders are known to DuckDB."""

    def open_places(self) -> list[str]:
        """The lake."""
        return [f"{self.root}/"]


def subfolders(folder: Path) -> list[str]:
    """The names in ``folder``, sorted; none when it is not there."""
    return sorted(entry.name for entry in folder.iterdir()) if folder.exists() else []


def is_older(path: Path, before: datetime) -> bool:
    """Whether ``path`` was last written before that time."""
    return path.stat().st_mtime < before.timestamp()


def remove_folder(folder: Path) -> None:
    """Remove ``folder`` with all that is in it, if it is there."""
    shutil.rmtree(folder, ignore_errors=True)
