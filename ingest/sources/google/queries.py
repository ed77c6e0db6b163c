"""The questions asked of BigQuery; tables and columns are named by what its schema says.

An invoice month is ``YYYYMM`` in the usage exports; the FOCUS export has BillingPeriodStart.
"""

from ingest.sources.google.exports import Export

COLUMNS = {
    "billing_account_id": "billing_account_id",
    "service_id": "service.id",
    "service_description": "service.description",
    "sku_id": "sku.id",
    "sku_description": "sku.description",
    "usage_start_time": "usage_start_time",
    "usage_end_time": "usage_end_time",
    "project_id": "project.id",
    "project_number": "project.number",
    "project_name": "project.name",
    "location": "location.location",
    "country": "location.country",
    "region": "location.region",
    "zone": "location.zone",
    "resource_name": "resource.name",
    "resource_global_name": "resource.global_name",
    "effective_price": "price.effective_price",
    "pricing_unit_quantity": "price.pricing_unit_quantity",
    "cost": "cost",
    "cost_at_list": "cost_at_list",
    "currency": "currency",
    "currency_conversion_rate": "currency_conversion_rate",
    "usage_amount": "usage.amount",
    "usage_unit": "usage.unit",
    "usage_amount_in_pricing_units": "usage.amount_in_pricing_units",
    "usage_pricing_unit": "usage.pricing_unit",
    "invoice_month": "invoice.month",
    "cost_type": "cost_type",
    "adjustment_description": "adjustment_info.description",
    "adjustment_type": "adjustment_info.type",
    "seller_name": "seller_name",
    "subscription_instance_id": "subscription.instance_id",
    "export_time": "export_time",
}
"""What a spooled column is called, and where it stands in the export."""

CREDIT_FIELDS = ("type", "id", "name", "full_name", "amount")

_PAIRS = {
    "labels": ("labels", "pair.key"),
    "system_labels": ("system_labels", "pair.key"),
    "project_labels": ("project.labels", "CONCAT('project/', pair.key)"),
    "tags": ("tags", "CONCAT(pair.namespace, '/', pair.key)"),
}
_MACHINE = "compute.googleapis.com/machine_spec"


def months_query(export: Export) -> str:
    """Ask when and how much was exported for each month from ``@since`` on."""
    last = f"MAX({export.exported})" if export.exported else "CAST(NULL AS TIMESTAMP)"
    month = _month(export)
    return (
        f"SELECT {month} AS month, {last} AS last_export, COUNT(*) AS record_count"  # noqa: S608 - names of the schema
        f" FROM `{export.table}` WHERE {month} >= @month{_since(export)}"
        " GROUP BY month ORDER BY month"
    )


def rows_query(export: Export) -> str:
    """Ask for every row of ``@month`` that was exported up to ``@last_export``."""
    columns = _every_column(export) if export.is_focus else _usage_columns(export)
    until = f" AND {export.exported} <= @last_export" if export.exported else ""
    return (
        f"SELECT {', '.join(columns)} FROM `{export.table}`"  # noqa: S608 - names of the schema
        f" WHERE {_month(export)} = @month{_since(export)}{until}"
    )


def focus_columns(export: Export) -> list[str]:
    """Return the columns of a FOCUS table as they are asked for, in their order."""
    return sorted(one for one in export.columns if "." not in one)


def _month(export: Export) -> str:
    return "FORMAT_TIMESTAMP('%Y%m', BillingPeriodStart)" if export.is_focus else "invoice.month"


def _since(export: Export) -> str:
    return f" AND {export.partition} >= @arrived_from" if export.partition else ""


def _usage_columns(export: Export) -> list[str]:
    """Name the columns that the table has; repeated pairs become the inside of a JSON object."""
    found = [f"{path} AS {name}" for name, path in COLUMNS.items() if path in export.columns]
    for name, (path, key) in _PAIRS.items():
        if path in export.columns:
            found.append(f"{_pairs(path, key)} AS {name}")
    if "system_labels" in export.columns:
        found.append(
            f"(SELECT pair.value FROM UNNEST(system_labels) AS pair WHERE pair.key = '{_MACHINE}'"  # noqa: S608 - constant
            " LIMIT 1) AS machine_spec"
        )
    return [*found, "credits"]


def _every_column(export: Export) -> list[str]:
    """Name the columns of a FOCUS table; pairs of a key and a value become a JSON object."""
    return [
        f"CONCAT('{{', IFNULL({_pairs(one, 'pair.key')}, ''), '}}') AS {one}"
        if one in export.nested and f"{one}.key" in export.columns
        else one
        for one in focus_columns(export)
    ]


def _pairs(path: str, key: str) -> str:
    return (
        f"(SELECT STRING_AGG(CONCAT(TO_JSON_STRING({key}), ':', TO_JSON_STRING(pair.value)), ',')"  # noqa: S608 - names of the schema
        f" FROM UNNEST({path}) AS pair)"
    )
