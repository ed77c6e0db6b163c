"""Writes a statement as Parquet: amounts are DECIMAL(38,12), what is not known is null."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.parquet as pq

from service.domain.money import SCALE, Money
from service.exports.columns import HEADING, LINE, Kind, rows
from service.exports.json_file import heading

if TYPE_CHECKING:
    from decimal import Decimal

    from service.exports.columns import Value
    from service.exports.statement import Statement

COLUMNS = (*HEADING, *LINE)
_DIGITS = 38


def statement_parquet(statement: Statement) -> bytes:
    """Write one row for each line; what the statement says of itself is in the metadata, too."""
    types: dict[Kind, Any] = {
        Kind.TEXT: pa.string(),
        Kind.AMOUNT: pa.decimal128(_DIGITS, SCALE),
        Kind.COUNT: pa.int64(),
    }
    schema = pa.schema(
        [(column.name, types[column.kind]) for column in COLUMNS],
        metadata={key: text for key, text in heading(statement).items() if text is not None},
    )
    table = [tuple(map(_plain, row)) for row in rows(statement, COLUMNS)]
    arrays = [
        pa.array([row[place] for row in table], type=types[column.kind])
        for place, column in enumerate(COLUMNS)
    ]
    sink = pa.BufferOutputStream()
    pq.write_table(pa.Table.from_arrays(arrays, schema=schema), sink, compression="zstd")
    return bytes(sink.getvalue().to_pybytes())


def _plain(value: Value) -> str | int | Decimal | None:
    return value.decimal if isinstance(value, Money) else value
