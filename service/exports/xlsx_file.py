"""Writes a statement as a workbook: a page that sums the lines, and the lines of each currency."""

from __future__ import annotations

from datetime import UTC
from io import BytesIO
from typing import TYPE_CHECKING

from xlsxwriter import Workbook

from service.errors import InputError
from service.exports.xlsx_lines import LinesSheet
from service.exports.xlsx_page import write_page

if TYPE_CHECKING:
    from service.exports.statement import Statement

MOST_LINES = 1_000_000
"""A sheet holds 1,048,576 rows; a few are the header, rounding and the total."""


def statement_xlsx(statement: Statement) -> bytes:
    """Write the workbook; each sum is a formula with its result kept beside it.

    Raises:
        InputError: When there are more lines than a sheet holds.
    """
    if len(statement.lines) > MOST_LINES:
        raise InputError(
            f"the statement of {statement.team} for {statement.period} has {len(statement.lines)}"
            f" lines and a sheet holds {MOST_LINES}; write it as csv, json or parquet"
        )
    file = BytesIO()
    workbook = Workbook(file, {"in_memory": True})
    moment = statement.created.astimezone(UTC).replace(tzinfo=None)  # a workbook knows no zones
    workbook.set_properties(
        {"title": f"{statement.team} {statement.period}", "author": "", "created": moment}
    )
    page = workbook.add_worksheet("Statement")
    sheets = [LinesSheet(workbook, statement, code) for code in statement.currencies]
    write_page(workbook, page, statement, sheets)
    workbook.close()
    return file.getvalue()
