"""Writes the files of a statement."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING

from service.exports.csv_file import statement_csv
from service.exports.files import put, safe_name
from service.exports.json_file import statement_json
from service.exports.parquet_file import statement_parquet
from service.exports.pdf_file import statement_pdf
from service.exports.xlsx_file import statement_xlsx

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from pathlib import Path

    from service.exports.statement import Statement


class Format(StrEnum):
    """A form of file that a statement is written in; its value ends the file's name."""

    CSV = "csv"
    XLSX = "xlsx"
    PARQUET = "parquet"
    JSON = "json"
    PDF = "pdf"


_WRITERS: Mapping[Format, Callable[[Statement], bytes]] = {
    Format.CSV: statement_csv,
    Format.XLSX: statement_xlsx,
    Format.PARQUET: statement_parquet,
    Format.JSON: statement_json,
    Format.PDF: statement_pdf,
}


def write_statement(
    statement: Statement, folder: Path, formats: Iterable[Format] = tuple(Format)
) -> tuple[Path, ...]:
    """Write a statement to ``folder`` in each format, and return the files in the order asked.

    Each file is whole or not there; the same statement gives the same bytes.

    Raises:
        InputError: When the folder takes no file, or a statement has more lines than a sheet.
    """
    name = f"statement-{statement.period}-{safe_name(statement.team)}"
    return tuple(put(folder / f"{name}.{one}", _WRITERS[one](statement)) for one in formats)
