"""Reads what users told about a job in the words ``comptroller-…=…`` of its comment."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable

_WORD = re.compile(r"comptroller-(workload|project|team|checkpoint)=([^\s|,;\"']*)")
_T = TypeVar("_T")
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:-]*")


@dataclass(frozen=True, slots=True)
class Labels:
    """What a job's comment says; of a word that comes several times the last one counts.

    ``odd`` are the words that could not be read, each with what is accepted.
    """

    workload: str | None = None
    project: str | None = None
    team: str | None = None
    checkpoint_at: datetime | None = None
    odd: tuple[str, ...] = ()


_NOTHING = Labels()


def labels_of(text: str) -> Labels:
    """Return what the free text of a job says; what cannot be read is odd, and not known."""
    last: dict[str, str] = dict(_WORD.findall(text))
    if not last:
        return _NOTHING
    odd: list[str] = []
    return Labels(
        workload=_read(last, "workload", _name, odd),
        project=_read(last, "project", _name, odd),
        team=_read(last, "team", _name, odd),
        checkpoint_at=_read(last, "checkpoint", _moment, odd),
        odd=tuple(odd),
    )


def _read(
    words: dict[str, str], word: str, reader: Callable[[str], _T], odd: list[str]
) -> _T | None:
    if word not in words:
        return None
    try:
        return reader(words[word])
    except ValueError as problem:
        odd.append(f"comptroller-{word} is {words[word]!r}; accepted is {problem}")
        return None


def _name(text: str) -> str:
    if not _NAME.fullmatch(text):
        raise ValueError("a name of letters, digits and . _ : -")
    return text


def _moment(text: str) -> datetime:
    """A time without an offset could be of any zone: the cluster's is not the user's."""
    accepted = "a time with its offset, as 2026-10-05T13:00:00Z"
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        raise ValueError(accepted) from None
    if found.tzinfo is None:
        raise ValueError(accepted)
    return found.astimezone(UTC)
