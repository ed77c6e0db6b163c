"""Writes tables as CSV: UTF-8, every field in quotes, amounts exact."""

from __future__ import annotations

import csv
from io import StringIO
from typing import TYPE_CHECKING

from service.domain.money import Money
from service.exports.columns import HEADING, LINE, rows
from service.exports.spreadsheet_text import neutral

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from service.exports.columns import Value
    from service.exports.statement import Statement

COLUMNS = (*HEADING, *LINE)


def statement_csv(statement: Statement) -> bytes:
    """Write one row for each line, with what the statement says of itself before it."""
    return csv_bytes([column.name for column in COLUMNS], rows(statement, COLUMNS))


def csv_bytes(names: Sequence[str], table: Iterable[Sequence[Value]]) -> bytes:
    """Write a table; what is not known is empty, text that could run as a formula is neutral."""
    file = StringIO()
    writer = csv.writer(file, quoting=csv.QUOTE_ALL, lineterminator="\n")
    writer.writerow(names)
    writer.writerows([_field(value) for value in row] for row in table)
    return file.getvalue().encode()


def _field(value: Value) -> str:
    if isinstance(value, str):
        return neutral(value)
    if isinstance(value, Money):
        return value.text()
    return "" if value is None else str(value)
