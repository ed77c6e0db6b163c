"""The few types of questions and tables as Spark and Arrow spell them."""

from collections.abc import Mapping
from types import MappingProxyType

import pyarrow as pa

from warehouse.tables import ColumnType, TableSpec

_SPARK: Mapping[str, str] = MappingProxyType(
    {
        "VARCHAR": "STRING",
        "DECIMAL(38,12)": "DECIMAL(38,12)",
        "TIMESTAMPTZ": "TIMESTAMP",
        "DATE": "DATE",
        "INTEGER": "INT",
        "BIGINT": "BIGINT",
        "DOUBLE": "DOUBLE",
        "BOOLEAN": "BOOLEAN",
    }
)
_ARROW: Mapping[str, pa.DataType] = MappingProxyType(
    {kind.value.sql: kind.value.arrow for kind in ColumnType} | {"BOOLEAN": pa.bool_()}
)


def spark_type(declared: str) -> str:
    """A type of a question's header (``VARCHAR[]``) as Spark writes it (``ARRAY<STRING>``)."""
    one = _SPARK[declared.removesuffix("[]")]
    return f"ARRAY<{one}>" if declared.endswith("[]") else one


def arrow_type(declared: str) -> pa.DataType:
    """A type of a question's header as Arrow has it."""
    one = _ARROW[declared.removesuffix("[]")]
    return pa.list_(one) if declared.endswith("[]") else one


def spark_schema(spec: TableSpec) -> str:
    """The columns of a table of the lake, as Spark's readers take them."""
    return ", ".join(f"`{name}` {spark_type(kind.sql)}" for name, kind in spec.columns.items())


def as_declared(table: pa.Table, columns: Mapping[str, str]) -> pa.Table:
    """An input with the types that the question's header declares."""
    fields = [
        pa.field(field.name, arrow_type(columns[field.name])) if field.name in columns else field
        for field in table.schema
    ]
    return table.cast(pa.schema(fields))


def plain(answer: pa.Table) -> pa.Table:
    """An answer without what only Spark says about its columns: metadata, and never NULL."""
    fields = [pa.field(field.name, field.type) for field in answer.schema]
    return answer.cast(pa.schema(fields))
