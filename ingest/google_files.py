"""Google's billing export as a file, which only a source over BigQuery can read."""

from collections.abc import Iterable

from ingest.forms import letters

ADVICE = (
    "is Google's billing export as BigQuery writes it, whose nested records no file source reads; "
    "use a source of type google-billing, which reads the table itself (docs/connect/google.md)"
)
"""What to do instead; stands behind the name of the file."""

_COLUMNS = ("billing_account_id", "export_time", "cost", "currency", "credits")


def is_google_table(columns: Iterable[str]) -> bool:
    """Say whether columns are those of the table, whose credits lie inside their records."""
    there = {letters(column) for column in columns}
    return {letters(column) for column in _COLUMNS} <= there


def is_google_json(text: str) -> bool:
    """Say whether JSON begins with a record of the table."""
    return all(f'"{name}"' in text for name in _COLUMNS)
