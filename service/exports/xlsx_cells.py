"""Cells of a workbook: text that cannot run, amounts to the minor unit, sums with their result."""

from __future__ import annotations

from typing import TYPE_CHECKING

from service.domain.money import Money, minor_digits
from service.exports.spreadsheet_text import neutral

if TYPE_CHECKING:
    from xlsxwriter import Workbook
    from xlsxwriter.format import Format
    from xlsxwriter.worksheet import Worksheet

    from service.exports.columns import Value

UNKNOWN = "unknown"
"""Stands where an amount is not known; a sum passes over it."""

_LONGEST_TEXT = 32_767


class Sheet:
    """A sheet of amounts of one currency."""

    def __init__(self, workbook: Workbook, sheet: Worksheet, currency: str) -> None:
        """Make the formats that its cells need."""
        self.sheet = sheet
        self.currency = currency
        self._digits = minor_digits(currency)
        shape = "#,##0" + ("." + "0" * self._digits if self._digits else "")
        self._amount: Format = workbook.add_format({"num_format": shape})
        self._sum: Format = workbook.add_format({"num_format": shape, "bold": True, "top": 1})
        self.bold: Format = workbook.add_format({"bold": True})

    def text(self, row: int, column: int, text: str, form: Format | None = None) -> None:
        """Write text as text: neither a formula nor a link, cut at what a cell holds."""
        self.sheet.write_string(row, column, neutral(text)[:_LONGEST_TEXT], form)

    def value(self, row: int, column: int, value: Value) -> None:
        """Write what a column of lines holds; no text leaves the cell empty."""
        if isinstance(value, Money):
            self.sheet.write_number(row, column, number(value), self._amount)
        elif isinstance(value, str):
            self.text(row, column, value)
        elif value is not None:
            self.sheet.write_number(row, column, value)

    def sum(self, row: int, column: int, formula: str, result: Money, *, last: bool = True) -> None:
        """Write a formula, rounded to the minor unit, with its result for who cannot compute."""
        self.sheet.write_formula(
            row,
            column,
            f"=ROUND({formula},{self._digits})",
            self._sum if last else self._amount,
            number(result),
        )


def number(amount: Money) -> float:
    """Return the amount to its minor unit; a spreadsheet computes with binary numbers only."""
    return float(amount.rounded().decimal)
