"""Reads the fields of a rate, as a person types them or a CSV file has them."""

from __future__ import annotations

import csv
import re
from decimal import Decimal
from io import StringIO
from typing import TYPE_CHECKING

from service.domain.periods import Period
from service.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

COLUMNS = ("month", "from_currency", "to_currency", "rate", "source")
"""What a rate is given by, and the columns of a file of rates."""

_CURRENCY = re.compile("[A-Z]{3}")
_RATE = re.compile(r"[0-9]{1,26}(\.[0-9]{1,12})?")
_LONGEST_SOURCE = 200


def check_fields(fields: Mapping[str, str], place: str = "") -> None:
    """Refuse fields that make no rate.

    Args:
        fields: A text for each of ``COLUMNS``.
        place: What stands before the name of the column in the message.

    Raises:
        InputError: When one cannot be used; names it and what is accepted.
    """
    for column in COLUMNS:
        if problem := _problem(column, fields):
            raise InputError(f"{place}{column}: {problem}")


def rows_of(file: Path) -> Iterator[tuple[int, dict[str, str]]]:
    """Yield the number of each line of a CSV file that holds a rate, and its fields by column.

    Raises:
        InputError: When it cannot be read, or is no CSV with these columns; names the line.
    """
    try:
        text = file.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        raise InputError(f"{file} is no UTF-8; accepted are CSV files in it") from error
    except OSError as error:
        raise InputError(f"{file} cannot be read: {error.strerror}") from error
    accepted = ",".join(COLUMNS)
    [(_, names), *rows] = [*_rows(file, text)] or [(1, [])]
    if sorted(names) != sorted(COLUMNS):
        raise InputError(f"{file}, line 1: the columns must be {accepted}")
    for line, row in rows:
        if len(row) != len(names):
            raise InputError(
                f"{file}, line {line}: {len(row)} fields; accepted are {len(names)}, {accepted}"
            )
        yield line, dict(zip(names, row, strict=True))


def _rows(file: Path, text: str) -> list[tuple[int, list[str]]]:
    """Return the rows of a CSV with the numbers of their lines, without empty ones."""
    reader = csv.reader(StringIO(text, newline=""), strict=True)
    try:
        return [(reader.line_num, row) for row in reader if row]
    except csv.Error as error:
        raise InputError(f"{file}, line {reader.line_num}: no CSV ({error})") from error


def _problem(column: str, fields: Mapping[str, str]) -> str | None:
    """Say why a field cannot be used, ``None`` where it can."""
    text = fields[column]
    if column == "month":
        return _no_month(text)
    if column == "rate":
        return _no_rate(text)
    if column == "source":
        return _no_source(text)
    if not _CURRENCY.fullmatch(text):
        return f"{text!r} is no currency; accepted are codes of ISO 4217 in capitals, as EUR"
    if column == "to_currency" and text == fields["from_currency"]:
        return f"{text} is worth one of itself; accepted is another currency"
    return None


def _no_month(text: str) -> str | None:
    try:
        Period(text)
    except ValueError as error:
        return str(error)
    return None


def _no_rate(text: str) -> str | None:
    if _RATE.fullmatch(text) and Decimal(text) > 0:
        return None
    accepted = "numbers above 0 with up to 12 decimals after a point, as 1.0845"
    return f"{text!r} is no rate; accepted are {accepted}"


def _no_source(text: str) -> str | None:
    if text.strip() and len(text) <= _LONGEST_SOURCE:
        return None
    return f"accepted is where the rate is from, in 1 to {_LONGEST_SOURCE} letters"
