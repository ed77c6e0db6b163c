"""Files on a disk, named one by one or by a pattern."""

import glob
from collections.abc import Iterator, Sequence
from pathlib import Path

from ingest.files import look_at
from ingest.port import (
    Announcement,
    Check,
    DeliveredFile,
    Delivery,
    Kind,
    Marks,
    RejectedSourceError,
    SourceError,
)
from ingest.recognise import dialect_of, kind_of


class FilesSource:
    """Delivers the files it finds: one delivery per kind, all files of the kind in it."""

    def __init__(
        self, name: str, paths: Sequence[str], *, kind: Kind | None = None, complete: bool = True
    ) -> None:
        """Take file names and patterns with ``*``, ``?`` and ``**``."""
        self.name = name
        self._paths = tuple(paths)
        self._kind = kind
        self._complete = complete
        self._looked_at: dict[Kind, list[DeliveredFile]] = {}

    def announced(self, known: Marks) -> list[Announcement]:
        """Look at every file, and say which kinds there are.

        Raises:
            SourceError: When one file cannot be used; then nothing is announced.
        """
        del known  # What the lake holds of a file is told by its content.
        self._looked_at = self._by_kind()
        place = ", ".join(self._paths)
        return [Announcement(kind, None, None, None, place) for kind in self._looked_at]

    def fetch(self, announced: Announcement, folder: Path, version: int) -> Delivery:
        """Return the files of one kind, which lie where they are."""
        del folder
        return self._delivery(announced.kind, self._looked_at[announced.kind], version)

    def check(self) -> list[Check]:
        """Say which patterns name no file, and which files are of no use."""
        return [self._check(path) for path in self._paths]

    def _check(self, path: str) -> Check:
        try:
            found = FilesSource(self.name, [path], kind=self._kind).announced({})
        except SourceError as problem:
            return Check(f"files at {path}", passed=False, advice=str(problem))
        kinds = ", ".join(one.kind for one in found)
        return Check(f"files at {path} ({kinds})", passed=True)

    def deliveries(self, version: int) -> Iterator[Delivery]:
        """Yield what the files hold now, by kind.

        Raises:
            SourceError: When one file cannot be used; then nothing is delivered.
        """
        for kind, files in self._by_kind().items():
            yield self._delivery(kind, files, version)

    def _by_kind(self) -> dict[Kind, list[DeliveredFile]]:
        by_kind: dict[Kind, list[DeliveredFile]] = {}
        for file in self._distinct():
            by_kind.setdefault(kind_of(file, self._kind), []).append(file)
        return {kind: by_kind[kind] for kind in Kind if kind in by_kind}

    def _delivery(self, kind: Kind, files: list[DeliveredFile], version: int) -> Delivery:
        return Delivery(
            source=self.name,
            kind=kind,
            dialect=dialect_of(kind, files),
            version=version,
            complete=self._complete,
            files=tuple(files),
        )

    def _distinct(self) -> list[DeliveredFile]:
        """Look at every file; refuse the same content or the same name twice."""
        found: list[DeliveredFile] = []
        for file in map(look_at, self._found()):
            for other in found:
                if other.sha256 == file.sha256:
                    raise RejectedSourceError(
                        f"{file.name} and {other.name} have the same content; name one of them"
                    )
                if other.name == file.name:
                    raise RejectedSourceError(
                        f"{file.uri} and {other.uri} have the same name; rows are traced to file "
                        "names, so rename one of them"
                    )
            found.append(file)
        return found

    def _found(self) -> list[Path]:
        """Return the files behind the patterns, each once, in order of their names."""
        paths = [path for pattern in self._paths for path in self._matches(pattern)]
        return sorted(set(paths))

    def _matches(self, pattern: str) -> list[Path]:
        if not glob.has_magic(pattern) or Path(pattern).exists():
            return [Path(pattern)]
        found = [Path(name) for name in glob.glob(pattern, recursive=True)]  # noqa: PTH207 - the pattern may be absolute
        files = [path for path in found if path.is_file()]
        if not files:
            raise RejectedSourceError(f"{self.name}: no file fits {pattern}")
        return files
