"""Capacity blocks that could be bought now: machines for a stretch of time, paid in advance."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from botocore.exceptions import ClientError

from ingest.sources.aws.asking import all_pages, asking
from ingest.sources.aws.errors import code_of
from ingest.sources.aws.rates import amount, spread
from ingest.sources.aws.session import AwsClients
from ingest.sources.aws.spooled import PriceRow
from ingest.sources.aws.zones import Zones

_SOLD_FAMILIES = ("p4", "p5", "p6", "trn")
_DURATIONS_HOURS = (24, 168)
_NOT_SOLD = frozenset(
    {
        "InvalidInstanceType",
        "InvalidParameterValue",
        "InvalidParameterCombination",
        "Unsupported",
        "UnsupportedOperation",
    }
)


def block_prices(
    clients: AwsClients, regions: Sequence[str], machine_types: Sequence[str], at: datetime
) -> Iterator[PriceRow]:
    """Yield what a machine-hour costs in blocks of one machine for a day and for a week.

    A price is valid in the block's own window. Where blocks of a type are not sold, there is none.

    Raises:
        SourceError: When AWS cannot be asked, or its answer cannot be read.
    """
    zones = Zones(clients)
    sold = [one for one in machine_types if one.startswith(_SOLD_FAMILIES)]
    for region in regions:
        client = clients.client("ec2", region)
        for machine_type in sold:
            for hours in _DURATIONS_HOURS:
                for offering in _offerings(client, region, machine_type, hours, at):
                    yield _row(offering, region, zones)


def _offerings(
    client: object, region: str, machine_type: str, hours: int, at: datetime
) -> list[Mapping[str, Any]]:
    asked = {
        "InstanceType": machine_type,
        "InstanceCount": 1,
        "CapacityDurationHours": hours,
        "StartDateRange": at,
    }
    what = f"capacity blocks of {machine_type} in {region}"
    with asking(what, "ec2:DescribeCapacityBlockOfferings"):
        try:
            operation = "describe_capacity_block_offerings"
            return list(all_pages(client, operation, "CapacityBlockOfferings", asked))
        except ClientError as problem:
            if code_of(problem) in _NOT_SOLD:
                return []
            raise


def _row(offering: Mapping[str, Any], region: str, zones: Zones) -> PriceRow:
    hours, machines = offering["CapacityBlockDurationHours"], offering["InstanceCount"]
    machine_type = offering["InstanceType"]
    fee = amount(offering["UpfrontFee"], f"capacity block of {machine_type} in {region}")
    return PriceRow(
        region=region,
        machine_type=machine_type,
        purchase_model="capacity_block",
        amount=spread(amount(0, "nothing"), fee, hours, machines),
        currency=offering["CurrencyCode"],
        valid_from=offering["StartDate"].astimezone(UTC),
        valid_to=offering["EndDate"].astimezone(UTC),
        zone=zones.id_of(region, offering.get("AvailabilityZone")),
        contract=f"capacity block of {hours} h",
    )
