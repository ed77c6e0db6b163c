"""Samples at most once per interval, and written down when that is wanted."""

from __future__ import annotations

import json
import os
from io import FileIO
from threading import Lock
from typing import TYPE_CHECKING

from agent.errors import AgentError
from agent.sample import from_json, to_json

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from agent.sample import Sample


class Pace:
    """Gives the sample that was taken last as long as it is young: two readers cost as one."""

    def __init__(
        self,
        take: Callable[[], Sample],
        *,
        interval_s: float,
        elapsed_s: Callable[[], float],
        record: Callable[[Sample], None],
    ) -> None:
        """Call ``take`` no more often than every ``interval_s``, by the clock ``elapsed_s``."""
        self._take = take
        self._interval_s = interval_s
        self._elapsed_s = elapsed_s
        self._record = record
        self._lock = Lock()
        self._last: tuple[float, Sample] | None = None

    def sample(self) -> Sample:
        """Return a sample that is younger than the interval."""
        with self._lock:
            now = self._elapsed_s()
            if self._last is None or now - self._last[0] >= self._interval_s:
                taken = self._take()
                self._record(taken)
                self._last = now, taken
            return self._last[1]


def recorder(file: FileIO) -> Callable[[Sample], None]:
    """Return what writes each sample as one line of JSON, at once, so that a crash loses none."""

    def record(sample: Sample) -> None:
        line = json.dumps(to_json(sample), separators=(",", ":")) + "\n"
        try:
            file.write(line.encode())
        except OSError as error:
            raise AgentError(f"cannot write the recording: {error.strerror}") from error

    return record


def open_record(path: Path) -> FileIO:
    """Open a file to append samples to; others may not read who used what.

    Raises:
        AgentError: When it cannot be written.
    """
    try:
        return FileIO(path, "a", opener=_private)
    except OSError as error:
        raise AgentError(f"cannot write {path}: {error.strerror}") from error


def _private(name: str, flags: int) -> int:
    return os.open(name, flags, 0o600)


def recorded(path: Path) -> Iterator[Sample]:
    """Yield the samples of a file in their order."""
    with path.open(encoding="utf-8") as lines:
        for line in lines:
            yield from_json(json.loads(line))
