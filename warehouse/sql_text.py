"""The few pieces of SQL text that are put together here instead of read from a file."""

from collections.abc import Iterable, Mapping
from types import MappingProxyType

from warehouse.tables import ColumnType

_NOTHING: Mapping[str, str] = MappingProxyType({})


def literal(text: str) -> str:
    """``text`` as a string in SQL."""
    return "'" + text.replace("'", "''") + "'"


def projection(
    columns: Mapping[str, ColumnType],
    present: Iterable[str],
    fixed: Mapping[str, str] = _NOTHING,
) -> str:
    """``columns`` in their order and types: fixed values, then what is present, else NULL."""
    values = {name: f'"{name}"' for name in present} | {
        name: literal(value) for name, value in fixed.items()
    }
    return ", ".join(
        f'CAST({values.get(name, "NULL")} AS {kind.sql}) AS "{name}"'
        for name, kind in columns.items()
    )
