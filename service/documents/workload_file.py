"""Reads files of workloads: one, a list, a ``workloads:`` key, or several YAML documents."""

from __future__ import annotations

import re
from itertools import pairwise
from typing import TYPE_CHECKING, cast

from service.documents.base import Document
from service.documents.marks import Loc, MarkedDocument, Problem, read_json, read_yaml
from service.documents.workload import WorkloadDocument  # noqa: TC001  (Pydantic reads it)
from service.documents.yaml_file import DocumentError, read_text, validated

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

# YAML reads a line that begins so as the start of a document wherever it stands, even inside
# a block of text, so cutting there is exact.
_SEPARATOR = re.compile(r"^---(?=\s|$)", re.MULTILINE)
_NOTHING = re.compile(r"(\s*(#[^\n]*)?(\n|$))*")


class WorkloadFile(Document):
    """The workloads of one file."""

    workloads: tuple[WorkloadDocument, ...]

    def contradictions(self) -> Iterator[tuple[Loc, str]]:
        """Yield what does not fit together in each workload, and keys that come twice."""
        seen: dict[tuple[str, str], int] = {}
        for index, workload in enumerate(self.workloads):
            for loc, text in workload.contradictions():
                yield ("workloads", index, *loc), text
            if workload.idempotency_key is None:
                continue
            key = (workload.team, workload.idempotency_key)
            if key in seen:
                place = ("workloads", index, "idempotency_key")
                yield place, f"is the key of workload {seen[key] + 1} of this file too"
            seen.setdefault(key, index)


def load_workloads(path: Path) -> tuple[WorkloadDocument, ...]:
    """Read and validate every workload of a file, all or nothing.

    Raises:
        DocumentError: With file, line and field of every problem.
    """
    return parse_workloads(read_text(path), path.name)


def parse_workloads(text: str, name: str) -> tuple[WorkloadDocument, ...]:
    """Validate the workloads in ``text``; ``name`` is the file's name, ``.json`` is read as JSON.

    Raises:
        DocumentError: With file, line and field of every problem.
    """
    try:
        whole = _gathered([read_json(text)] if name.lower().endswith(".json") else _parts(text))
    except Problem as problem:
        raise DocumentError([f"{name}:{problem.line}: {problem}"]) from problem
    if ("workloads", 0) not in whole.lines:
        raise DocumentError([f"{name}: there is no workload in it; one or more are accepted"])
    return validated(whole, name, WorkloadFile).workloads


def _parts(text: str) -> Iterator[MarkedDocument]:
    """Read each document on its own, behind as many empty lines as stood before it."""
    cuts = [0, *(cut.start() for cut in _SEPARATOR.finditer(text)), len(text)]
    for start, end in pairwise(cuts):
        part = _SEPARATOR.sub("", text[start:end], count=1)
        if not _NOTHING.fullmatch(part):
            yield read_yaml("\n" * text.count("\n", 0, start) + part)


def _gathered(documents: Iterable[MarkedDocument]) -> MarkedDocument:
    """Bring the accepted shapes into one list of workloads; each value keeps its line."""
    found: list[object] = []
    lines: dict[Loc, int] = {(): 1, ("workloads",): 1}
    for document in documents:
        part = _as_list(document)
        for loc, line in part.lines.items():
            if loc and isinstance(loc[0], int):
                lines["workloads", loc[0] + len(found), *loc[1:]] = line
        found += cast("list[object]", part.data)
    return MarkedDocument({"workloads": found}, lines)


def _as_list(document: MarkedDocument) -> MarkedDocument:
    """Take a list as it is, the list below ``workloads``, or one workload as a list of one."""
    data, lines = document.data, document.lines
    if isinstance(data, list):
        return document
    if not isinstance(data, dict) or "workloads" not in data:
        return MarkedDocument([data], {(0, *loc): line for loc, line in lines.items()})
    for key in data:
        if key != "workloads":
            raise Problem(f"{key}: is no known key beside workloads", document.line((key,)))
    if not isinstance(data["workloads"], list):
        raise Problem("workloads: must be a list", document.line(("workloads",)))
    inner = {loc[1:]: line for loc, line in lines.items() if loc[:1] == ("workloads",)}
    return MarkedDocument(data["workloads"], inner)
