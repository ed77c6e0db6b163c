"""Reads what people write (YAML or JSON) into a model; every error names file, line and field."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

from pydantic import BaseModel, ValidationError

from service.documents.base import Document
from service.documents.marks import Loc, MarkedDocument, Problem, read_json, read_yaml
from service.documents.wording import distinct, sentence
from service.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

Model = TypeVar("Model", bound=BaseModel)


class DocumentError(InputError):
    """A document cannot be used; ``problems`` has one sentence for each place in it."""

    def __init__(self, problems: Iterable[str]) -> None:
        """Keep every sentence; the message shows them one a line."""
        self.problems = tuple(problems)
        super().__init__("\n".join(self.problems))


def load_document(path: Path, model: type[Model]) -> Model:
    """Read and validate the file at ``path``.

    Raises:
        DocumentError: With every problem found, not only the first.
    """
    return parse_document(read_text(path), path.name, model)


def read_text(path: Path) -> str:
    """Return the text of a file that people wrote in UTF-8.

    Raises:
        DocumentError: When it is missing, unreadable or not UTF-8.
    """
    try:
        return path.read_bytes().decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = error.object[: error.start].count(b"\n") + 1
        raise DocumentError([f"{path.name}:{line}: is not UTF-8 text; save it as UTF-8"]) from error
    except OSError as error:
        raise DocumentError([f"{path}: cannot be read: {error.strerror}"]) from error


def parse_document(text: str, name: str, model: type[Model]) -> Model:
    """Validate ``text`` as ``model``; ``name`` is the file's name, ``.json`` is read as JSON.

    Raises:
        DocumentError: With every problem found, not only the first.
    """
    read = read_json if name.lower().endswith(".json") else read_yaml
    try:
        document = read(text)
    except Problem as problem:
        raise DocumentError([f"{name}:{problem.line}: {problem}"]) from problem
    return validated(document, name, model)


def validated(document: MarkedDocument, name: str, model: type[Model]) -> Model:
    """Validate data that was read already; ``name`` is the file's name.

    Raises:
        DocumentError: With every problem found, not only the first.
    """
    try:
        found = model.model_validate(document.data)
    except ValidationError as error:
        places = [(tuple(one["loc"]), sentence(one, model)) for one in distinct(error.errors())]
        raise _refusal(document, name, places) from error
    places = list(found.contradictions()) if isinstance(found, Document) else []
    if places:
        raise _refusal(document, name, places)
    return found


def _refusal(
    document: MarkedDocument, name: str, places: Iterable[tuple[Loc, str]]
) -> DocumentError:
    marked = sorted((document.line(loc), _written(loc), text) for loc, text in places)
    return DocumentError(
        f"{name}:{line}: {place}: {text}" if place else f"{name}:{line}: {text}"
        for line, place, text in dict.fromkeys(marked)
    )


def _written(loc: Loc) -> str:
    parts = [f"[{part + 1}]" if isinstance(part, int) else f".{part}" for part in loc]
    return "".join(parts).removeprefix(".")
