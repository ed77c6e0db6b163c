"""The first sheet of a workbook: whose statement it is, how final, and what the lines sum to."""

from __future__ import annotations

from typing import TYPE_CHECKING

from xlsxwriter.utility import xl_rowcol_to_cell

from service.domain.money import Money, rounding
from service.exports.rounding_rows import ROUNDING
from service.exports.shown import day
from service.exports.statement import KINDS
from service.exports.xlsx_cells import Sheet
from service.exports.xlsx_reported import write_reported

if TYPE_CHECKING:
    from collections.abc import Sequence

    from xlsxwriter import Workbook
    from xlsxwriter.worksheet import Worksheet

    from service.exports.statement import Statement
    from service.exports.xlsx_lines import LinesSheet

_WIDTHS = (44, 18, 16, 18, 30)
_AMOUNT = 3


def write_page(
    workbook: Workbook, page: Worksheet, statement: Statement, sheets: Sequence[LinesSheet]
) -> None:
    """Write the facts of the statement, a block of sums for each currency, and all in one."""
    for column, width in enumerate(_WIDTHS):
        page.set_column(column, column, width)
    row = _facts(Sheet(workbook, page, statement.currency), statement)
    for lines in sheets:
        row = _Block(Sheet(workbook, page, lines.currency), statement, lines).write(row + 1)
    if statement.reported is not None and statement.reported.rates:
        write_reported(workbook, page, statement.reported, row + 1)


def _facts(cells: Sheet, statement: Statement) -> int:
    final = statement.final_through
    facts = (
        ("Company", statement.company),
        ("Period", statement.period.name),
        ("Team", statement.title),
        ("State", statement.state.value),
        ("Final through", day(final) if final else "not known"),
        ("Charged by", f"{statement.cost.value} cost"),
        ("Head", statement.head or "none before the period is closed"),
        ("Reconciliation", statement.reconciliation),
    )
    for row, (name, text) in enumerate(facts):
        cells.text(row, 0, name, cells.bold)
        cells.text(row, 1, text)
    return len(facts)


class _Block:
    """The sums of one currency, one row after the other."""

    def __init__(self, cells: Sheet, statement: Statement, lines: LinesSheet) -> None:
        self._cells, self._statement, self._lines = cells, statement, lines
        self._kinds = statement.totals_by_kind(lines.currency)
        self._whole = statement.total(lines.currency).amount
        self._row = 0

    def write(self, row: int) -> int:
        """Write header, kinds, total and checks; return the row after them."""
        for column, name in enumerate(("Kind", "Lines", "Without price", self._lines.currency)):
            self._cells.text(row, column, name, self._cells.bold)
        self._row = row + 1
        first = self._next_cell()
        self._write_kinds()
        total = self._next_cell()
        self._sum("Total", f"SUM({first}:{_cell(self._row - 1)})", self._whole, last=True)
        zero = Money.zero(self._lines.currency)
        self._sum("Difference to the lines", f"{total}-{self._lines.total_cell}", zero)
        self._write_change(total)
        return self._row

    def _write_kinds(self) -> None:
        for total in self._kinds:
            self._cells.value(self._row, 1, total.lines)
            self._cells.value(self._row, 2, total.unpriced)
            self._sum(KINDS[total.kind], self._lines.sum_of(total.kind), total.amount)
        lacking = rounding((total.amount for total in self._kinds), self._whole)
        self._sum("Rounding", self._lines.sum_of(ROUNDING), lacking)

    def _write_change(self, total: str) -> None:
        before = (self._statement.previous or {}).get(self._lines.currency)
        if before is not None:
            cell = self._next_cell()
            self._cells.text(self._row, 0, "Month before")
            self._cells.value(self._row, _AMOUNT, before)
            self._row += 1
            self._sum("Change", f"{total}-{cell}", self._whole.rounded() - before.rounded())

    def _sum(self, name: str, formula: str, result: Money, *, last: bool = False) -> None:
        self._cells.text(self._row, 0, name, self._cells.bold if last else None)
        self._cells.sum(self._row, _AMOUNT, formula, result, last=last)
        self._row += 1

    def _next_cell(self) -> str:
        return _cell(self._row)


def _cell(row: int) -> str:
    return str(xl_rowcol_to_cell(row, _AMOUNT))
