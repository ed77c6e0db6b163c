"""Looks at files that a user names, and says what deliveries they make."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ingest.registry import files_source

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ingest.port import Delivery


def read_files(
    source: str, paths: Sequence[str], kind: str | None, version: int, *, complete: bool
) -> list[Delivery]:
    """Return one delivery for each kind of file among ``paths``, which may be patterns.

    Raises:
        SourceError: When a file cannot be used; names file, record and what is accepted.
    """
    return list(files_source(source, paths, kind, complete=complete).deliveries(version))
