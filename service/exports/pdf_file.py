"""Sets the page of a statement as PDF."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

import typst

from service.exports.pdf_page import page

if TYPE_CHECKING:
    from service.exports.statement import Statement

_TEMPLATE = Path(__file__).with_name("statement.typ")


def statement_pdf(statement: Statement) -> bytes:
    """Set the page; what people wrote comes as data, so none of it can be run as code."""
    content = json.dumps(page(statement), ensure_ascii=False)
    file: bytes = typst.compile(
        _template(),
        font_paths=_fonts(),
        format="pdf",
        sys_inputs={"statement": content},
        timestamp=statement.created.replace(microsecond=0),  # typst takes whole seconds
    )
    return file


@cache
def _template() -> bytes:
    return _TEMPLATE.read_bytes()


@cache
def _fonts() -> typst.Fonts:
    """Find the fonts once; those of the system serve letters that the built-in ones lack."""
    return typst.Fonts()
