"""The sheet of a workbook that holds the lines of one currency and what they sum to."""

from __future__ import annotations

from typing import TYPE_CHECKING

from xlsxwriter.utility import xl_col_to_name

from service.domain.money import Money, sum_money
from service.exports.columns import LINE, Kind, rows
from service.exports.rounding_rows import rounding_by_kind
from service.exports.xlsx_cells import UNKNOWN, Sheet

if TYPE_CHECKING:
    from collections.abc import Mapping

    from xlsxwriter import Workbook

    from service.exports.columns import Value
    from service.exports.statement import Statement

_NAMES = tuple(column.name for column in LINE)
_AMOUNTS = tuple(place for place, column in enumerate(LINE) if column.kind is Kind.AMOUNT)
_KIND = _NAMES.index("kind")
_SERVICE = _NAMES.index("service")
_CURRENCY = _NAMES.index("currency")
_AMOUNT = _NAMES.index("amount")


class LinesSheet:
    """Lines from row 2 on, below them what rounding leaves by kind, and the total."""

    def __init__(self, workbook: Workbook, statement: Statement, currency: str) -> None:
        """Write the whole sheet."""
        self.name = f"Lines {currency}"
        self.currency = currency
        self._cells = Sheet(workbook, workbook.add_worksheet(self.name), currency)
        self._lines = [row for row in rows(statement, LINE) if row[_CURRENCY] == currency]
        self._header()
        for number, row in enumerate(self._lines, start=1):
            self._line(number, row)
        self._end = max(self._rounding(len(self._lines) + 1), 2)  # one row at least is summed
        self._total()

    def column(self, place: int) -> str:
        """Return the cells of a column from the first line to the last row of rounding."""
        name = xl_col_to_name(place)
        return f"${name}$2:${name}${self._end}"

    def sum_of(self, kind: str) -> str:
        """Return the formula that sums the charged amounts of a kind."""
        kinds, amounts = self.column(_KIND), self.column(_AMOUNT)
        return f"SUMIF('{self.name}'!{kinds},\"{kind}\",'{self.name}'!{amounts})"

    @property
    def total_cell(self) -> str:
        """The cell of the total of what is charged."""
        return f"'{self.name}'!${xl_col_to_name(_AMOUNT)}${self._end + 1}"

    def _header(self) -> None:
        for place, name in enumerate(_NAMES):
            self._cells.text(0, place, name, self._cells.bold)
        self._cells.sheet.freeze_panes(1, 0)
        self._cells.sheet.set_column(0, len(_NAMES) - 1, 16)
        self._cells.sheet.autofilter(0, 0, max(len(self._lines), 1), len(_NAMES) - 1)

    def _line(self, number: int, row: tuple[Value, ...]) -> None:
        for place, value in enumerate(row):
            missing = value is None and place in _AMOUNTS
            self._cells.value(number, place, UNKNOWN if missing else value)

    def _rounding(self, number: int) -> int:
        """Write a row for each kind whose rounded lines miss its rounded sum; return the end."""
        lacking: Mapping[int, Mapping[str, Money]] = {
            place: rounding_by_kind(self._amounts(place), self.currency) for place in _AMOUNTS
        }
        kinds = sorted({kind for by_kind in lacking.values() for kind in by_kind})
        for row, kind in enumerate(kinds, start=number):
            self._cells.text(row, _KIND, kind)
            self._cells.text(row, _SERVICE, "Rounding to the smallest coin")
            self._cells.text(row, _CURRENCY, self.currency)
            for place in _AMOUNTS:
                amount = lacking[place].get(kind, Money.zero(self.currency))
                self._cells.value(row, place, amount)
        return number + len(kinds)

    def _total(self) -> None:
        self._cells.text(self._end, 0, "Total", self._cells.bold)
        for place in _AMOUNTS:
            known = [amount for _, amount in self._amounts(place) if amount is not None]
            total = sum_money(known, self.currency)
            self._cells.sum(self._end, place, f"SUM({self.column(place)})", total)

    def _amounts(self, place: int) -> list[tuple[str, Money | None]]:
        """Return the kind and the amount of each line in a column of amounts."""
        return [
            (str(row[_KIND]), amount if isinstance(amount, Money) else None)
            for row in self._lines
            for amount in (row[place],)
        ]
