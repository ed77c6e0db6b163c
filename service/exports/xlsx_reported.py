"""The block of a workbook's first sheet that tells the total of all currencies in one."""

from __future__ import annotations

from typing import TYPE_CHECKING

from service.exports.rounding_rows import ROUNDING
from service.exports.xlsx_cells import Sheet

if TYPE_CHECKING:
    from xlsxwriter import Workbook
    from xlsxwriter.worksheet import Worksheet

    from service.domain.reporting import Part, Reported

_WORTH = "D"


def write_reported(workbook: Workbook, page: Worksheet, reported: Reported, row: int) -> None:
    """Write what each currency is worth at which rate, what rounding leaves, and the total.

    Exact worths were rounded once; a formula of rounded amounts and rates would miss them.
    """
    currency = reported.total.currency
    cells = Sheet(workbook, page, currency)
    names = (f"In {currency}", "Amount", "Rate", currency, "Source of the rate")
    for column, name in enumerate(names):
        cells.text(row, column, name, cells.bold)
    for place, part in enumerate(reported.parts, start=row + 1):
        _write_part(cells, Sheet(workbook, page, part.amount.currency), place, part)
    last = row + 1 + len(reported.parts)
    cells.text(last, 0, ROUNDING.capitalize())
    cells.value(last, 3, reported.rounding)
    cells.text(last + 1, 0, "Total", cells.bold)
    area = f"{_WORTH}{row + 2}:{_WORTH}{last + 1}"
    cells.sum(last + 1, 3, f"SUM({area})", reported.total)


def _write_part(cells: Sheet, own: Sheet, row: int, part: Part) -> None:
    cells.text(row, 0, f"{part.amount.currency}, {part.month}")
    own.value(row, 1, part.amount)
    cells.value(row, 3, part.worth)
    if part.rate is not None:
        cells.text(row, 2, part.rate.text)
        cells.text(row, 4, part.rate.source)
