"""What is paid already: Savings Plans, Reserved Instances, reservations and capacity blocks."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from ingest.capacity import (
    CapacityBlockFact,
    CommitmentFact,
    CommitmentKind,
    ReservationFact,
    Scope,
)
from ingest.sources.aws.asking import all_pages, asking
from ingest.sources.aws.rates import amount, currency_of, moment, spread
from ingest.sources.aws.session import AwsClients
from ingest.sources.aws.zones import Zones

_PROVIDER = "aws"
_HOUR_S = 3600
_RESERVED_STATES = ["active", "queued"]
_HELD_STATES = ["active", "scheduled", "pending"]


def savings_plans(clients: AwsClients) -> Iterator[CommitmentFact]:
    """Yield the plans that run or will begin; each is money an hour, wherever it is used.

    Raises:
        SourceError: When AWS cannot be asked, or its answer cannot be read.
    """
    client = clients.client("savingsplans")
    asked = {"states": _RESERVED_STATES}
    with asking("Savings Plans", "savingsplans:DescribeSavingsPlans"):
        for one in all_pages(client, "describe_savings_plans", "savingsPlans", asked, "nextToken"):
            yield _plan(one)


def _plan(one: Mapping[str, Any]) -> CommitmentFact:
    name = one["savingsPlanId"]
    return CommitmentFact(
        id=name,
        provider=_PROVIDER,
        kind=CommitmentKind.SPEND,
        product=f"Savings Plan {one['savingsPlanType']}",
        start=moment(one["start"], f"Savings Plan {name}"),
        end=moment(one["end"], f"Savings Plan {name}"),
        scope=Scope(region=one.get("region") or None, family=one.get("ec2InstanceFamily") or None),
        currency=one["currency"],
        hourly_rate=amount(one["commitment"], f"Savings Plan {name}"),
        payment_option=one.get("paymentOption"),
        state=one.get("state"),
    )


def reserved_machines(
    clients: AwsClients, regions: Sequence[str], machine_types: Collection[str]
) -> Iterator[CommitmentFact]:
    """Yield Reserved Instances of some machine types, with the upfront payment in the rate.

    Raises:
        SourceError: When AWS cannot be asked, or its answer cannot be read.
    """
    zones = Zones(clients)
    for region in regions:
        client = clients.client("ec2", region)
        wanted = [{"Name": "state", "Values": _RESERVED_STATES}]
        with asking(f"Reserved Instances in {region}", "ec2:DescribeReservedInstances"):
            found = client.describe_reserved_instances(Filters=wanted)["ReservedInstances"]
        for one in found:
            if one["InstanceType"] in machine_types:
                yield _reserved(one, region, zones)


def _reserved(one: Mapping[str, Any], region: str, zones: Zones) -> CommitmentFact:
    name = one["ReservedInstancesId"]
    zone = zones.id_of(region, one.get("AvailabilityZone"), one.get("AvailabilityZoneId"))
    return CommitmentFact(
        id=name,
        provider=_PROVIDER,
        kind=CommitmentKind.USAGE,
        product=f"Reserved Instance {one.get('OfferingClass', '')}".strip(),
        start=one["Start"].astimezone(UTC),
        end=one["End"].astimezone(UTC),
        scope=Scope(region=region, zone=zone, machine_type=one["InstanceType"]),
        currency=one.get("CurrencyCode") or currency_of(region),
        hourly_rate=_hourly(one, f"Reserved Instance {name}"),
        machines=one["InstanceCount"],
        payment_option=one.get("OfferingType"),
        state=one.get("State"),
    )


def _hourly(one: Mapping[str, Any], what: str) -> Decimal:
    """Add what one machine costs by the hour and its share of the payment in advance."""
    recurring = [charge["Amount"] for charge in one.get("RecurringCharges", ())]
    hourly = sum((amount(part, what) for part in recurring), amount(one.get("UsagePrice", 0), what))
    return spread(hourly, amount(one.get("FixedPrice", 0), what), one["Duration"] // _HOUR_S)


Held = ReservationFact | CapacityBlockFact


def held_machines(
    clients: AwsClients, regions: Sequence[str], machine_types: Collection[str]
) -> Iterator[Held]:
    """Yield capacity reservations and capacity blocks of some machine types.

    Raises:
        SourceError: When AWS cannot be asked.
    """
    zones = Zones(clients)
    for region in regions:
        client = clients.client("ec2", region)
        asked = {"Filters": [{"Name": "state", "Values": _HELD_STATES}]}
        what = f"capacity reservations in {region}"
        with asking(what, "ec2:DescribeCapacityReservations"):
            operation, key = "describe_capacity_reservations", "CapacityReservations"
            found = list(all_pages(client, operation, key, asked))
        for one in found:
            if one["InstanceType"] in machine_types:
                yield _held(one, region, zones)


def _held(one: Mapping[str, Any], region: str, zones: Zones) -> Held:
    start, end = _term(one)
    zone = zones.id_of(region, one.get("AvailabilityZone"), one.get("AvailabilityZoneId"))
    facts: dict[str, Any] = {
        "id": one["CapacityReservationId"],
        "provider": _PROVIDER,
        "region": region,
        "zone": str(zone),
        "machine_type": one["InstanceType"],
        "machines": one["TotalInstanceCount"],
        "start": start,
        "account": one.get("OwnerId"),
        "state": one.get("State"),
    }
    if one.get("ReservationType") == "capacity-block" and end is not None:
        # AWS tells the fee when a block is offered and on the bill, not here.
        return CapacityBlockFact(**facts, end=end, currency=currency_of(region))
    return ReservationFact(**facts, end=end)


def _term(one: Mapping[str, Any]) -> tuple[datetime, datetime | None]:
    start = (one.get("StartDate") or one["CreateDate"]).astimezone(UTC)
    return start, one["EndDate"].astimezone(UTC) if one.get("EndDate") else None
