"""Finds out which lines of a bill are about accelerators, by small tables of machines.

The bill's distinct machines and SKUs are looked up once, before any row is read for good; the rows
are then joined with what was found.
"""

from collections.abc import Mapping
from importlib.resources import files as resources
from types import MappingProxyType

import duckdb
import pyarrow as pa

from warehouse.load_checks import Finding
from warehouse.questions import read_question

_KNOWN: Mapping[str, pa.Schema] = MappingProxyType(
    {
        "machine_type": pa.schema(
            {
                "provider": pa.string(),
                "machine_type": pa.string(),
                "accelerator_model": pa.string(),
                "accelerator_count": pa.int32(),
            }
        ),
        "accelerator_sku": pa.schema(
            {
                "provider": pa.string(),
                "pattern": pa.string(),
                "accelerator_model": pa.string(),
                "accelerators_per_unit": pa.int32(),
            }
        ),
        "accelerator_family": pa.schema({"provider": pa.string(), "prefix": pa.string()}),
    }
)
"""The reference tables that a load may bring; what it does not bring is empty."""


def references(given: Mapping[str, pa.Table]) -> dict[str, pa.Table]:
    """Every reference table by name: as it is ``given``, or empty."""
    return {name: given.get(name, schema.empty_table()) for name, schema in _KNOWN.items()}


def find_accelerators(connection: duckdb.DuckDBPyConnection) -> list[Finding]:
    """Make the relations ``machine_line`` and ``accelerator`` of what was ``delivered``.

    Returns machine types that must have accelerators and are not in the reference.
    """
    macros = resources("warehouse").joinpath("sql", "load", "machines.sql")
    connection.execute(macros.read_text(encoding="utf-8"))
    lines, found = read_question("load/machine_lines").sql, read_question("load/accelerators").sql
    connection.execute(f"CREATE TEMP VIEW machine_line AS {lines}")
    connection.execute(f"CREATE TEMP TABLE accelerator AS {found}")
    rows = connection.execute(
        "SELECT spelled, sum(lines)::BIGINT FROM accelerator WHERE is_unknown"
        " GROUP BY ALL ORDER BY ALL"
    ).fetchall()
    return [
        Finding(f"machine type {name} is not in the reference", "x_MachineType", lines)
        for name, lines in rows
    ]
