"""What a table is told by: its columns and how it is cut, without asking BigQuery."""

from datetime import UTC, datetime

import pytest
from google.cloud import bigquery

from ingest.sources.google.checks import billing_checks
from ingest.sources.google.exports import earliest, export_of
from ingest.sources.google.queries import months_query, rows_query
from tests.peers.google import DETAILED


def table(partition: bigquery.TimePartitioning | None = None, **others: object) -> bigquery.Table:
    """A detailed export cut in some way."""
    found = bigquery.Table("p.d.t", schema=DETAILED)
    found.time_partitioning = partition
    for name, value in others.items():
        setattr(found, name, value)
    return found


def cut(field: str | None = None, expiration_ms: int | None = None) -> bigquery.TimePartitioning:
    """A cut by day."""
    return bigquery.TimePartitioning(type_="DAY", field=field, expiration_ms=expiration_ms)


@pytest.mark.parametrize(
    ("partition", "column"),
    [
        (None, None),
        (cut(), "_PARTITIONTIME"),
        (cut("export_time"), "export_time"),
        (cut("usage_start_time"), None),
    ],
)
def test_a_query_is_limited_by_the_day_of_arrival(
    partition: bigquery.TimePartitioning | None, column: str | None
) -> None:
    """A cut by time of usage is none of arrival: late rows would be missed."""
    export = export_of(table(partition))

    assert export.partition == column
    limit = f" AND {column} >= @arrived_from"
    assert (limit in months_query(export)) is (column is not None)
    assert (limit in rows_query(export)) is (column is not None)


def test_no_row_of_a_month_comes_more_than_31_days_before_it() -> None:
    """Rows of October 2026 are looked for from 31 August on."""
    assert earliest("2026-10") == datetime(2026, 8, 31, tzinfo=UTC)


def test_a_query_reads_named_columns_only() -> None:
    """Not everything, so that a column of tomorrow costs nothing."""
    query = rows_query(export_of(table(cut())))

    assert "*" not in query
    assert "resource.name AS resource_name" in query
    assert "export_time <= @last_export" in query


@pytest.mark.parametrize(
    ("found", "advice"),
    [
        (table(cut()), ""),
        (table(), ""),
        (table(cut(expiration_ms=60 * 86_400_000)), "partitions are deleted after 60 days"),
        (
            table(expires=datetime(2027, 1, 20, tzinfo=UTC)),
            "the table is deleted on 2027-01-20; take its expiration away",
        ),
    ],
)
def test_a_table_that_forgets_is_told(found: bigquery.Table, advice: str) -> None:
    """BigQuery's sandbox forgets after 60 days, and a bill must not."""
    told = {one.what: one for one in billing_checks(export_of(found), found, 3 * 2**20)}

    assert told["rows are kept"].passed is not bool(advice)
    assert told["rows are kept"].advice.startswith(advice)
    assert "queries can be run; a nightly look reads 3.0 MiB" in told
