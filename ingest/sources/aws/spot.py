"""Spot prices: AWS keeps the moments at which they changed, by zone, for 90 days."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from itertools import groupby, pairwise
from typing import Any

from ingest.sources.aws.asking import all_pages, asking, portions
from ingest.sources.aws.rates import amount, currency_of
from ingest.sources.aws.session import AwsClients
from ingest.sources.aws.spooled import PriceRow
from ingest.sources.aws.zones import Zones

KEPT = timedelta(days=90)
"""How long AWS keeps the history."""

_VALUES_OF_A_FILTER = 200
_PAGE = 1000

Change = tuple[str, str, datetime, str]
"""Machine type, zone, moment and price."""


def spot_prices(
    clients: AwsClients,
    regions: Sequence[str],
    machine_types: Sequence[str],
    since: datetime,
    until: datetime,
) -> Iterator[PriceRow]:
    """Yield the prices that began in ``[since, until)``; the last of a zone holds until further.

    Raises:
        SourceError: When AWS cannot be asked, or its answer cannot be read.
    """
    for region in regions:
        found = set(_changes(clients, region, machine_types, (since, until)))
        begun = sorted(change for change in found if since <= change[2] < until)
        for _, changes in groupby(begun, key=lambda change: change[:2]):
            yield from _rows(region, list(changes))


def _changes(
    clients: AwsClients, region: str, machine_types: Sequence[str], span: tuple[datetime, datetime]
) -> Iterator[Change]:
    zones = Zones(clients)
    client = clients.client("ec2", region)
    for types in portions(machine_types, _VALUES_OF_A_FILTER):
        # A filter lets through machine types that the region does not know; naming them does not.
        wanted = {"instance-type": types, "product-description": ["Linux/UNIX"]}
        asked = {
            "StartTime": span[0],
            "EndTime": span[1],
            "Filters": [{"Name": name, "Values": values} for name, values in wanted.items()],
            "MaxResults": _PAGE,
        }
        operation, key = "describe_spot_price_history", "SpotPriceHistory"
        with asking(f"spot prices in {region}", "ec2:DescribeSpotPriceHistory"):
            for one in all_pages(client, operation, key, asked):
                yield _change(one, region, zones)


def _change(one: Mapping[str, Any], region: str, zones: Zones) -> Change:
    zone = zones.id_of(region, one.get("AvailabilityZone"), one.get("AvailabilityZoneId"))
    return one["InstanceType"], str(zone), one["Timestamp"].astimezone(UTC), one["SpotPrice"]


def _rows(region: str, changes: Sequence[Change]) -> Iterator[PriceRow]:
    """Turn the changes of one machine type in one zone into spans."""
    ends = [after[2] for _, after in pairwise(changes)]
    for (machine_type, zone, begins, price), end in zip(changes, [*ends, None], strict=True):
        if begins == end:
            continue
        yield PriceRow(
            region=region,
            machine_type=machine_type,
            purchase_model="spot",
            amount=amount(price, f"spot price of {machine_type} in {zone}"),
            currency=currency_of(region),
            valid_from=begins,
            valid_to=end,
            zone=zone,
        )
