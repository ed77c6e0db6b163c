"""List prices of whole machines, from a Cloud Billing catalog over real gRPC."""

import os
from collections import deque
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import duckdb
import grpc  # type: ignore[import-untyped]
import pyarrow.parquet as pq
import pytest
from google.cloud.billing_v1 import Category, PricingExpression, PricingInfo, Sku
from google.type.money_pb2 import Money  # type: ignore[import-untyped]

from ingest.port import Kind, RejectedSourceError, TransientSourceError
from ingest.settings import GoogleAccountSettings
from ingest.sources.google import google_source
from ingest.sources.google.account import CLOUD_TPU, COMPUTE_ENGINE, GoogleAccount
from ingest.sources.google.catalog import price_per_hour
from ingest.sources.google.session import Patience
from tests.peers.google import Catalog, cloud_catalog
from tests.warehouse.staging import Stager, written

NOW = datetime(2026, 11, 21, 2, 30, tzinfo=UTC)
MONTH = datetime(2026, 11, 1, 7, tzinfo=UTC)
SHARED = Path(os.environ.get("COMPTROLLER_SHARED_DATA", Path(__file__).parents[4] / "shared/data"))


def expression(unit: str, *tiers: tuple[float, int, int]) -> PricingExpression:
    """Tiers of a price: from which amount on, whole units and billionths."""
    rates = [
        PricingExpression.TierRate(
            start_usage_amount=start,
            unit_price=Money(currency_code="USD", units=units, nanos=nanos),
        )
        for start, units, nanos in tiers
    ]
    return PricingExpression(usage_unit=unit, tiered_rates=rates)


def sku(
    description: str,
    nanos: int,
    *,
    units: int = 0,
    unit: str = "h",
    market: str = "OnDemand",
    group: str = "CPU",
    since: datetime = MONTH,
    regions: Sequence[str] = ("us-central1",),
) -> Sku:
    """A SKU with one price."""
    return Sku(
        description=description,
        category=Category(resource_family="Compute", resource_group=group, usage_type=market),
        service_regions=list(regions),
        pricing_info=[
            PricingInfo(
                effective_time=since,
                pricing_expression=expression(unit, (0.0, units, nanos)),
            )
        ],
    )


A2 = [
    sku("A2 Instance Core running in Americas", 31_611_000),
    sku("A2 Instance Ram running in Americas", 4_237_000, unit="GiBy.h"),
    sku("Nvidia Tesla A100 GPU running in Americas", 933_908_000, units=2, group="GPU"),
]


@pytest.fixture
def catalog() -> Iterator[Catalog]:
    """A catalog of A2 and TPU prices in two pages."""
    tpu = [sku("TpuV5e running in Iowa", 200_000_000, units=1, group="TPU")]
    with cloud_catalog({COMPUTE_ENGINE: A2, CLOUD_TPU: tpu}) as running:
        yield running


def source(catalog: Catalog, *machine_types: str, now: datetime = NOW) -> GoogleAccount:
    """The source of prices in Iowa."""
    setting = GoogleAccountSettings(
        name="google-prices",
        type="google-account",
        project="bills",
        endpoint=catalog.url,
        regions=["us-central1"],
        machine_types=list(machine_types),
    )
    return GoogleAccount(
        setting, clock=lambda: now, patience=Patience(call_s=10, total_s=10, pause_s=0.01)
    )


def prices(found: GoogleAccount, folder: Path) -> dict[tuple[str, str, int | None], Decimal]:
    """Amounts by machine type, purchase model and term; the last of each counts."""
    (announced,) = found.announced({})
    delivery = found.fetch(announced, folder, 7)
    assert (delivery.kind, delivery.version, delivery.complete) == (Kind.PRICES, 7, True)
    rows = pq.read_table(delivery.files[0].uri).to_pylist()
    return {
        (row["machine_type"], row["purchase_model"], row["term_months"]): row["amount"]
        for row in rows
    }


def test_a_machine_costs_its_parts(catalog: Catalog, tmp_path: Path) -> None:
    """12 x 0.031611 + 85 x 0.004237 + 2.933908 = 3.673385 an hour; pages are read to the end."""
    found = prices(source(catalog, "a2-highgpu-1g"), tmp_path)

    assert found == {("a2-highgpu-1g", "on_demand", None): Decimal("3.673385")}
    assert [(one.parent, one.page_token) for one in catalog.asked] == [
        (COMPUTE_ENGINE, ""),
        (COMPUTE_ENGINE, "2"),
        (CLOUD_TPU, ""),
    ]
    assert {one.currency_code for one in catalog.asked} == {"USD"}
    assert catalog.asked[0].start_time == MONTH


def test_tpu_machines_cost_their_chips(catalog: Catalog, tmp_path: Path) -> None:
    """4 chips at 1.20 are 4.80 an hour."""
    found = prices(source(catalog, "ct5lp-hightpu-4t"), tmp_path)

    assert found == {("ct5lp-hightpu-4t", "on_demand", None): Decimal("4.8")}


def test_every_machine_of_the_reference_is_asked_for_when_none_is_named(
    catalog: Catalog, tmp_path: Path
) -> None:
    """Five A2 machines and three of TPU v5e have all their parts; the others have no price."""
    found = prices(source(catalog), tmp_path)

    assert len(found) == 8
    assert found["a2-megagpu-16g", "on_demand", None] == Decimal("55.739504")


@pytest.mark.needs_shared
@pytest.mark.skipif(not SHARED.exists(), reason="the folder of real data is not there")
def test_joined_prices_are_those_that_were_published(catalog: Catalog, tmp_path: Path) -> None:
    """Parts of A2 in Iowa at the end of 2025 give the five published machine prices."""
    history = SHARED / "prices" / "gcp_gpu_prices_weekly.parquet"
    published = duckdb.execute(
        "SELECT instance_type, hour::DECIMAL(18, 9) FROM read_parquet(?) WHERE date = '2025-12-25'"
        " AND region = 'us-central1' AND regexp_matches(instance_type, '^a2-(high|mega)')",
        [str(history)],
    ).fetchall()

    found = prices(source(catalog), tmp_path)

    assert len(published) == 5
    assert {name: found[name, "on_demand", None] for name, _ in published} == dict(published)


def test_a_price_that_changes_in_the_month_is_history(catalog: Catalog, tmp_path: Path) -> None:
    """From the 10th the chip costs 1.50 instead of 1.20: 1.20 up to then, 1.50 from there."""
    changed = datetime(2026, 11, 10, tzinfo=UTC)
    tpu = sku("TpuV5e running in Iowa", 200_000_000, units=1)
    tpu.pricing_info.append(
        PricingInfo(effective_time=changed, pricing_expression=expression("h", (0, 1, 500_000_000)))
    )
    before = datetime(2026, 9, 1, tzinfo=UTC)
    tpu.pricing_info[0].effective_time = before
    catalog.skus = {CLOUD_TPU: [tpu]}
    found = source(catalog, "ct6e-standard-1t", "ct5lp-hightpu-1t")
    (announced,) = found.announced({})

    delivery = found.fetch(announced, tmp_path, 1)

    rows = pq.read_table(delivery.files[0].uri).to_pylist()
    assert [(row["amount"], row["valid_from"], row["valid_to"]) for row in rows] == [
        (Decimal("1.2"), MONTH, changed),
        (Decimal("1.5"), changed, None),
    ]


def test_prices_load_as_a_price_list(catalog: Catalog, stager: Stager) -> None:
    """The month's partition gets the row, and no rule is broken."""
    found = source(catalog, "a2-highgpu-1g")
    (announced,) = found.announced({})
    delivery = found.fetch(announced, stager.folder, 1)

    staged = stager.files([Path(delivery.files[0].uri)], kind="prices", dialect=delivery.dialect)

    assert staged.periods == (delivery.period,) == ("2026-11",)
    assert [row["amount"] for row in written(staged)] == [Decimal("3.673385")]
    assert staged.findings == ()


def test_spot_and_terms_are_offers_of_their_own(catalog: Catalog, tmp_path: Path) -> None:
    """An A3 slice at 4 spot, 6 for one year, 3.50 for three; disks are sold by the month of 730 h.

    G2 with 1 GPU: 4 x 0.02 + 16 x 0.003 + 0.56 = 0.688.
    """
    b200 = "A4 Nvidia B200 (1 gpu slice)"
    catalog.skus = {
        COMPUTE_ENGINE: [
            sku(f"Spot Preemptible {b200} running in Iowa", 0, units=4, market="Preemptible"),
            sku(f"Commitment v1: {b200} in Iowa for 1 Year", 0, units=6, market="Commit1Yr"),
            sku(
                f"Commitment v1: {b200} in Iowa for 3 Years",
                500_000_000,
                units=3,
                market="Commit3Yr",
            ),
            sku("G2 Instance Core running in Iowa", 20_000_000),
            sku("G2 Instance Ram running in Iowa", 3_000_000, unit="GiBy.h"),
            sku("Nvidia L4 GPU running in Iowa", 560_000_000, group="GPU"),
        ]
    }

    found = prices(source(catalog, "a4-highgpu-8g", "g2-standard-4"), tmp_path)

    assert found == {
        ("a4-highgpu-8g", "spot", None): Decimal(32),
        ("a4-highgpu-8g", "committed", 12): Decimal(48),
        ("a4-highgpu-8g", "committed", 36): Decimal(28),
        ("g2-standard-4", "on_demand", None): Decimal("0.688"),
    }


@pytest.mark.parametrize(
    ("price", "per_hour"),
    [
        (expression("h", (0, 2, 933_908_000)), Decimal("2.933908")),
        (expression("GiBy.mo", (0, 0, 80_000_000)), Decimal("0.08") / 730),
        (expression("h", (0, 0, 0), (100, 1, 0)), Decimal(1)),
        (expression("h", (0, 3, 0), (100, 1, 0)), Decimal(3)),
        (expression("h"), None),
        (expression("count", (0, 1, 0)), None),
    ],
)
def test_a_price_per_hour_is_exact(price: PricingExpression, per_hour: Decimal | None) -> None:
    """Units + billionths, of the first tier that is not free; what is no time has no such price."""
    assert price_per_hour(price) == per_hour


def test_what_cannot_be_priced_is_counted_and_told(catalog: Catalog) -> None:
    """A new GPU, a GPU sold by the piece, and a part with two prices are told by name."""
    catalog.skus = {
        COMPUTE_ENGINE: [
            *A2,
            sku("Nvidia Z900 GPU running in Iowa", 1, group="GPU"),
            sku("Nvidia L4 GPU running in Iowa", 1, group="GPU", unit="count"),
            sku("A2 Instance Core running in Iowa", 50_000_000),
            sku("Storage PD Capacity", 1),
            sku("Nvidia Z901 GPU running in Tokyo", 1, group="GPU", regions=["asia-northeast1"]),
        ]
    }

    checks = {one.what: one.advice for one in source(catalog, "a2-highgpu-1g").check()}

    assert checks == {
        "Cloud Billing catalog can be read": "",
        "1 of 1 machine types have prices in us-central1": "",
        "1 accelerators in the catalog that belong to no known machine": (
            "Nvidia Z900 GPU running in Iowa"
        ),
        "1 prices in the catalog that cannot be read": "Nvidia L4 GPU running in Iowa",
        "1 prices in the catalog that differ for the same part": "A2 Instance Core running in Iowa",
    }


def test_of_two_prices_of_a_part_the_higher_counts(catalog: Catalog, tmp_path: Path) -> None:
    """12 x 0.05 instead of 12 x 0.031611 makes 3.894053 an hour."""
    catalog.skus = {COMPUTE_ENGINE: [*A2, sku("A2 Instance Core running in Iowa", 50_000_000)]}

    found = prices(source(catalog, "a2-highgpu-1g"), tmp_path)

    assert found["a2-highgpu-1g", "on_demand", None] == Decimal("3.894053")


def test_a_machine_that_was_asked_for_and_has_no_price_fails_the_check(catalog: Catalog) -> None:
    """A3 parts are not in this catalog."""
    checks = source(catalog, "a2-highgpu-1g", "a3-highgpu-8g").check()

    assert [(one.what, one.passed, one.advice) for one in checks][1] == (
        "1 of 2 machine types have prices in us-central1",
        False,
        "no price in us-central1: a3-highgpu-8g",
    )


def test_a_catalog_without_any_of_the_machines_is_refused(catalog: Catalog, tmp_path: Path) -> None:
    """No price is not a price of 0."""
    found = source(catalog, "a3-highgpu-8g")
    (announced,) = found.announced({})

    with pytest.raises(RejectedSourceError, match="no price of any of these machines"):
        found.fetch(announced, tmp_path, 1)


def test_an_unknown_machine_type_is_refused_at_once(catalog: Catalog) -> None:
    """The sentence names it and what is accepted."""
    with pytest.raises(RejectedSourceError, match=r"p5\.48xlarge cannot be priced; accepted are"):
        source(catalog, "p5.48xlarge")


def test_a_busy_catalog_is_asked_again(catalog: Catalog, tmp_path: Path) -> None:
    """UNAVAILABLE and RESOURCE_EXHAUSTED once each, then the prices."""
    catalog.faults = deque([grpc.StatusCode.UNAVAILABLE, grpc.StatusCode.RESOURCE_EXHAUSTED])

    assert len(prices(source(catalog, "a2-highgpu-1g"), tmp_path)) == 1


def test_a_catalog_that_stays_busy_is_for_later(catalog: Catalog) -> None:
    """After the time for tries is over, the error is one that can be tried again."""
    catalog.faults = deque([grpc.StatusCode.UNAVAILABLE] * 1000)
    setting = GoogleAccountSettings(
        name="g", type="google-account", project="p", endpoint=catalog.url, regions=["us-central1"]
    )
    found = GoogleAccount(setting, clock=lambda: NOW, patience=Patience(1, 0.05, 0.01))

    with pytest.raises(TransientSourceError, match="g: Cloud Billing catalog: Google cannot"):
        found.parts()


def test_no_right_to_the_catalog_is_told_by_the_check(catalog: Catalog) -> None:
    """PERMISSION_DENIED names what is needed, and nothing is raised."""
    catalog.faults = deque([grpc.StatusCode.PERMISSION_DENIED])

    (check,) = source(catalog).check()

    assert not check.passed
    assert "it needs any Google account, and the Cloud Billing API enabled" in check.advice


def test_the_last_hours_of_a_month_in_california_are_of_that_month(
    catalog: Catalog, tmp_path: Path
) -> None:
    """1 December 2026, 02:30 UTC is still November there; prices end with the month in UTC."""
    now = datetime(2026, 12, 1, 2, 30, tzinfo=UTC)
    found = source(catalog, "a2-highgpu-1g", now=now)

    (announced,) = found.announced({})

    assert announced.period == "2026-11"
    assert len(prices(found, tmp_path)) == 1
    assert catalog.asked[0].end_time == datetime(2026, 12, 1, tzinfo=UTC)


def test_what_was_announced_in_another_month_is_not_fetched(
    catalog: Catalog, tmp_path: Path
) -> None:
    """Prices of December must not replace those of November."""
    (announced,) = source(catalog, "a2-highgpu-1g").announced({})
    later = source(catalog, "a2-highgpu-1g", now=datetime(2026, 12, 2, tzinfo=UTC))

    with pytest.raises(RejectedSourceError, match="it is 2026-12 now"):
        later.fetch(announced, tmp_path, 1)


def test_a_setting_becomes_its_source(catalog: Catalog) -> None:
    """The factory picks the class by the setting's type."""
    setting = GoogleAccountSettings(
        name="g", type="google-account", project="p", endpoint=catalog.url, regions=["us-central1"]
    )

    assert isinstance(google_source(setting, clock=lambda: NOW), GoogleAccount)
