"""Writes a capacity as the file that people could have written, with where each entry is from."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import TYPE_CHECKING

import yaml

from service.documents.capacity import CapacityDocument
from service.documents.yaml_file import parse_document
from service.usecases.apply_capacity import PARTS

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from datetime import date

_ENDLESS = 1_000_000

Fields = dict[str, object]


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry of a list of the file: its fields in order, and what is said above it."""

    fields: Fields
    comment: str

    @property
    def key(self) -> tuple[str, ...]:
        """What entries are sorted by: what they are of, not what they say."""
        names = ("provider", "region", "zone", "market", "machine_type", "family", "id")
        place = [str(self.fields.get(name) or "") for name in names]
        return (*place, str(self.fields.get("families", "")))


def capacity_text(
    day: date, currency: str, parts: Mapping[str, Iterable[Entry]], heading: Sequence[str]
) -> str:
    """Return the file's text; the same entries give the same text in whatever order they come.

    Raises:
        DocumentError: When the entries contradict each other.
    """
    lines = [*(f"# {line}" for line in heading), "version: 1", f"effective_from: {day}"]
    lines.append(f"currency: {currency}")
    for part in PARTS:
        entries = sorted(parts.get(part, ()), key=lambda entry: entry.key)
        lines += ["", f"{part}:" if entries else f"{part}: []"]
        for entry in entries:
            lines += _lines(entry)
    text = "\n".join(lines) + "\n"
    parse_document(text, "the fetched capacity", CapacityDocument)
    return text


def _lines(entry: Entry) -> Iterator[str]:
    yield from (f"  # {line}" for line in entry.comment.splitlines())
    said = {name: value for name, value in entry.fields.items() if value not in (None, (), "")}
    for number, (name, value) in enumerate(said.items()):
        yield f"  {'-' if number == 0 else ' '} {name}: {_scalar(value)}"


def _scalar(value: object) -> str:
    """Write one value so that the same is read again."""
    if isinstance(value, datetime):
        return value.strftime("%Y-%m-%dT%H:%M:%SZ")
    if isinstance(value, Decimal):
        return f"{value.normalize():f}"
    if isinstance(value, tuple):
        value = list(value)
    text: str = yaml.safe_dump(value, default_flow_style=True, allow_unicode=True, width=_ENDLESS)
    return text.removesuffix("\n").removesuffix("\n...")
