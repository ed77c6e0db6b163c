"""What the commands for policies and capacities share: asking, and showing versions."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import typer

from service.errors import InputError, NotFoundError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rich.table import Table

    from service.domain.records import DocumentVersion


def agreed(question: str, *, yes: bool) -> bool:
    """Ask on a terminal; scripts say --yes.

    Raises:
        InputError: When nobody can be asked.
    """
    if yes:
        return True
    if not sys.stdin.isatty():
        raise InputError("nobody can be asked here; use --yes to apply, --preview-only to look")
    return typer.confirm(question)


def chosen(versions: Sequence[DocumentVersion], version: int | None, what: str) -> DocumentVersion:
    """Return one version, the newest if none is named.

    Raises:
        NotFoundError: When there is no such version.
    """
    by_number = {one.version: one for one in versions}
    if not by_number:
        raise NotFoundError(f"no {what} was applied yet; use comptroller {what} apply FILE.yaml")
    number = max(by_number) if version is None else version
    if number not in by_number:
        raise NotFoundError(f"there is no {what} version {number}; there are 1 to {max(by_number)}")
    return by_number[number]


def version_table(versions: Sequence[DocumentVersion]) -> Table:
    """Return all versions, newest first."""
    from rich.table import Table

    table = Table("version", "effective from", "applied at", "by", "sha256")
    for one in sorted(versions, key=lambda version: -version.version):
        table.add_row(
            str(one.version),
            str(one.effective_from),
            f"{one.applied_at:%Y-%m-%d %H:%M} UTC",
            one.applied_by,
            one.sha256[:12],
        )
    return table
