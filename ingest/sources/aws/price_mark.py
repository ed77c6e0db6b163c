"""What the lake holds of AWS's prices, in a word that is kept with the rows."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from ingest.port import Kind

if TYPE_CHECKING:
    from ingest.port import Marks

_FORM = re.compile(
    r"asked=(?P<asked>\w+) lists=(?P<lists>\w+) prices=(?P<prices>\w+)"
    r" seen=(?P<seen>\S+) until=(?P<until>\S+)"
)


@dataclass(frozen=True, slots=True)
class PriceMark:
    """Up to when prices were loaded.

    ``asked`` names the regions and machine types, ``lists`` the published price lists, ``prices``
    what stood in them; ``seen`` is when the prices were last loaded, ``until`` where the spot
    prices end.
    """

    asked: str
    lists: str
    prices: str
    seen: datetime
    until: datetime

    def __str__(self) -> str:
        """Write it as it is kept."""
        return (
            f"asked={self.asked} lists={self.lists} prices={self.prices}"
            f" seen={_written(self.seen)} until={_written(self.until)}"
        )


def newest_mark(known: Marks, asked: str) -> PriceMark | None:
    """Return the newest mark of the same regions and machine types, in whatever month it lies."""
    marks = (_read(mark) for (kind, _), mark in known.items() if kind is Kind.PRICES)
    same = (mark for mark in marks if mark is not None and mark.asked == asked)
    return max(same, key=lambda mark: mark.until, default=None)


def _read(text: str) -> PriceMark | None:
    said = _FORM.fullmatch(text)
    if said is None:
        return None
    seen, until = (datetime.fromisoformat(said[name]).astimezone(UTC) for name in ("seen", "until"))
    return PriceMark(said["asked"], said["lists"], said["prices"], seen, until)


def _written(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")
