"""Until when a source was read: kept in the marks of the months that its runs were put into."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from typing import TYPE_CHECKING

from ingest.port import Kind

if TYPE_CHECKING:
    from ingest.port import Marks

_MARK = re.compile(
    r"read (?P<begin>\S+)/(?P<until>\S+) of (?P<months>[0-9,-]+) as (?P<content>[0-9a-f]+)"
)

_NODES = re.compile(r"nodes until (\S+) as ([0-9a-f]+)")

WHOLE = "*"
"""The period of nodes."""


@dataclass(frozen=True, slots=True)
class Read:
    """One reading: from when to when, and the months that it told of."""

    begin: datetime
    until: datetime
    months: tuple[str, ...]

    def mark(self, content: str) -> str:
        """Return the mark of a month with some content."""
        span = f"{_text(self.begin)}/{_text(self.until)}"
        return f"read {span} of {','.join(self.months)} as {content}"


def read_from(known: Marks, since: date) -> datetime:
    """Return from when there is news: from the end of the last reading that was loaded whole.

    A month of the last reading that was not loaded makes all of the reading be read again.
    """
    found = {period: _read_of(mark) for (kind, period), mark in known.items() if kind is Kind.JOBS}
    reads = {period: read for period, read in found.items() if read is not None}
    if not reads:
        return datetime.combine(since, time(), UTC)
    last = max(reads.values(), key=lambda one: (one.until, one.begin))
    whole = all(month in reads and reads[month].until >= last.until for month in last.months)
    return last.until if whole else last.begin


def _read_of(mark: str) -> Read | None:
    told = _MARK.fullmatch(mark)
    if told is None:
        return None
    begin, until = (datetime.fromisoformat(told[name]) for name in ("begin", "until"))
    return Read(begin, until, tuple(told["months"].split(",")))


@dataclass(frozen=True, slots=True)
class NodesMark:
    """When nodes were told last, and which."""

    until: datetime
    content: str

    @property
    def text(self) -> str:
        """The mark of the nodes."""
        return f"nodes until {_text(self.until)} as {self.content}"

    def news(self, known: Marks) -> bool:
        """Say whether other nodes were told last, or these in another week."""
        told = nodes_told(known)
        if told is None or told.content != self.content:
            return True
        return told.until.isocalendar()[:2] != self.until.isocalendar()[:2]


def nodes_told(known: Marks) -> NodesMark | None:
    """Return when nodes were told last."""
    told = _NODES.fullmatch(known.get((Kind.NODES, WHOLE), ""))
    return None if told is None else NodesMark(datetime.fromisoformat(told[1]), told[2])


def _text(at: datetime) -> str:
    return f"{at:%Y-%m-%dT%H:%M:%SZ}"
