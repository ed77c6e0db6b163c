"""What ``comptroller sources check`` says of a billing export, in plain words."""

from google.cloud import bigquery

from ingest.port import Check
from ingest.sources.google.exports import Export

_MEBIBYTE = 2**20


def billing_checks(export: Export, table: bigquery.Table, look_bytes: int) -> list[Check]:
    """Say what a table that can be read lacks; ``look_bytes`` is what one look reads."""
    return [
        Check(f"table {export.table} can be read ({export.title})", passed=True),
        Check(
            f"queries can be run; a nightly look reads {look_bytes / _MEBIBYTE:.1f} MiB",
            passed=True,
        ),
        _resources(export),
        _has_rows(export, table),
        _keeps_rows(table),
    ]


def _resources(export: Export) -> Check:
    return Check(
        "rows name the resource",
        passed=export.is_detailed,
        advice=""
        if export.is_detailed
        else "this is the standard export, so machines cannot be told apart; enable the detailed "
        "usage cost export and name its table, gcp_billing_export_resource_v1_…",
    )


def _has_rows(export: Export, table: bigquery.Table) -> Check:
    found = table.table_type != "TABLE" or bool(table.num_rows)
    return Check(
        "the table has rows",
        passed=found,
        advice="" if found else f"{export.title}: Google fills a new table within a day or two",
    )


def _keeps_rows(table: bigquery.Table) -> Check:
    cutting = table.time_partitioning
    days = (cutting.expiration_ms or 0) // 86_400_000 if cutting else 0
    if table.expires:
        advice = f"the table is deleted on {table.expires:%Y-%m-%d}; take its expiration away"
    elif days:
        advice = (
            f"partitions are deleted after {days} days, and a month that lost rows would be loaded "
            "without them; take the expiration of partitions away"
        )
    else:
        advice = ""
    return Check("rows are kept", passed=not advice, advice=advice)
