"""Retail prices, over TLS: units, terms and products of known machines."""

from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from ingest.machines import machine_types
from ingest.port import Kind, RejectedSourceError, Source, TransientSourceError
from ingest.settings import AzureAccountSettings
from ingest.sources.azure import azure_source
from ingest.sources.azure.account import AzureAccount
from tests.ingest.azure.conftest import NOW
from tests.ingest.source_contract import SourceContract
from tests.peers.azure import Answer, FakeAzure

PRICES = "/api/retail/prices"
H100 = "Standard_ND96isr_H100_v5"


def item(**other: Any) -> dict[str, Any]:  # noqa: ANN401 - whatever JSON an item has
    """The H100 machine in East US by the hour, as Azure lists it."""
    return {
        "currencyCode": "USD",
        "tierMinimumUnits": 0.0,
        "retailPrice": 98.32,
        "unitPrice": 98.32,
        "armRegionName": "eastus",
        "effectiveStartDate": "2023-08-01T00:00:00Z",
        "meterId": "m-1",
        "meterName": "ND96isr H100 v5",
        "productName": "Virtual Machines NDsr H100 v5 Series",
        "skuName": "ND96isr H100 v5",
        "serviceName": "Virtual Machines",
        "unitOfMeasure": "1 Hour",
        "type": "Consumption",
        "armSkuName": H100,
        **other,
    }


def serve(peer: FakeAzure, *pages: list[dict[str, Any]]) -> None:
    """Have the list answer these pages."""
    peer.lists[PRICES] = [Answer(body={"Items": page, "Count": len(page)}) for page in pages]


def rows(source: AzureAccount, folder: Path) -> list[dict[str, Any]]:
    """The rows of the file that is delivered."""
    [announced] = source.announced({})
    [file] = source.fetch(announced, folder, 7).files
    found: list[dict[str, Any]] = pq.read_table(file.uri).to_pylist()
    return found


def by_offer(found: list[dict[str, Any]]) -> dict[tuple[str, int | None], Decimal]:
    """The amounts by purchase model and term."""
    return {(row["purchase_model"], row["term_months"]): row["amount"] for row in found}


class TestAzureAccount(SourceContract):
    @pytest.fixture
    def source(self, peer: FakeAzure, account: AzureAccount) -> Source:
        """One price, and no contracts."""
        serve(peer, [item()])
        peer.lists["/providers/"] = [Answer(body={"value": []})]
        return account


def test_a_price_is_of_one_machine_and_hour(
    peer: FakeAzure, account: AzureAccount, tmp_path: Path
) -> None:
    """98.32 USD is for the machine with its 8 accelerators: 12.29 each, which is not divided."""
    serve(peer, [item()])

    [row] = rows(account, tmp_path)

    assert (row["provider"], row["region"], row["machine_type"]) == ("azure", "eastus", H100)
    assert (row["purchase_model"], row["term_months"]) == ("on_demand", None)
    assert (row["amount"], row["unit"], row["currency"]) == (
        Decimal("98.32"),
        "machine-hour",
        "USD",
    )
    assert machine_types()["azure", H100].accelerator_count == 8


def test_the_question_names_region_types_and_currency(
    peer: FakeAzure, account: AzureAccount, tmp_path: Path
) -> None:
    """Values are compared with upper and lower case, so they are asked for as they are."""
    serve(peer, [item()])

    rows(account, tmp_path)

    [asked] = peer.asked(PRICES)
    assert asked.query == {
        "api-version": "2023-01-01-preview",
        "currencyCode": "USD",
        "meterRegion": "'primary'",
        "$filter": "serviceName eq 'Virtual Machines' and armRegionName eq 'eastus' "
        f"and (armSkuName eq '{H100}')",
    }


def test_a_reservation_costs_its_price_by_the_hours_of_its_term(
    peer: FakeAzure, account: AzureAccount, tmp_path: Path
) -> None:
    """525,600 USD for 8,760 hours are 60 an hour; 1,051,200 for 26,280 are 40; the unit lies."""
    one = item(type="Reservation", reservationTerm="1 Year", retailPrice=525600.0)
    three = item(type="Reservation", reservationTerm="3 Years", retailPrice=1051200.0)
    serve(peer, [one, three])

    found = [
        (row["purchase_model"], row["term_months"], row["amount"])
        for row in rows(account, tmp_path)
    ]

    assert found == [("committed", 12, 60), ("committed", 36, 40)]


def test_a_term_price_that_does_not_divide_is_rounded_once(
    peer: FakeAzure, account: AzureAccount, tmp_path: Path
) -> None:
    """100 USD for 8,760 hours are 0.011415525114155... an hour, cut at the twelfth decimal."""
    serve(peer, [item(type="Reservation", reservationTerm="1 Year", retailPrice=100)])

    assert rows(account, tmp_path)[0]["amount"] == Decimal("0.011415525114")


def test_a_savings_plan_is_a_committed_price_where_no_reservation_is_sold(
    peer: FakeAzure, account: AzureAccount, tmp_path: Path
) -> None:
    """For one year there is a reservation at 60; for three only the plan at 54.5."""
    plans = [{"retailPrice": 70, "term": "1 Year"}, {"unitPrice": 54.5, "term": "3 Years"}]
    reserved = item(type="Reservation", reservationTerm="1 Year", retailPrice=525600)
    serve(peer, [item(savingsPlan=plans), reserved])

    found = {
        (row["purchase_model"], row["term_months"]): row["amount"]
        for row in rows(account, tmp_path)
    }

    assert found == {
        ("on_demand", None): Decimal("98.32"),
        ("committed", 12): 60,
        ("committed", 36): Decimal("54.5"),
    }


def test_spot_is_told_by_its_name(peer: FakeAzure, account: AzureAccount, tmp_path: Path) -> None:
    """The SKU is called "... Spot"; or its meter is."""
    serve(peer, [item(skuName="ND96isr H100 v5 Spot", retailPrice=39.3)])

    assert [(row["purchase_model"], row["amount"]) for row in rows(account, tmp_path)] == [
        ("spot", Decimal("39.3"))
    ]


@pytest.mark.parametrize(
    "other",
    [
        {"productName": "Virtual Machines NDsr H100 v5 Series Windows"},
        {"skuName": "ND96isr H100 v5 Low Priority"},
        {"type": "DevTestConsumption"},
        {"productName": "NDsr H100 v5 Series CloudServices"},
        {"tierMinimumUnits": 100.0},
    ],
)
def test_other_products_of_the_same_machine_are_left_out(
    peer: FakeAzure, account: AzureAccount, tmp_path: Path, other: dict[str, Any]
) -> None:
    """Windows, low priority, development and tests, cloud services, and what is cheaper in bulk."""
    serve(peer, [item(), item(**other, retailPrice=1)])

    assert [row["amount"] for row in rows(account, tmp_path)] == [Decimal("98.32")]


def test_a_price_of_a_hundred_hours_is_divided_and_an_unknown_unit_stands(
    peer: FakeAzure, account: AzureAccount, tmp_path: Path
) -> None:
    """9,832 for "100 Hours" are 98.32; "1/Month" stays, so that the load sets it aside."""
    hundred = item(unitOfMeasure="100 Hours", retailPrice=9832)
    month = item(unitOfMeasure="1/Month", retailPrice=5, skuName="ND96isr Spot")
    serve(peer, [hundred, month])

    found = {row["unit"]: row["amount"] for row in rows(account, tmp_path)}

    assert found == {"machine-hour": Decimal("98.32"), "1/Month": 5}


def test_all_pages_are_read_and_the_same_price_counts_once(
    peer: FakeAzure, account: AzureAccount, tmp_path: Path
) -> None:
    """The second page begins with the last item of the first; in euros it would be another."""
    dearer = item(effectiveStartDate="2026-11-01T00:00:00", retailPrice=99.000000000001)
    serve(peer, [item()], [item(), dearer])

    found = rows(account, tmp_path)

    assert [row["amount"] for row in found] == [Decimal("98.32"), Decimal("99.000000000001")]
    assert [f"{row['valid_from']:%Y-%m-%d}" for row in found] == ["2023-08-01", "2026-11-01"]


def test_prices_add_to_what_is_there(
    peer: FakeAzure, account: AzureAccount, tmp_path: Path
) -> None:
    """The list tells today's prices only; those of before must stay."""
    serve(peer, [item()])

    delivery = account.fetch(account.announced({})[0], tmp_path, 7)

    assert (delivery.kind, delivery.complete, delivery.dialect) == (
        Kind.PRICES,
        False,
        "canonical-prices",
    )


def test_every_machine_of_the_reference_is_asked_for(
    peer: FakeAzure, accounting: AzureAccountSettings, tmp_path: Path
) -> None:
    """Ten at a time in each of two regions."""
    serve(peer, [item()])
    both = accounting.model_copy(update={"machine_types": [], "regions": ["eastus", "westeurope"]})
    known = [name for provider, name in machine_types() if provider == "azure"]

    rows(AzureAccount(both, clock=lambda: NOW), tmp_path)

    assert len(peer.asked(PRICES)) == 2 * -(-len(known) // 10)


def test_a_busy_list_is_asked_again(peer: FakeAzure, account: AzureAccount, tmp_path: Path) -> None:
    """429 with Retry-After 0 comes once, then the price."""
    serve(peer, [item()])
    peer.scripted.append((PRICES, Answer(429, b"", {"Retry-After": "0"})))

    assert len(rows(account, tmp_path)) == 1


def test_a_list_that_stays_busy_is_told(
    peer: FakeAzure, account: AzureAccount, tmp_path: Path
) -> None:
    """Six answers of 503, and no more."""
    peer.scripted += [(PRICES, Answer(503, b"", {"Retry-After": "0"}))] * 6

    with pytest.raises(TransientSourceError, match=r"is busy \(status 503\); try again later"):
        rows(account, tmp_path)


@pytest.mark.parametrize(
    ("answer", "told"),
    [
        (Answer(400, b"Invalid OData parameters"), "refuses it .status 400: Invalid OData"),
        (Answer(200, b"<html>"), "the answer is no JSON"),
        (Answer(body={"Items": []}), "Azure sells none of Standard_ND96isr_H100_v5"),
        (Answer(body={"Items": [item(retailPrice=-1)]}), "-1 is no price"),
        (Answer(body={"Items": [item(retailPrice="free")]}), "'free' is no price"),
        (Answer(body={"Items": [item(effectiveStartDate="soon")]}), "'soon' is no time"),
        (
            Answer(body={"Items": [item(type="Reservation", reservationTerm="ever")]}),
            "'ever' is no term",
        ),
    ],
)
def test_what_cannot_be_read_is_refused(
    peer: FakeAzure, account: AzureAccount, tmp_path: Path, answer: Answer, told: str
) -> None:
    """The sentence names the meter, or what to look at."""
    peer.lists[PRICES] = [answer]

    with pytest.raises(RejectedSourceError, match=told):
        rows(account, tmp_path)


def test_a_list_without_an_end_is_given_up(
    peer: FakeAzure, account: AzureAccount, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A page that names itself as the next would be read for ever; two pages are enough here."""
    monkeypatch.setattr("ingest.sources.azure.retail._MOST_PAGES", 2)
    link = {"NextPageLink": f"{peer.url}{PRICES}"}
    peer.lists[PRICES] = [Answer(body={"Items": [item()], **link})]

    with pytest.raises(RejectedSourceError, match="the list does not end"):
        rows(account, tmp_path)


def test_a_list_that_nobody_serves_or_trusts_is_told(
    accounting: AzureAccountSettings, peer: FakeAzure, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing listens at port 1; without ca_file the certificate is nobody's."""
    monkeypatch.setattr("ingest.sources.azure.retail.RETRIES", 1)
    del peer
    nobody = {"prices_url": "https://localhost:1", "scope": None}

    [away] = azure_source(accounting.model_copy(update=nobody), clock=lambda: NOW).check()
    [stranger] = azure_source(
        accounting.model_copy(update={"ca_file": None, "scope": None}), clock=lambda: NOW
    ).check()

    assert "cannot be reached; try again later" in away.advice
    assert "the certificate is not trusted; set ca_file" in stranger.advice
