"""Splits sacct's output into fields, and says in which line of which file something is wrong."""

from __future__ import annotations

import gzip
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, TextIO

from ingest.port import RejectedSourceError, TransientSourceError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

NEEDED = ("JobIDRaw", "State", "Submit", "AllocTRES")
"""The fields without which nothing can be said of a job."""

_FREE_TEXT = frozenset(
    ("JobName", "Comment", "AdminComment", "SystemComment", "WorkDir", "SubmitLine", "Container")
)
"""What users write as they like, so that a pipe may stand in it."""

_MOST_BREAKS = 100
"""More line breaks in one name are a damaged file."""

_BATCH_STEP = re.compile(r"\d+\.\S+")


@dataclass(frozen=True, slots=True)
class Line:
    """One job in one file, by sacct's names of fields; ``text`` is all that users wrote."""

    place: str
    fields: Mapping[str, str]
    text: str

    def refused(self, field: str, accepted: str) -> RejectedSourceError:
        """Say what is wrong with a field, and what would not be."""
        found = self.fields.get(field, "")
        return RejectedSourceError(
            f"{self.place}: {field} is {found!r}; accepted is {accepted}; nothing was loaded"
        )


def lines_of(path: Path) -> Iterator[Line]:
    """Read the jobs of a file; steps of jobs are passed over.

    Raises:
        RejectedSourceError: When it is no output of ``sacct --parsable2``; names the line.
        TransientSourceError: When the last line is cut off.
    """
    opened = gzip.open if path.suffix == ".gz" else open
    try:
        with opened(path, "rt", encoding="utf-8", errors="replace", newline="\n") as stream:
            yield from _lines(path.name, stream)
    except (OSError, EOFError) as problem:
        raise RejectedSourceError(f"{path}: cannot be read: {problem}") from problem


def _lines(name: str, stream: TextIO) -> Iterator[Line]:
    form = _Form.of(name, stream.readline())
    begun, text = 0, ""
    for number, piece in enumerate(stream, start=2):
        if not piece.endswith("\n"):
            raise TransientSourceError(
                f"{name}, line {number}: the line is cut off, as if sacct were still writing; try "
                "again, and let it write to another name first, as docs/connect/slurm.md shows"
            )
        begun, text = begun or number, text + piece
        # A job may have a line break in its name, which sacct prints as it is.
        if form.is_short(text) and number - begun < _MOST_BREAKS:
            continue
        line = form.line(f"{name}, line {begun}", text[:-1])
        begun, text = 0, ""
        if not _BATCH_STEP.fullmatch(line.fields["JobIDRaw"]):
            yield line
    if text:
        form.line(f"{name}, line {begun}", text[:-1])


@dataclass(frozen=True, slots=True)
class _Form:
    """The fields of a file in their order, and where those with free text begin and end."""

    names: tuple[str, ...]
    first_free: int
    end_free: int

    @classmethod
    def of(cls, name: str, header: str) -> _Form:
        names = tuple(header.rstrip("\n").split("|"))
        if missing := [field for field in NEEDED if field not in names]:
            raise RejectedSourceError(
                f"{name}, line 1: the header lacks {', '.join(missing)}; accepted is the output "
                "of sacct -P with the fields that docs/connect/slurm.md lists"
            )
        free = [at for at, field in enumerate(names) if field in _FREE_TEXT]
        if free and free[-1] - free[0] != len(free) - 1:
            told = " and ".join(names[at] for at in free)
            raise RejectedSourceError(
                f"{name}, line 1: {told} do not stand beside each other, so a pipe in one of them "
                "could not be told from one between two fields; put them side by side in --format"
            )
        if free and (free[0] == 0 or free[-1] == len(names) - 1):
            raise RejectedSourceError(
                f"{name}, line 1: {names[free[-1]]} stands at the edge, so a line break in it "
                "could not be told from one between two jobs; put it behind JobIDRaw in --format"
            )
        return cls(names, free[0], free[-1] + 1) if free else cls(names, 0, 0)

    def is_short(self, text: str) -> bool:
        """Whether more must follow until this is a whole job."""
        return bool(self.end_free) and text.count("|") < len(self.names) - 1

    def line(self, place: str, text: str) -> Line:
        """Split one line; what is too much belongs to the free text.

        Raises:
            RejectedSourceError: When it has too few fields, or too many without free text.
        """
        found = text.split("|")
        more = len(found) - len(self.names)
        if more < 0 or (more and not self.end_free):
            raise RejectedSourceError(
                f"{place}: has {len(found)} fields where the header has {len(self.names)}; let "
                "sacct write the file again"
            )
        free = "|".join(found[self.first_free : self.end_free + more])
        kept = found[: self.first_free] + found[self.end_free + more :]
        names = self.names[: self.first_free] + self.names[self.end_free :]
        return Line(place, dict(zip(names, kept, strict=True)), free)
