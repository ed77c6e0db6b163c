"""On-demand and reserved prices from the Pricing API, machine type by machine type."""

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from ingest.sources.aws.asking import all_pages, asking
from ingest.sources.aws.bulk_prices import bulk_offers
from ingest.sources.aws.offers import Offer, offers_of, price_of
from ingest.sources.aws.rates import currency_of
from ingest.sources.aws.session import AwsClients
from ingest.sources.aws.spooled import PriceRow

SERVICE = "AmazonEC2"
PLAIN = {
    "operatingSystem": "Linux",
    "tenancy": "Shared",
    "preInstalledSw": "NA",
    "capacitystatus": "Used",
}
"""What a bare Linux machine is called: without these filters one type has dozens of prices."""

ASKED_ONE_BY_ONE = 150
"""Up to so many machine types the API is asked; above, a region's file of all offers is read."""


@dataclass(frozen=True, slots=True)
class PriceList:
    """A region's published list; its ARN has the moment of publication and so names the content."""

    region: str
    arn: str
    formats: tuple[str, ...]


def pricing_home(region: str) -> str:
    """Return a region that answers about prices; few do."""
    return "cn-northwest-1" if region.startswith("cn-") else "us-east-1"


def published_lists(
    clients: AwsClients, regions: Sequence[str], at: datetime
) -> tuple[PriceList, ...]:
    """Return the list that holds in each region at a moment.

    Raises:
        SourceError: When AWS cannot be asked.
    """
    return tuple(one for region in regions for one in _published(clients, region, at))


def _published(clients: AwsClients, region: str, at: datetime) -> Iterator[PriceList]:
    client = clients.client("pricing", pricing_home(region))
    asked = {
        "ServiceCode": SERVICE,
        "EffectiveDate": at,
        "CurrencyCode": currency_of(region),
        "RegionCode": region,
    }
    with asking(f"the price list of {region}", "pricing:ListPriceLists"):
        for one in all_pages(client, "list_price_lists", "PriceLists", asked):
            yield PriceList(region, one["PriceListArn"], tuple(one.get("FileFormats", ())))


def list_prices(
    clients: AwsClients,
    lists: Iterable[PriceList],
    machine_types: Sequence[str],
    since: datetime | None,
) -> Iterator[PriceRow]:
    """Yield on-demand and reserved prices of each region's list.

    Raises:
        SourceError: When AWS cannot be asked, or its answer cannot be read.
    """
    for one in lists:
        client = clients.client("pricing", pricing_home(one.region))
        if len(machine_types) > ASKED_ONE_BY_ONE:
            offers = bulk_offers(client, one.arn, one.region, frozenset(machine_types))
        else:
            offers = _asked_offers(client, one.region, machine_types)
        for offer in offers:
            row = price_of(offer, currency_of(one.region), since)
            if row is not None:
                yield row


def _asked_offers(client: object, region: str, machine_types: Sequence[str]) -> Iterator[Offer]:
    for machine_type in machine_types:
        wanted = {**PLAIN, "regionCode": region, "instanceType": machine_type}
        filters = [
            {"Type": "TERM_MATCH", "Field": name, "Value": value} for name, value in wanted.items()
        ]
        asked = {"ServiceCode": SERVICE, "FormatVersion": "aws_v1", "Filters": filters}
        with asking(f"prices of {machine_type} in {region}", "pricing:GetProducts"):
            for text in all_pages(client, "get_products", "PriceList", asked):
                yield from offers_of(text)


def digest(texts: Iterable[str]) -> str:
    """Return a short name of what was said, in whatever order."""
    return hashlib.sha256("\n".join(sorted(texts)).encode()).hexdigest()[:12]
