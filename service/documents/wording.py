"""Pydantic's findings in the words of the person who wrote the document."""

from __future__ import annotations

import types
from difflib import get_close_matches
from typing import TYPE_CHECKING, Annotated, Any, Union, get_args, get_origin

from pydantic import BaseModel

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from pydantic_core import ErrorDetails

    from service.documents.marks import Loc

_TYPES = {
    "string_type": "must be text; put it in quotes",
    "int_type": "must be a whole number",
    "int_parsing": "must be a whole number",
    "int_from_float": "must be a whole number",
    "float_type": "must be a number",
    "float_parsing": "must be a number",
    "decimal_type": "must be a number",
    "decimal_parsing": "must be a number",
    "bool_type": "must be true or false",
    "bool_parsing": "must be true or false",
    "date_type": "must be a date, as 2026-08-01",
    "date_parsing": "must be a date, as 2026-08-01",
    "date_from_datetime_parsing": "must be a date, as 2026-08-01",
    "datetime_type": "must be a moment with its zone, as 2026-08-01T00:00:00Z",
    "datetime_parsing": "must be a moment with its zone, as 2026-08-01T00:00:00Z",
    "datetime_from_date_parsing": "must be a moment with its zone, as 2026-08-01T00:00:00Z",
    "timezone_aware": "must have a zone, as 2026-08-01T00:00:00Z",
    "list_type": "must be a list",
    "tuple_type": "must be a list",
    "dict_type": "must be a mapping of keys to values",
    "model_type": "must be a mapping of keys to values",
    "model_attributes_type": "must be a mapping of keys to values",
    "missing": "is missing",
    "too_short": "must have at least one entry",
    "string_unicode": "must be text without halves of letters",
}


def distinct(errors: Sequence[ErrorDetails]) -> list[ErrorDetails]:
    """Leave out that a list is too short where it only is because its entries are wrong."""
    wrong = {one["loc"][:end] for one in errors for end in range(len(one["loc"]))}
    return [one for one in errors if one["type"] != "too_short" or one["loc"] not in wrong]


def sentence(error: ErrorDetails, model: type[BaseModel]) -> str:
    """Say what is wrong with one value and what is accepted."""
    if error["type"] == "extra_forbidden":
        return _unknown_key(error["loc"], model)
    text = _TYPES.get(error["type"])
    if text is None:
        text = error["msg"].removeprefix("Value error, ")
        text = text.removeprefix("Input ").removeprefix("String ")
        text = text[:1].lower() + text[1:]
    shown = error["input"]
    if error["type"] == "missing" or not isinstance(shown, str | int | float):
        return text
    written = str(shown).lower() if isinstance(shown, bool) else repr(shown)
    return f"{written} {text}" if text.startswith(("must", "should")) else f"{written}: {text}"


def _unknown_key(loc: Loc, model: type[BaseModel]) -> str:
    accepted = sorted({name for found in _models_at(loc[:-1], model) for name in _names(found)})
    close = get_close_matches(str(loc[-1]), accepted, n=1)
    hint = f"; did you mean {close[0]!r}?" if close else ""
    return f"is no known key{hint} (accepted: {', '.join(accepted)})"


def _models_at(loc: Loc, model: type[BaseModel]) -> Iterator[type[BaseModel]]:
    """Yield the models that may stand at ``loc``, following fields and the items of lists."""
    if not loc:
        yield model
        return
    inner = {name: field.annotation for name, field in model.model_fields.items()}
    inner |= {field.alias: field.annotation for field in model.model_fields.values() if field.alias}
    rest = loc[1:]
    annotation: Any = inner.get("root") if "root" in inner else inner.get(str(loc[0]))
    rest = loc if "root" in inner else rest
    while rest and isinstance(rest[0], int):
        rest = rest[1:]
    for found in _models_in(annotation):
        yield from _models_at(rest, found)


def _models_in(annotation: Any) -> Iterator[type[BaseModel]]:  # noqa: ANN401  (any annotation)
    if isinstance(annotation, type) and get_origin(annotation) is None:
        if issubclass(annotation, BaseModel):
            yield annotation
        return
    if get_origin(annotation) in {list, tuple, dict, Union, types.UnionType, Annotated}:
        for argument in get_args(annotation):
            yield from _models_in(argument)


def _names(model: type[BaseModel]) -> Iterator[str]:
    for name, field in model.model_fields.items():
        yield field.alias or name
