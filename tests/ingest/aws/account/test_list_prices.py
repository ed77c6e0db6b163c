"""List prices of AWS: per machine and hour, whatever they are quoted in."""

from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from ingest.port import Kind, RejectedSourceError, SourceError, TransientSourceError
from ingest.sources.aws import offers
from ingest.sources.aws import prices as asked
from ingest.sources.aws.offers import offers_of
from tests.ingest.aws.account.world import (
    P4,
    P5,
    account,
    day,
    money,
    prices,
    product,
    products,
    reserved,
)
from tests.peers.aws_model import FakeAws, Handler, fake_aws, paged, refusing

GET = ("pricing", "GetProducts")


def rows_of(peer: FakeAws, folder: Path, *texts: str) -> list[dict[str, Any]]:
    """Load prices from an account that sells these products only."""
    peer.handlers[GET] = products(*texts)
    return prices(account(peer), folder)


def test_a_price_is_of_the_machine_and_not_of_a_gpu(peer: FakeAws, tmp_path: Path) -> None:
    """p5.48xlarge has 8 H100 and costs 98.32 an hour in all; p4d.24xlarge has 8 A100."""
    rows = rows_of(peer, tmp_path, product(P5), product(P4, on_demand={"USD": "32.7726000000"}))

    assert [(row["machine_type"], row["amount"]) for row in rows] == [
        (P5, Decimal("98.32")),
        (P4, Decimal("32.7726")),
    ]
    assert {(row["unit"], row["currency"], row["purchase_model"]) for row in rows} == {
        ("machine-hour", "USD", "on_demand")
    }
    assert {(row["zone"], row["term_months"], row["contract"]) for row in rows} == {(None,) * 3}
    assert {row["valid_from"] for row in rows} == {day(1)}


def test_the_fee_of_a_reservation_is_spread_over_its_term(peer: FakeAws, tmp_path: Path) -> None:
    """87,600 for a year of 8,760 h is 10 an hour; 131,400 for 26,280 h is 5, and 5 more hourly."""
    terms = [
        reserved("1yr", "All Upfront", hourly="0.0000000000", upfront="87600"),
        reserved("3yr", "Partial Upfront", hourly="5.0000000000", upfront="131400"),
        reserved("1yr", "No Upfront", hourly="11.5000000000"),
    ]

    _, *rows = rows_of(peer, tmp_path, product(P4, reserved=terms))

    assert [(row["term_months"], row["amount"], row["contract"]) for row in rows] == [
        (12, Decimal(10), "reserved standard, All Upfront"),
        (36, Decimal(10), "reserved standard, Partial Upfront"),
        (12, Decimal("11.5"), "reserved standard, No Upfront"),
    ]
    assert {row["purchase_model"] for row in rows} == {"committed"}


def test_chinese_regions_are_priced_in_yuan_where_china_answers(
    peer: FakeAws, tmp_path: Path
) -> None:
    """The same product has 98.32 USD and 700 CNY: in cn-north-1 it costs 700 CNY."""
    both = product(P5, "cn-north-1", {"USD": "98.32", "CNY": "700"})
    peer.handlers[GET] = products(both)
    rows = prices(account(peer, "cn-north-1"), tmp_path)

    assert [(row["amount"], row["currency"]) for row in rows] == [(Decimal(700), "CNY")]
    assert {call.region for call in peer.calls if call.service == "pricing"} == {"cn-northwest-1"}
    assert peer.asked("ListPriceLists")[0]["CurrencyCode"] == "CNY"
    assert peer.asked("DescribeSavingsPlansOfferingRates") == []


def test_no_price_is_not_nothing(peer: FakeAws, tmp_path: Path) -> None:
    """A price of 0 or in another currency only is no price, and an unknown type has none."""
    free, euros = product(P5, on_demand={"USD": "0.0"}), product(P4, on_demand={"EUR": "30"})

    assert rows_of(peer, tmp_path, free, euros) == []


def test_only_bare_linux_machines_are_asked_for(peer: FakeAws, tmp_path: Path) -> None:
    """Without these filters one machine type has dozens of prices."""
    peer.handlers[GET] = products(product())
    prices(account(peer, machine_types=[P5]), tmp_path)

    (params,) = peer.asked("GetProducts")
    assert {one["Field"]: one["Value"] for one in params["Filters"]} == {
        "operatingSystem": "Linux",
        "tenancy": "Shared",
        "preInstalledSw": "NA",
        "capacitystatus": "Used",
        "regionCode": "us-east-1",
        "instanceType": P5,
    }


def test_every_page_is_read(peer: FakeAws, tmp_path: Path) -> None:
    """Three products on pages of one: 3 requests, 3 prices."""
    texts = [product(on_demand={"USD": price}) for price in ("1", "2", "3")]
    peer.handlers[GET] = paged("PriceList", texts, 1)
    rows = prices(account(peer, machine_types=[P5]), tmp_path)

    assert money(rows) == [1, 2, 3]
    assert len(peer.asked("GetProducts")) == 3


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("{", "a product cannot be read"),
        ('{"product": {"attributes": {}}}', "a product cannot be read (KeyError: 'sku')"),
        (product(on_demand={"USD": "free"}), "SKU SKU1: 'free' is no amount"),
        (product(on_demand={"USD": "-1"}), "SKU SKU1: '-1' is no price"),
        (product(effective="soon"), "SKU SKU1: 'soon' is no time"),
        (product().replace("Hrs", "GPU-Hrs"), "SKU SKU1: unit 'GPU-Hrs' is not known"),
        (
            product(reserved=[reserved("5yr", "All Upfront", upfront="1")]),
            "SKU SKU1: term '5yr' is not known; accepted: 1yr, 3yr",
        ),
    ],
)
def test_what_cannot_be_read_is_refused(
    peer: FakeAws, tmp_path: Path, text: str, told: str
) -> None:
    """A price list that says something unknown is not guessed at."""
    peer.handlers[GET] = paged("PriceList", [text], 1)

    with pytest.raises(RejectedSourceError) as caught:
        prices(account(peer, machine_types=[P5]), tmp_path)

    assert told in str(caught.value)


def test_a_time_without_zone_is_utc() -> None:
    """Older files write 2026-11-01T00:00:00 only; the term is written "1 yr" there."""
    (offer,) = offers_of(product(effective="2026-11-01T00:00:00"))

    row = offers.price_of(offer, "USD", None)

    assert row is not None
    assert row.valid_from == day(1)


@pytest.mark.parametrize(
    ("handler", "fault", "told"),
    [
        (refusing("ThrottlingException", "Rate exceeded"), TransientSourceError, "AWS is busy"),
        (refusing("InternalErrorException", "", 500), TransientSourceError, "AWS is busy"),
        (
            refusing("AccessDeniedException", "not authorized", 403),
            RejectedSourceError,
            f"asking AWS for prices of {P5} in us-east-1 (pricing:GetProducts): AWS refuses it",
        ),
    ],
)
def test_faults_are_told_with_the_action(
    peer: FakeAws, tmp_path: Path, handler: Handler, fault: type[SourceError], told: str
) -> None:
    """Throttling and faults of AWS may pass; a missing permission does not."""
    peer.handlers[GET] = handler

    with pytest.raises(fault) as caught:
        prices(account(peer, machine_types=[P5]), tmp_path)

    assert told in str(caught.value)


def test_throttling_that_passes_is_not_noticed(
    peer: FakeAws, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The first request is refused, the second answered: boto3 tries again itself."""
    monkeypatch.setenv("AWS_MAX_ATTEMPTS", "2")
    peer.handlers[GET] = refusing("ThrottlingException", times=1)
    assert prices(account(peer, machine_types=[P5]), tmp_path) == []

    assert len(peer.asked("GetProducts")) == 2


HEADER = (
    '"FormatVersion","v1.0"\n"Disclaimer","for information"\n"Publication Date","2026-11-15"\n'
    '"SKU","OfferTermCode","TermType","EffectiveDate","Unit","PricePerUnit","Currency",'
    '"LeaseContractLength","PurchaseOption","OfferingClass","Instance Type","Tenancy",'
    '"Operating System","CapacityStatus","Pre Installed S/W"\n'
)


def line(*cells: str, system: str = "Linux", kind: str = P4) -> str:
    """Write a line of an offer file: SKU, term, type, date, unit, price, currency, lease ..."""
    given = [*cells, *[""] * (10 - len(cells)), kind, "Shared", system, "Used", "NA"]
    return ",".join(f'"{cell}"' for cell in given) + "\n"


BULK = (
    HEADER
    + line("A", "J", "OnDemand", "2026-11-01", "Hrs", "32.7726", "USD")
    + line("A", "J", "OnDemand", "2026-11-01", "Hrs", "99", "USD", system="Windows")
    + line("A", "J", "OnDemand", "2026-11-01", "Hrs", "1", "USD", kind="m5.large")
    + line("A", "Q", "Reserved", "2026-11-01", "Quantity", "87600", "USD", "1yr", "All", "standard")
    + line("B", "J", "OnDemand", "2026-11-01", "Hrs", "0.0", "USD", kind=P5)
    + line("A", "Q", "Reserved", "2026-11-01", "Hrs", "0", "USD", "1yr", "All", "standard")
)


@pytest.fixture
def many(peer: FakeAws, monkeypatch: pytest.MonkeyPatch) -> FakeAws:
    """A peer that names a file on itself, for a source that has more types than it asks for."""
    monkeypatch.setattr(asked, "ASKED_ONE_BY_ONE", 1)
    url = f"{peer.url}/files/offers.csv"
    peer.handlers["pricing", "GetPriceListFileUrl"] = lambda _: {"Url": url}
    return peer


def test_many_types_are_read_from_the_file_of_all_offers(many: FakeAws, tmp_path: Path) -> None:
    """Above the limit one file is read: 32.7726 on demand, 87,600 / 8,760 h = 10 reserved."""
    many.files["offers.csv"] = BULK.encode()

    rows = prices(account(many), tmp_path)

    assert [(row["machine_type"], row["purchase_model"], row["amount"]) for row in rows] == [
        (P4, "on_demand", Decimal("32.7726")),
        (P4, "committed", Decimal(10)),
    ]
    assert many.asked("GetProducts") == []
    assert many.asked("GetPriceListFileUrl")[0]["FileFormat"] == "csv"


@pytest.mark.parametrize(
    ("file", "fault", "told"),
    [
        (503, TransientSourceError, "AWS is busy (HTTP 503)"),
        (403, RejectedSourceError, "AWS answers HTTP 403"),
        (b"<html>", RejectedSourceError, "columns SKU, OfferTermCode"),
    ],
)
def test_a_file_that_is_none_is_refused(
    many: FakeAws, tmp_path: Path, file: bytes | int, fault: type[SourceError], told: str
) -> None:
    """What AWS cannot give now may come later; what is no offer file never becomes one."""
    many.files["offers.csv"] = file

    with pytest.raises(fault, match="file of prices of us-east-1") as caught:
        prices(account(many), tmp_path)

    assert told in str(caught.value)


def test_a_file_that_breaks_off_may_come_later(many: FakeAws, tmp_path: Path) -> None:
    """Nobody listens where the file should be."""
    with fake_aws({}) as gone:
        pass
    many.handlers["pricing", "GetPriceListFileUrl"] = lambda _: {"Url": f"{gone.url}/files/a"}

    with pytest.raises(TransientSourceError, match="cannot be read to its end"):
        prices(account(many), tmp_path)


def test_rates_of_savings_plans_are_prices_under_a_contract(peer: FakeAws, tmp_path: Path) -> None:
    """31,536,000 s are 12 months; the rate is of a machine-hour and holds from when it was seen."""
    offering = {
        "offeringId": "o",
        "paymentOption": "No Upfront",
        "planType": "Compute",
        "durationSeconds": 31_536_000,
        "currency": "USD",
    }
    rate = {
        "savingsPlanOffering": offering,
        "rate": "70.5",
        "unit": "Hrs",
        "properties": [{"name": "instanceType", "value": P5}],
    }
    other = rate | {"properties": []}
    handler = paged("searchResults", [rate, other], 1, "nextToken")
    peer.handlers["savingsplans", "DescribeSavingsPlansOfferingRates"] = handler

    (row,) = prices(account(peer), tmp_path)

    assert (row["purchase_model"], row["term_months"], row["amount"]) == ("committed", 12, 70.5)
    assert (row["contract"], row["valid_from"]) == (
        "savings plan Compute, No Upfront",
        day(21, 2),
    )


def test_a_delivery_only_adds(peer: FakeAws, tmp_path: Path) -> None:
    """It has one file whose name tells its content, in the form of a price list."""
    peer.handlers[GET] = products(product())
    source = account(peer)
    first = next(iter(source.announced({})))
    delivery = source.fetch(first, tmp_path, 1)

    (file,) = delivery.files
    assert (delivery.kind, delivery.dialect) == (Kind.PRICES, "canonical-prices")
    assert file.name == f"aws-prices-{file.file_id}.parquet"
    assert (first.period, first.mark) == (None, None)
