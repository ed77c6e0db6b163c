"""YAML and JSON as plain data, with the line on which each value stands."""

from __future__ import annotations

import json
from dataclasses import dataclass, field

import yaml

_TOO_DEEP = "is nested too deeply to be read"

Loc = tuple[int | str, ...]
"""The way to a value: keys of mappings and indexes of lists, as Pydantic writes it."""


class Problem(ValueError):
    """The text cannot be read as data; ``line`` counts from 1."""

    def __init__(self, message: str, line: int) -> None:
        """Keep the line beside the sentence."""
        super().__init__(message)
        self.line = line


@dataclass(frozen=True, slots=True)
class MarkedDocument:
    """Data and the line of each value in it; ``lines[()]`` is where the document begins."""

    data: object
    lines: dict[Loc, int] = field(default_factory=dict)

    def line(self, loc: Loc) -> int:
        """Return the line of the value, or of the nearest part around it that is there."""
        while loc and loc not in self.lines:
            loc = loc[:-1]
        return self.lines.get(loc, 1)


class _Loader(yaml.SafeLoader):
    """The safe loader without aliases, which could unfold a small file into a huge one."""

    def compose_node(self, parent: yaml.Node | None, index: int) -> yaml.Node | None:
        """Refuse an alias; compose everything else."""
        if self.check_event(yaml.AliasEvent):
            line = self.peek_event().start_mark.line + 1  # type: ignore[no-untyped-call]
            raise Problem("aliases (*name) are not accepted; write the value out", line)
        return super().compose_node(parent, index)


def read_yaml(text: str) -> MarkedDocument:
    """Read one YAML document.

    Raises:
        Problem: When it is no YAML, is nested too deeply, repeats a key, or uses an alias or a tag
            of its own.
    """
    document = MarkedDocument({}, {(): 1})
    try:
        loader = _Loader(text)
        node = loader.get_single_node()
        data = {} if node is None else _plain(loader, node, (), document.lines)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        problem = (error.problem or "unreadable").replace("\t", "\\t")
        raise Problem(f"is no valid YAML: {problem}", mark.line + 1 if mark else 1) from error
    except yaml.YAMLError as error:
        raise Problem(f"is no valid YAML: {error}".splitlines()[0], 1) from error
    except RecursionError as error:
        raise Problem(_TOO_DEEP, 1) from error
    return MarkedDocument(data, document.lines)


def read_json(text: str) -> MarkedDocument:
    """Read one JSON document; the lines come from reading it as YAML, of which JSON is a part.

    Raises:
        Problem: When it is no JSON, is nested too deeply, or repeats a key.
    """
    marks = MarkedDocument({})
    try:
        data = json.loads(text, parse_constant=_no_number)
        marks = read_yaml(text.replace("\t", " "))
    except json.JSONDecodeError as error:
        raise Problem(f"is no valid JSON: {error.msg}", error.lineno) from error
    except RecursionError as error:
        raise Problem(_TOO_DEEP, 1) from error
    except ValueError as error:
        raise error if isinstance(error, Problem) else Problem(str(error), 1) from error
    return MarkedDocument(data, marks.lines)


def _no_number(constant: str) -> object:
    raise ValueError(f"is no valid JSON: {constant} is no number")


def _plain(loader: yaml.SafeLoader, node: yaml.Node, loc: Loc, lines: dict[Loc, int]) -> object:
    lines.setdefault(loc, node.start_mark.line + 1)
    if isinstance(node, yaml.MappingNode):
        return _mapping(loader, node, loc, lines)
    if isinstance(node, yaml.SequenceNode):
        return [_plain(loader, item, (*loc, index), lines) for index, item in enumerate(node.value)]
    try:
        return loader.construct_object(node)
    except ValueError as error:
        raise Problem(f"{node.value!r}: {error}; put text in quotes", lines[loc]) from error


def _mapping(
    loader: yaml.SafeLoader, node: yaml.MappingNode, loc: Loc, lines: dict[Loc, int]
) -> dict[object, object]:
    found: dict[object, object] = {}
    for key_node, value_node in node.value:
        line = key_node.start_mark.line + 1
        if not isinstance(key_node, yaml.ScalarNode):
            raise Problem("a key must be a plain word", line)
        key = loader.construct_object(key_node)
        if not isinstance(key, str):
            raise Problem(f"the key {key_node.value} must be in quotes to be read as text", line)
        if key in found:
            raise Problem(
                f"the key {key!r} comes twice; the first is on line {lines[(*loc, key)]}", line
            )
        lines[(*loc, key)] = line
        found[key] = _plain(loader, value_node, (*loc, key), lines)
    return found
