"""What kind of billing export a BigQuery table is: told by its columns, which may grow."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from google.cloud import bigquery

from ingest.forms import FOCUS_NEEDED
from ingest.port import RejectedSourceError

_USAGE_NEEDED = (
    "billing_account_id",
    "invoice.month",
    "cost",
    "currency",
    "credits",
    "export_time",
    "usage_start_time",
    "usage_end_time",
    "sku.id",
    "sku.description",
)
_EXPORT_TIMES = ("x_ExportTime", "x_export_time", "export_time")
_EARLIEST = timedelta(days=31)
"""So long before its month, no row of an invoice can have been exported."""


@dataclass(frozen=True, slots=True)
class Export:
    """A table with a bill: its columns (``project.id`` for nested ones) and how it is cut.

    ``partition`` is the column that its partitions are cut by, ``exported`` the one that says when
    a row was exported; either may be missing.
    """

    table: str
    is_focus: bool
    columns: frozenset[str]
    nested: frozenset[str]
    partition: str | None
    exported: str | None

    @property
    def is_detailed(self) -> bool:
        """Whether rows name the resource: the standard export does not."""
        return self.is_focus or "resource.name" in self.columns

    @property
    def title(self) -> str:
        """What the export is called."""
        if self.is_focus:
            return "FOCUS export"
        return "detailed usage cost export" if self.is_detailed else "standard usage cost export"


def export_of(table: bigquery.Table) -> Export:
    """Say what a table is.

    Raises:
        RejectedSourceError: When it is no billing export; names the columns that are missing.
    """
    name = f"{table.project}.{table.dataset_id}.{table.table_id}"
    columns = frozenset(_names(table.schema))
    is_focus = "BilledCost" in columns
    missing = [one for one in (FOCUS_NEEDED if is_focus else _USAGE_NEEDED) if one not in columns]
    if missing:
        raise RejectedSourceError(
            f"{name}: columns {', '.join(missing)} are missing; accepted are the detailed export "
            "(gcp_billing_export_resource_v1_…), the standard one (gcp_billing_export_v1_…) and "
            "the FOCUS export (gcp_billing_export_focus_…)"
        )
    return Export(
        table=name,
        is_focus=is_focus,
        columns=columns,
        nested=frozenset(one.name for one in table.schema if one.mode == "REPEATED"),
        partition=_partition(table),
        exported=next((one for one in _EXPORT_TIMES if one in columns), None),
    )


def earliest(month: str) -> datetime:
    """Return the first moment at which rows of an invoice month (``YYYY-MM``) can have come."""
    return datetime.fromisoformat(f"{month}-01T00:00:00+00:00") - _EARLIEST


def _partition(table: bigquery.Table) -> str | None:
    """Return the column to limit a query by; days of arrival have a name of their own."""
    if table.time_partitioning is None:
        return None
    field = table.time_partitioning.field
    if field is None:
        return "_PARTITIONTIME"
    kind = next((one.field_type for one in table.schema if one.name == field), "")
    is_arrival = field in _EXPORT_TIMES and kind == "TIMESTAMP"
    return field if is_arrival else None


def _names(schema: Sequence[bigquery.SchemaField], prefix: str = "") -> Iterator[str]:
    for field in schema:
        yield prefix + field.name
        yield from _names(field.fields, f"{prefix}{field.name}.")
