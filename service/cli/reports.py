"""What commands that report on a billing period share: its name, the formats, the writing."""

from __future__ import annotations

import csv
import json
import sys
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from rich.table import Table

    from service.domain.periods import Period


class Format(StrEnum):
    """How a report is written."""

    TABLE = "table"
    JSON = "json"
    CSV = "csv"


def period_of(text: str, option: str = "--period") -> Period:
    """Read an option that names a billing period.

    Raises:
        InputError: When it is no billing period.
    """
    from service.domain.periods import Period
    from service.errors import InputError

    try:
        return Period(text)
    except ValueError as error:
        raise InputError(f"{option}: {error}") from error


def write(
    format_: Format,
    *,
    as_json: Callable[[], object],
    as_csv: Callable[[], Iterable[Sequence[object]]],
    as_table: Callable[[], Table],
) -> None:
    """Write a report to standard output; only the wanted form of it is made."""
    from service.cli.console import out
    from service.cli.tables import print_table

    if format_ is Format.JSON:
        json.dump(as_json(), sys.stdout, indent=2, ensure_ascii=False)
        sys.stdout.write("\n")
    elif format_ is Format.CSV:
        csv.writer(sys.stdout, lineterminator="\n").writerows(as_csv())
    else:
        print_table(as_table(), out)
