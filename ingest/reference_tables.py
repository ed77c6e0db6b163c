"""What the load needs to know of machines, as small tables: dated and sourced in the CSV files.

``machine_type`` says what a machine has; SageMaker rents the same machines as ``ml.``, so those
rows are made from ``sagemaker_machines.csv`` and the machine without the prefix.
``accelerator_sku`` is for charges by the accelerator or chip instead of the machine: a LIKE
pattern on the SKU's description, which for Google is the only line that counts accelerators (its
lines for cores and memory name the machine as well). ``accelerator_family`` holds prefixes of
machine types that have accelerators for certain, so that an unknown one can be told.
"""

from collections.abc import Iterator, Mapping
from functools import cache
from types import MappingProxyType

import pyarrow as pa

from ingest.machines import machine_types, reference_rows

_SAGEMAKER = "ml."


@cache
def reference_tables() -> Mapping[str, pa.Table]:
    """The tables ``machine_type``, ``accelerator_sku`` and ``accelerator_family``."""
    return MappingProxyType(
        {
            "machine_type": _table(
                list(_machines()),
                provider=pa.string(),
                machine_type=pa.string(),
                accelerator_model=pa.string(),
                accelerator_count=pa.int32(),
            ),
            "accelerator_sku": _table(
                [
                    row | {"accelerators_per_unit": int(row["accelerators_per_unit"])}
                    for row in reference_rows("accelerator_skus.csv")
                ],
                provider=pa.string(),
                pattern=pa.string(),
                accelerator_model=pa.string(),
                accelerators_per_unit=pa.int32(),
            ),
            "accelerator_family": _table(
                reference_rows("accelerator_families.csv"),
                provider=pa.string(),
                prefix=pa.string(),
            ),
        }
    )


def _machines() -> Iterator[dict[str, str | int]]:
    known = machine_types()
    for machine in known.values():
        yield _machine(machine.provider, machine.name, machine.name)
    for row in reference_rows("sagemaker_machines.csv"):
        name = row["machine_type"]
        yield _machine("aws", name, name.removeprefix(_SAGEMAKER))


def _machine(provider: str, name: str, same_as: str) -> dict[str, str | int]:
    machine = machine_types()[provider, same_as]
    return {
        "provider": provider,
        "machine_type": name,
        "accelerator_model": machine.accelerator_model,
        "accelerator_count": machine.accelerator_count,
    }


def _table(
    rows: list[dict[str, str]] | list[dict[str, str | int]], **types: pa.DataType
) -> pa.Table:
    return pa.Table.from_pylist(rows, schema=pa.schema(list(types.items())))
