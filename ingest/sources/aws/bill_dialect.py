"""Which dialect a bill of AWS is written in, told by its columns."""

import re
from collections.abc import Sequence

from ingest.port import DeliveredFile, Kind, RejectedSourceError
from ingest.recognise import dialect_of, focus_version, kind_of
from ingest.sources.aws.manifest import Layout

_FOCUS_MARK = "BilledCost"
_CUR_MARK = "lineitemunblendedcost"
_IN_CUR_2_ONLY = frozenset({"bill_payer_account_name", "discount", "product", "resource_tags"})
_SIGNS = re.compile(r"[^A-Za-z0-9]")


def bill_dialect(files: Sequence[DeliveredFile], stated: Sequence[str], layout: Layout) -> str:
    """Return the dialect of a delivery; of one without files, that of the manifest's columns.

    Raises:
        RejectedSourceError: When a file has the columns of no bill, or of another than the rest.
    """
    if not files:
        return _of_columns(stated, layout) if stated else _usual(layout)
    found = {_of_file(file, layout) for file in files}
    if all(dialect.startswith("focus-") for dialect in found):
        return dialect_of(Kind.FOCUS, files)
    if len(found) > 1:
        raise RejectedSourceError(
            f"{files[0].name} and the files beside it are bills of different kinds "
            f"({', '.join(sorted(found))}); a delivery has one"
        )
    return found.pop()


def _of_file(file: DeliveredFile, layout: Layout) -> str:
    dialect = _of_columns(file.columns, layout)
    if dialect.startswith("focus-"):
        kind_of(file, Kind.FOCUS)
    elif _CUR_MARK not in {_SIGNS.sub("", column).lower() for column in file.columns}:
        raise RejectedSourceError(
            f"{file.name}: its columns {', '.join(file.columns[:8])} ... are those of no bill; "
            f"accepted are FOCUS 1.0 to 1.4 with {_FOCUS_MARK}, and CUR 2.0 and CUR 1.0 with "
            "line_item_unblended_cost or lineItem/UnblendedCost"
        )
    return dialect


def _of_columns(columns: Sequence[str], layout: Layout) -> str:
    """Tell FOCUS from CUR, and CUR 2.0 from 1.0 by what only one of them has."""
    if _FOCUS_MARK in columns:
        return f"focus-{focus_version(columns)}"
    if any("/" in column for column in columns):
        return "cur-1"
    return "cur-2" if _IN_CUR_2_ONLY & set(columns) else _usual(layout)


def _usual(layout: Layout) -> str:
    """Return the dialect of a layout where the columns do not tell."""
    return "cur-1" if layout == "cur" else "cur-2"
