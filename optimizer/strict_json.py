"""JSON read strictly: no doubles, no NaN, no unknown fields, whole numbers that are whole."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any, NoReturn

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

_INT_MAX = 10**30  # anything longer is no count and no amount
# JSON can escape half a letter, which no file and no terminal takes.
_HALF = re.compile("[\ud800-\udfff]")


class BadFile(ValueError):
    """A file cannot be used; the sentence names the file, the JSON path and what is accepted."""


class Node:
    """A JSON value that knows where it stands."""

    def __init__(self, value: object, file: str, path: str = "") -> None:
        """Wrap ``value``, which stands at ``path`` of ``file``."""
        self.value, self.file, self.path = value, file, path

    def refuse(self, sentence: str) -> NoReturn:
        """Raise the error that names this place."""
        raise BadFile(f"{self.file}: {self.path + ': ' if self.path else ''}{sentence}")

    def fields(
        self, required: tuple[str, ...], optional: tuple[str, ...] = (), later: tuple[str, ...] = ()
    ) -> dict[str, Node]:
        """The object's members; unknown, missing and reserved ones are refused."""
        members = self._members()
        faults = self.strange(required, optional, later)
        faults += [f"{name} is missing" for name in required if name not in members]
        if faults:
            self.refuse("; ".join(faults))
        return self.children()

    def strange(
        self, required: tuple[str, ...], optional: tuple[str, ...] = (), later: tuple[str, ...] = ()
    ) -> list[str]:
        """One sentence per field that this version does not take."""
        accepted = ", ".join((*required, *optional))
        return [
            f"{name} is reserved for a later version"
            if name in later
            else f"{name} is not a known field; accepted are {accepted}"
            for name in self._members()
            if name not in required and name not in optional
        ]

    def children(self) -> dict[str, Node]:
        """The object's members by name, whatever they are called."""
        prefix = f"{self.path}." if self.path else ""
        return {
            name: Node(value, self.file, f"{prefix}{name}")
            for name, value in self._members().items()
        }

    def items(self) -> Iterator[Node]:
        """The list's elements."""
        if not isinstance(self.value, list):
            self.refuse(f"a list is accepted, not {_kind(self.value)}")
        for index, value in enumerate(self.value):
            yield Node(value, self.file, f"{self.path}[{index}]")

    def integer(self) -> int:
        """A whole number; true, 1.0 and "1" are none."""
        if isinstance(self.value, bool) or not isinstance(self.value, int):
            self.refuse(f"an integer is accepted, not {_kind(self.value)}")
        if abs(self.value) > _INT_MAX:
            self.refuse("an integer of at most 30 digits is accepted")
        return self.value

    def number(self) -> float:
        """A number, whole or not."""
        if isinstance(self.value, float):
            return self.value
        if isinstance(self.value, bool) or not isinstance(self.value, int):
            self.refuse(f"a number is accepted, not {_kind(self.value)}")
        return float(self.integer())

    def text(self) -> str:
        """A text of at least one character."""
        if not isinstance(self.value, str) or not self.value:
            self.refuse(f"a text of at least one character is accepted, not {_kind(self.value)}")
        if _HALF.search(self.value):
            self.refuse(f"a text without halves of letters is accepted, not {_kind(self.value)}")
        return self.value

    def _members(self) -> Mapping[str, object]:
        if not isinstance(self.value, dict):
            self.refuse(f"an object is accepted, not {_kind(self.value)}")
        return self.value


def load(source: Path | str, name: str) -> Node:
    """Parse a file, or a text that is called ``name`` in errors."""
    if isinstance(source, str):
        return _parse(source, name)
    try:
        return _parse(source.read_bytes().decode("utf-8-sig"), str(source))
    except OSError as error:
        raise BadFile(f"{source}: cannot be read: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise BadFile(
            f"{source}: byte {error.start} is not UTF-8; JSON in UTF-8 is accepted"
        ) from error


def _parse(text: str, file: str) -> Node:
    node = Node(None, file)
    try:
        value = json.loads(text, object_pairs_hook=_object, parse_constant=_constant)
    except json.JSONDecodeError as error:
        node.refuse(f"not JSON: {error.msg} at line {error.lineno}, column {error.colno}")
    except RecursionError:
        node.refuse("not usable JSON: it is nested too deeply")
    except ValueError as error:  # a double, NaN, or an integer of thousands of digits
        node.refuse(f"not usable JSON: {error}")
    return Node(value, file)


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) < len(pairs):
        names = [name for name, _ in pairs]
        double = next(name for name in names if names.count(name) > 1)
        raise ValueError(f"field {double} stands twice in one object")
    if any(_HALF.search(name) for name in members):
        raise ValueError("a field's name holds half a letter")
    return members


def _constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not a number that JSON knows")


def _kind(value: object) -> str:
    """A short word for what was found instead."""
    match value:
        case None:
            return "null"
        case bool():
            return str(value).lower()
        case str():
            return f"the text {value[:40]!r}"
        case dict():
            return "an object"
        case list():
            return "a list"
        case _:
            return str(value)[:40]
