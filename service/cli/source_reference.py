"""The settings of each type of source, as Markdown: of ``docs/sources.md`` and of a terminal."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, get_args

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pydantic import BaseModel
    from pydantic.fields import FieldInfo


def reference() -> str:
    """Every type with its settings, their defaults and meanings, as Markdown tables."""
    return "\n\n".join(_section(model) for model in _models())


def _models() -> Iterator[type[BaseModel]]:
    """The form of each type, in the order of the settings."""
    from ingest.settings import SourceSettings

    union = get_args(SourceSettings)[0]
    for tagged in get_args(union):
        yield get_args(tagged)[0]


def _section(model: type[BaseModel]) -> str:
    title = get_args(model.model_fields["type"].annotation)[0]
    rows = [
        f"| `{name}` | {_default(field)} | {field.description} |"
        for name, field in model.model_fields.items()
        if name != "type"
    ]
    head = [
        f"### `{title}`",
        "",
        f"{model.__doc__}",
        "",
        "| key | default | meaning |",
        "|---|---|---|",
    ]
    return "\n".join([*head, *rows])


def _default(field: FieldInfo) -> str:
    if field.is_required():
        return "needed"
    default: Any = field.get_default(call_default_factory=True)
    return "none" if default in (None, "", [], (), {}) else f"`{default}`"
