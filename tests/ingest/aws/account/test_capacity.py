"""What an AWS account may use and has paid for."""

from decimal import Decimal
from typing import Any

import pytest

from ingest.capacity import (
    CapacityBlockFact,
    CapacitySource,
    CommitmentFact,
    CommitmentKind,
    Market,
    QuotaFact,
    QuotaUnit,
    ReservationFact,
    Scope,
)
from ingest.port import RejectedSourceError
from ingest.sources.aws.quotas import families_in
from tests.ingest.aws.account.world import P4, P5, account, day
from tests.peers.aws_model import FakeAws, paged, refusing


def quota(name: str, value: float | None, code: str = "L-1") -> dict[str, Any]:
    """Write a quota of EC2."""
    said = {} if value is None else {"Value": value}
    return {"QuotaName": name, "QuotaCode": code, **said}


def test_quotas_count_vcpus_of_families(peer: FakeAws) -> None:
    """On demand all P together, on spot P5 apart; without accelerators or a value: left out."""
    found = [
        quota("Running On-Demand P instances", 384.0, "L-417A185B"),
        quota("All P4, P3 and P2 Spot Instance Requests", 96.0, "L-7212CCBC"),
        quota("All P5 Spot Instance Requests", 0.0, "L-C4BD4855"),
        quota("Running On-Demand Standard (A, C, D, H, I, M, R, T, Z) instances", 640.0),
        quota("Running On-Demand G and VT instances", None),
        quota("Running On-Demand F instances", 8.0),
        quota("EC2-VPC Elastic IPs", 5.0),
    ]
    peer.handlers["service-quotas", "ListServiceQuotas"] = paged("Quotas", found, 2)

    facts = account(peer).capacity()

    assert [(one.market, one.families, one.limit) for one in facts.quotas] == [
        (Market.ON_DEMAND, ("p",), 384),
        (Market.SPOT, ("p4", "p3", "p2"), 96),
        (Market.SPOT, ("p5",), 0),
    ]
    first = facts.quotas[0]
    assert (first.id, first.region, first.unit) == ("L-417A185B", "us-east-1", QuotaUnit.VCPU)
    assert len(peer.asked("ListServiceQuotas")) == 4


def test_families_stand_in_words() -> None:
    """What AWS calls them, as prefixes of machine types."""
    assert families_in("P4, P3 and P2") == ["p4", "p3", "p2"]
    assert families_in("G and VT") == ["g", "vt"]
    assert families_in("High Memory") == []


def test_a_savings_plan_is_money_an_hour(peer: FakeAws) -> None:
    """12.5 USD an hour, of the p5 family in one region or of everything."""
    plan = {
        "savingsPlanId": "sp-1",
        "savingsPlanType": "EC2Instance",
        "start": "2026-01-01T00:00:00.000Z",
        "end": "2027-01-01T00:00:00.000Z",
        "state": "active",
        "region": "us-east-1",
        "ec2InstanceFamily": "p5",
        "currency": "USD",
        "commitment": "12.50000000",
        "paymentOption": "No Upfront",
    }
    wide = {**plan, "savingsPlanId": "sp-2", "region": "", "savingsPlanType": "Compute"}
    del wide["ec2InstanceFamily"]
    peer.handlers["savingsplans", "DescribeSavingsPlans"] = paged(
        "savingsPlans", [plan, wide], 1, "nextToken"
    )

    narrow, broad = account(peer).capacity().commitments

    assert narrow == CommitmentFact(
        id="sp-1",
        provider="aws",
        kind=CommitmentKind.SPEND,
        product="Savings Plan EC2Instance",
        start=day(1).replace(month=1),
        end=day(1).replace(year=2027, month=1),
        scope=Scope(region="us-east-1", family="p5"),
        currency="USD",
        hourly_rate=Decimal("12.5"),
        payment_option="No Upfront",
        state="active",
    )
    assert (broad.id, broad.scope) == ("sp-2", Scope())


def test_reserved_instances_cost_their_hour_and_a_share_of_the_fee(peer: FakeAws) -> None:
    """43,800 upfront for 8,760 h is 5, and 2.5 hourly: 7.5 each, for 4 machines in a zone."""
    held = {
        "ReservedInstancesId": "ri-1",
        "InstanceType": P4,
        "InstanceCount": 4,
        "AvailabilityZone": "us-east-1a",
        "Start": day(1),
        "End": day(1).replace(year=2027),
        "Duration": 31_536_000,
        "FixedPrice": 43800.0,
        "UsagePrice": 0.0,
        "RecurringCharges": [{"Amount": 2.5, "Frequency": "Hourly"}],
        "CurrencyCode": "USD",
        "OfferingClass": "standard",
        "OfferingType": "Partial Upfront",
        "State": "active",
    }
    other = {**held, "ReservedInstancesId": "ri-2", "InstanceType": "m5.large"}
    peer.handlers["ec2", "DescribeReservedInstances"] = paged("ReservedInstances", [held, other], 9)

    (found,) = account(peer).capacity().commitments

    assert (found.kind, found.machines, found.hourly_rate) == (
        CommitmentKind.USAGE,
        4,
        Decimal("7.5"),
    )
    assert found.scope == Scope(region="us-east-1", zone="use1-az4", machine_type=P4)
    assert (found.product, found.payment_option) == (
        "Reserved Instance standard",
        "Partial Upfront",
    )


def reservation(name: str, **changes: object) -> dict[str, Any]:
    """Write a capacity reservation of two P5."""
    return {
        "CapacityReservationId": name,
        "OwnerId": "123456789012",
        "InstanceType": P5,
        "AvailabilityZone": "us-east-1a",
        "AvailabilityZoneId": "use1-az4",
        "TotalInstanceCount": 2,
        "CreateDate": day(1),
        "State": "active",
        **changes,
    }


def test_reservations_and_blocks_come_from_one_list(peer: FakeAws) -> None:
    """One is open to its end, one is a block of a week whose fee AWS does not say."""
    block = {"ReservationType": "capacity-block", "StartDate": day(3), "EndDate": day(10)}
    held = [
        reservation("cr-1"),
        reservation("cr-2", EndDate=day(30)),
        reservation("cr-3", **block),
        reservation("cr-4", InstanceType="m5.large"),
    ]
    peer.handlers["ec2", "DescribeCapacityReservations"] = paged("CapacityReservations", held, 3)

    facts = account(peer).capacity()

    assert [(one.id, one.machines, one.start, one.end) for one in facts.reservations] == [
        ("cr-1", 2, day(1), None),
        ("cr-2", 2, day(1), day(30)),
    ]
    (found,) = facts.capacity_blocks
    assert (found.id, found.zone, found.start, found.end) == ("cr-3", "use1-az4", day(3), day(10))
    assert found.price_upfront is None
    assert "does not say what a capacity block cost" in facts.notes[0]


def test_an_account_without_anything_has_nothing(peer: FakeAws) -> None:
    """Empty lists are an answer, and the source says that it knows about capacity."""
    source = account(peer)

    facts = source.capacity()

    assert isinstance(source, CapacitySource)
    assert (facts.quotas, facts.commitments, facts.reservations) == ((), (), ())
    assert (facts.capacity_blocks, facts.notes) == ((), ())


@pytest.mark.parametrize(
    ("operation", "action"),
    [
        (("service-quotas", "ListServiceQuotas"), "servicequotas:ListServiceQuotas"),
        (("savingsplans", "DescribeSavingsPlans"), "savingsplans:DescribeSavingsPlans"),
        (("ec2", "DescribeReservedInstances"), "ec2:DescribeReservedInstances"),
        (("ec2", "DescribeCapacityReservations"), "ec2:DescribeCapacityReservations"),
    ],
)
def test_a_missing_permission_is_told_with_its_action(
    peer: FakeAws, operation: tuple[str, str], action: str
) -> None:
    """Half a capacity would be taken for the whole, so nothing is returned."""
    peer.handlers[operation] = refusing("AccessDeniedException", "not authorized", 403)

    with pytest.raises(RejectedSourceError) as caught:
        account(peer).capacity()

    assert f"({action}): AWS refuses it" in str(caught.value)


TERM: dict[str, Any] = {"start": day(2), "end": day(2)}
PLACE: dict[str, Any] = {
    "provider": "aws",
    "region": "r",
    "zone": "z",
    "machine_type": P5,
    "machines": 1,
}


def test_facts_that_cannot_be_are_refused() -> None:
    """A quota has one subject and no negative limit; a term does not end where it begins."""
    common = (Market.SPOT, QuotaUnit.VCPU)
    with pytest.raises(ValueError, match="quota q: needs machine_type or families"):
        QuotaFact("q", "", "aws", "r", *common, 1)
    with pytest.raises(ValueError, match="quota q: limit -1 is negative"):
        QuotaFact("q", "", "aws", "r", *common, -1, machine_type=P5)
    with pytest.raises(ValueError, match="r-1: its end"):
        ReservationFact(id="r-1", **PLACE, **TERM)
    with pytest.raises(ValueError, match="b-1: its end"):
        CapacityBlockFact(id="b-1", **PLACE, **TERM, currency="USD")
    with pytest.raises(ValueError, match="commitment c: machines belong to kind usage"):
        CommitmentFact("c", "aws", CommitmentKind.USAGE, "", day(1), day(2), Scope(), "USD")
