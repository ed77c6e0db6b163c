"""Bills from a billing export in BigQuery: a real client against bqemulator."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
from google.cloud import bigquery

from ingest.port import Delivery, Kind, RejectedSourceError, TransientSourceError
from ingest.settings import GoogleBillingSettings
from ingest.sources.google.billing import GoogleBilling
from tests.peers.google import STANDARD, BigQuery, deliver_google_rows, usage
from tests.warehouse.staging import Stager, written

pytestmark = [pytest.mark.slow, pytest.mark.needs_peers]

NOW = datetime(2026, 11, 21, 2, 30, tzinfo=UTC)
NAME = "gcp_billing_export_resource_v1_01AB"
NOVEMBER: dict[str, Any] = {
    "month": "202611",
    "start": "2026-11-02T08:00:00Z",
    "end": "2026-11-02T09:00:00Z",
    "exported": "2026-11-03T00:00:00Z",
}
Marks = dict[tuple[Kind, str], str]
FOCUS = (
    bigquery.SchemaField("BilledCost", "NUMERIC"),
    bigquery.SchemaField("EffectiveCost", "NUMERIC"),
    bigquery.SchemaField("BillingCurrency", "STRING"),
    bigquery.SchemaField("BillingPeriodStart", "TIMESTAMP"),
    bigquery.SchemaField("BillingPeriodEnd", "TIMESTAMP"),
    bigquery.SchemaField("InvoiceId", "STRING"),
    bigquery.SchemaField("ProviderName", "STRING"),
    bigquery.SchemaField(
        "Tags",
        "RECORD",
        "REPEATED",
        fields=[bigquery.SchemaField("key", "STRING"), bigquery.SchemaField("value", "STRING")],
    ),
    bigquery.SchemaField("x_ExportTime", "TIMESTAMP"),
)


@pytest.fixture
def dataset(request: pytest.FixtureRequest) -> str:
    """A dataset of this test alone."""
    return f"bills_{abs(hash(request.node.nodeid)):x}"


@pytest.fixture
def table(peer: BigQuery, dataset: str) -> str:
    """An empty detailed export."""
    return peer.create(f"{dataset}.{NAME}")


def source(
    peer: BigQuery, table: str, *, since: str = "2026-10", storage: bool = False
) -> GoogleBilling:
    """The source of a table; over REST, or the Storage Read API."""
    setting = GoogleBillingSettings(
        name="google",
        type="google-billing",
        project="bills",
        endpoint=peer.url,
        table=table,
        since=since,
    )
    client = peer.storage if storage else None
    return GoogleBilling(setting, clock=lambda: NOW, storage=client)


def fetched(found: GoogleBilling, folder: Path, known: Marks | None = None) -> list[Delivery]:
    """Everything that is announced, brought into a folder."""
    return [found.fetch(one, folder, 1) for one in found.announced(known or {})]


def records(delivery: Delivery) -> list[dict[str, Any]]:
    """The records of a delivery's one file."""
    (file,) = delivery.files
    found: list[dict[str, Any]] = pq.read_table(file.uri).to_pylist()
    return found


def marks(deliveries: Sequence[Delivery]) -> Marks:
    """What a lake knows after loading them."""
    return {(one.kind, str(one.period)): str(one.mark) for one in deliveries}


@pytest.mark.parametrize("storage", [False, True])
def test_a_night_brings_each_invoice_month_whole(
    *, peer: BigQuery, table: str, stager: Stager, storage: bool
) -> None:
    """October 10 - 0.5 - 8, November 0.3: two deliveries, each with its own mark and money."""
    deliver_google_rows(
        peer,
        table,
        [
            usage(
                cost=10.0,
                credit=[("PROMOTION", -0.5), ("COMMITTED_USAGE_DISCOUNT", -8.0)],
                labels=[{"key": "k8s-namespace", "value": 'a"ü'}],
                tags=[{"key": "env", "value": "prod", "namespace": "acme"}],
                system_labels=[
                    {"key": "compute.googleapis.com/machine_spec", "value": "a3-highgpu-8g"}
                ],
                price={"effective_price": "0.029", "pricing_unit_quantity": "1"},
            ),
            usage(cost=0.3, **NOVEMBER),
        ],
    )

    october, november = fetched(source(peer, table, storage=storage), stager.folder)

    assert (october.period, october.dialect, october.complete) == ("2026-10", "gcp-detailed", True)
    assert october.mark == "2026-10-02T00:00:00.000000Z/1"
    assert october.version == 1790899200000
    assert (november.period, november.mark) == ("2026-11", "2026-11-03T00:00:00.000000Z/1")
    assert october.files[0].name == f"{NAME}-2026-10.parquet"
    staged = stager.files([Path(october.files[0].uri)], "focus", october.dialect, "2026-10")
    found = written(staged)
    assert sum(row["BilledCost"] for row in found) == Decimal("1.5")
    assert found[0]["Tags"] == (
        '{"k8s-namespace":"a\\"ü","compute.googleapis.com/machine_spec":"a3-highgpu-8g",'
        '"acme/env":"prod"}'
    )
    assert found[0]["x_MachineType"] == "a3-highgpu-8g"
    assert found[0]["ContractedUnitPrice"] == Decimal("0.029")


def test_what_the_lake_holds_is_not_announced_again(
    peer: BigQuery, table: str, tmp_path: Path
) -> None:
    """Both months are known; a late row of October makes October new, and only that."""
    deliver_google_rows(peer, table, [usage(cost=1.0), usage(cost=2.0, **NOVEMBER)])
    found = source(peer, table)
    known = marks(fetched(found, tmp_path))

    assert found.announced(known) == []
    deliver_google_rows(peer, table, [usage(cost=0.5, exported="2026-11-05T00:00:00Z")])
    (late,) = fetched(found, tmp_path, known)

    assert (late.period, late.mark) == ("2026-10", "2026-11-05T00:00:00.000000Z/2")
    assert sorted(row["cost"] for row in records(late)) == [0.5, 1.0]


def test_a_restated_month_comes_whole_with_its_corrections(
    peer: BigQuery, table: str, stager: Stager
) -> None:
    """Google negates 10 and adds 9 in the same month: 10 - 10 + 9 = 9."""
    deliver_google_rows(peer, table, [usage(cost=10.0)])
    found = source(peer, table)
    known = marks(fetched(found, stager.folder))
    later = "2026-10-20T00:00:00Z"
    corrections = [
        usage(cost=-10.0, exported=later, cost_type="adjustment"),
        usage(cost=9.0, exported=later),
    ]
    deliver_google_rows(peer, table, corrections)

    (restated,) = fetched(found, stager.folder, known)

    staged = stager.files([Path(restated.files[0].uri)], "focus", restated.dialect, "2026-10")
    assert sum(row["BilledCost"] for row in written(staged)) == 9


def test_rows_after_the_announcement_wait_for_the_next(
    peer: BigQuery, table: str, tmp_path: Path
) -> None:
    """A row that was exported later is not in what the mark names."""
    deliver_google_rows(peer, table, [usage(cost=1.0)])
    found = source(peer, table)
    (announced,) = found.announced({})
    deliver_google_rows(peer, table, [usage(cost=2.0, exported="2026-10-02T00:00:00.000001Z")])

    delivery = found.fetch(announced, tmp_path, 1)

    assert [row["cost"] for row in records(delivery)] == [1.0]


def test_rows_of_an_export_that_is_still_running_are_for_later(
    peer: BigQuery, table: str, tmp_path: Path
) -> None:
    """1 row was announced and 2 of the same export are there: try again."""
    deliver_google_rows(peer, table, [usage(cost=1.0)])
    found = source(peer, table)
    (announced,) = found.announced({})
    deliver_google_rows(peer, table, [usage(cost=2.0)])

    with pytest.raises(TransientSourceError, match=r"had 1 rows of 2026-10 .* and 2 when it was"):
        found.fetch(announced, tmp_path, 1)


def test_a_month_whose_rows_went_is_no_empty_month(
    peer: BigQuery, table: str, tmp_path: Path
) -> None:
    """1 row was announced and none is there: nothing is replaced by nothing."""
    deliver_google_rows(peer, table, [usage(cost=1.0)])
    found = source(peer, table)
    (announced,) = found.announced({})
    gone = replace(announced, period="2026-12")

    with pytest.raises(TransientSourceError, match=r"had 1 rows of 2026-12 .* and 0 when it was"):
        found.fetch(gone, tmp_path, 1)


def test_an_empty_table_announces_nothing(peer: BigQuery, table: str) -> None:
    """A new export is empty for a day, and the check says so."""
    found = source(peer, table)

    assert found.announced({}) == []
    told = {one.what: one for one in found.check()}
    assert not told["the table has rows"].passed
    assert told["rows name the resource"].passed
    assert f"table {table} can be read (detailed usage cost export)" in told


def test_months_before_the_first_are_left_alone(peer: BigQuery, table: str, tmp_path: Path) -> None:
    """Since 2026-11, October is not asked for."""
    deliver_google_rows(peer, table, [usage(cost=1.0), usage(cost=2.0, **NOVEMBER)])

    (only,) = fetched(source(peer, table, since="2026-11"), tmp_path)

    assert only.period == "2026-11"


def test_new_columns_do_no_harm_and_missing_ones_are_left_out(
    peer: BigQuery, dataset: str, stager: Stager
) -> None:
    """A column of tomorrow is not read; the standard export has no resource, which is told."""
    schema = [*STANDARD, bigquery.SchemaField("tomorrow", "STRING")]
    name = peer.create(f"{dataset}.gcp_billing_export_v1_01AB", schema)
    row = usage(cost=1.25, credit=[("FREE_TIER", -0.25)])
    del row["resource"]
    deliver_google_rows(peer, name, [row | {"tomorrow": "?"}])
    found = source(peer, name)

    (delivery,) = fetched(found, stager.folder)

    assert not {"tomorrow", "resource_name"} & set(delivery.files[0].columns)
    staged = stager.files([Path(delivery.files[0].uri)], "focus", delivery.dialect, "2026-10")
    assert sum(line["BilledCost"] for line in written(staged)) == 1
    (told,) = [one for one in found.check() if not one.passed]
    assert told.advice.startswith("this is the standard export, so machines cannot be told apart")


def test_a_focus_table_comes_as_focus(peer: BigQuery, dataset: str, stager: Stager) -> None:
    """It is FOCUS 1.2 by its columns; pairs become JSON, and x_ExportTime is the mark."""
    name = peer.create(f"{dataset}.gcp_billing_export_focus_01AB", FOCUS, by_day=False)
    october = {
        "BilledCost": "1.1",
        "EffectiveCost": "1.0",
        "BillingCurrency": "USD",
        "BillingPeriodStart": "2026-10-01T07:00:00Z",
        "BillingPeriodEnd": "2026-11-01T07:00:00Z",
        "InvoiceId": "I-1",
        "Tags": [{"key": "team", "value": "a"}],
        "x_ExportTime": "2026-10-02T00:00:00Z",
    }
    november = october | {"BillingPeriodStart": "2026-11-01T07:00:00Z", "Tags": []}
    deliver_google_rows(peer, name, [october, november])

    first, second = fetched(source(peer, name), stager.folder)

    assert (first.period, second.period) == ("2026-10", "2026-11")
    assert (first.dialect, first.mark) == ("focus-1.2", "2026-10-02T00:00:00.000000Z/1")
    staged = stager.files([Path(first.files[0].uri)], "focus", first.dialect, "2026-10")
    (line,) = written(staged)
    assert (line["BilledCost"], line["Tags"]) == (Decimal("1.1"), '{"team":"a"}')


def test_a_focus_table_without_a_time_of_export_counts_rows(
    peer: BigQuery, dataset: str, tmp_path: Path
) -> None:
    """The mark is when the table changed and how many rows it has."""
    name = peer.create(f"{dataset}.focus", FOCUS[:5], by_day=False)
    row = {
        "BilledCost": "1",
        "EffectiveCost": "1",
        "BillingCurrency": "USD",
        "BillingPeriodStart": "2026-10-01T00:00:00Z",
    }
    deliver_google_rows(peer, name, [row, row])

    (delivery,) = fetched(source(peer, name), tmp_path)

    assert str(delivery.mark).endswith("/2")
    assert len(records(delivery)) == 2


def test_a_missing_table_is_told(peer: BigQuery, table: str) -> None:
    """The sentence names the table and what to look at."""
    with pytest.raises(RejectedSourceError, match="look at table and at location"):
        source(peer, f"{table}_none").announced({})


def test_a_table_that_is_no_bill_is_told(peer: BigQuery, dataset: str) -> None:
    """Its missing columns are named, with what is accepted."""
    name = peer.create(f"{dataset}.cats", [bigquery.SchemaField("cost", "FLOAT")])

    with pytest.raises(RejectedSourceError, match=r"columns billing_account_id, .* are missing"):
        source(peer, name).announced({})


def test_a_long_month_comes_page_by_page(peer: BigQuery, table: str, tmp_path: Path) -> None:
    """2,500 rows of 0.01 are 25 in all."""
    rows = [usage(cost=0.01, quantity=number) for number in range(500)]
    for _ in range(5):
        deliver_google_rows(peer, table, rows)

    (delivery,) = fetched(source(peer, table), tmp_path)

    assert len(records(delivery)) == 2500
    assert sum(Decimal(str(row["cost"])) for row in records(delivery)) == 25
