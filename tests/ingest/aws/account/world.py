"""An invented AWS account: what its APIs answer, with numbers that a reader can add up."""

import json
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq

from ingest.port import Kind, Marks
from ingest.settings import AwsAccountSettings
from ingest.sources.aws.account import AwsAccount
from ingest.sources.aws.session import AwsClients
from tests.peers.aws_model import ApiError, FakeAws, Handler, Params, paged

P5, P4 = "p5.48xlarge", "p4d.24xlarge"
NOW = datetime(2026, 11, 21, 2, 30, tzinfo=UTC)
HOUR = datetime(2026, 11, 21, 2, tzinfo=UTC)
LIST_ARN = "arn:aws:pricing:::price-list/aws/AmazonEC2/USD/20261115000000/us-east-1"


_SHARED: dict[str, AwsClients] = {}
"""One session for each peer: it keeps the models of the services that it has read."""


def day(number: int, hour: int = 0) -> datetime:
    """A moment in November 2026."""
    return datetime(2026, 11, number, hour, tzinfo=UTC)


def account(
    peer: FakeAws,
    *regions: str,
    machine_types: Sequence[str] = (P5, P4),
    clock: Callable[[], datetime] = lambda: NOW,
) -> AwsAccount:
    """Return the source under test."""
    setting = AwsAccountSettings(
        type="aws-account",
        name="aws-account",
        regions=list(regions or ("us-east-1",)),
        machine_types=list(machine_types),
        endpoint_url=peer.url,
    )
    source = AwsAccount(setting, clock=clock)
    source._clients = _SHARED.setdefault(peer.url, source._clients)
    return source


def prices(source: AwsAccount, folder: Path, known: Marks | None = None) -> list[dict[str, Any]]:
    """Return the rows of a delivery of prices."""
    return delivered(source, folder, Kind.PRICES, known)[0]


def delivered(
    source: AwsAccount, folder: Path, kind: Kind, known: Marks | None = None
) -> tuple[list[dict[str, Any]], str | None]:
    """Return the rows of a delivery, and its mark."""
    (announced,) = (one for one in source.announced(known or {}) if one.kind is kind)
    delivery = source.fetch(announced, folder, 7)
    assert (delivery.source, delivery.version, delivery.complete) == (source.name, 7, False)
    return [
        row for file in delivery.files for row in pq.read_table(file.uri).to_pylist()
    ], delivery.mark


def product(
    machine_type: str = P5,
    region: str = "us-east-1",
    on_demand: Mapping[str, str] | None = None,
    reserved: Sequence[Mapping[str, Any]] = (),
    effective: str = "2026-11-01T00:00:00Z",
) -> str:
    """Write a product as GetProducts does: JSON text with prices by currency."""
    dimension = {"unit": "Hrs", "pricePerUnit": dict(on_demand or {"USD": "98.3200000000"})}
    terms = {"OnDemand": {"S.T": {"effectiveDate": effective, "priceDimensions": {"R": dimension}}}}
    if reserved:
        terms["Reserved"] = {
            f"S.{number}": {"effectiveDate": effective, **term}
            for number, term in enumerate(reserved)
        }
    attributes = {"instanceType": machine_type, "regionCode": region}
    return json.dumps({"product": {"sku": "SKU1", "attributes": attributes}, "terms": terms})


def reserved(
    lease: str, option: str, *, hourly: str | None = None, upfront: str | None = None
) -> dict[str, Any]:
    """Write a reserved term: an hourly rate, a fee for the whole term, or both."""
    parts = {"Hrs": hourly, "Quantity": upfront}
    return {
        "priceDimensions": {
            unit: {"unit": unit, "pricePerUnit": {"USD": price}}
            for unit, price in parts.items()
            if price is not None
        },
        "termAttributes": {
            "LeaseContractLength": lease,
            "OfferingClass": "standard",
            "PurchaseOption": option,
        },
    }


def products(*texts: str) -> Handler:
    """Answer GetProducts: the products that the filters let through."""

    def handler(params: Params) -> Params:
        wanted = {one["Field"]: one["Value"] for one in params["Filters"]}
        found = [json.loads(text)["product"]["attributes"] for text in texts]
        fits = [
            text
            for text, attributes in zip(texts, found, strict=True)
            if attributes["instanceType"] == wanted["instanceType"]
            and attributes["regionCode"] == wanted["regionCode"]
        ]
        return paged("PriceList", fits, 100)(params)

    return handler


def change(price: str, at: datetime, zone: str = "use1-az4", kind: str = P5) -> dict[str, Any]:
    """Write a change of a spot price."""
    return {
        "InstanceType": kind,
        "ProductDescription": "Linux/UNIX",
        "SpotPrice": price,
        "Timestamp": at,
        "AvailabilityZone": "us-east-1a",
        "AvailabilityZoneId": zone,
    }


def nothing() -> dict[tuple[str, str], Handler]:
    """An account in which every list is empty, but for the one published price list."""
    published = {"PriceListArn": LIST_ARN, "RegionCode": "us-east-1", "FileFormats": ["csv"]}
    empty = {
        ("pricing", "GetProducts"): "PriceList",
        ("ec2", "DescribeSpotPriceHistory"): "SpotPriceHistory",
        ("ec2", "DescribeCapacityBlockOfferings"): "CapacityBlockOfferings",
        ("ec2", "GetSpotPlacementScores"): "SpotPlacementScores",
        ("ec2", "DescribeReservedInstances"): "ReservedInstances",
        ("ec2", "DescribeCapacityReservations"): "CapacityReservations",
        ("savingsplans", "DescribeSavingsPlans"): "savingsPlans",
        ("savingsplans", "DescribeSavingsPlansOfferingRates"): "searchResults",
        ("service-quotas", "ListServiceQuotas"): "Quotas",
    }
    handlers = {operation: paged(key, [], 1) for operation, key in empty.items()}
    handlers["pricing", "ListPriceLists"] = paged("PriceLists", [published], 1)
    handlers["ec2", "DescribeAvailabilityZones"] = _zones
    return handlers


def _zones(params: Params) -> Params:
    if params.get("DryRun"):
        raise ApiError("DryRunOperation", "Request would have succeeded", 412)
    region = params["Region"]
    return {"AvailabilityZones": [{"ZoneName": f"{region}a", "ZoneId": "use1-az4"}]}


def money(rows: Sequence[Mapping[str, Any]]) -> list[Decimal]:
    """Return the amounts of rows."""
    return [row["amount"] for row in rows]
