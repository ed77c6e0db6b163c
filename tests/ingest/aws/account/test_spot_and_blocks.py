"""Spot prices by zone from one change to the next, and capacity blocks on offer."""

from datetime import timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from ingest.port import RejectedSourceError
from tests.ingest.aws.account.world import (
    HOUR,
    P4,
    P5,
    account,
    change,
    day,
    prices,
)
from tests.peers.aws_model import FakeAws, paged, refusing

HISTORY = ("ec2", "DescribeSpotPriceHistory")
BLOCKS = ("ec2", "DescribeCapacityBlockOfferings")


def test_a_spot_price_holds_until_the_next_change_of_its_zone(
    peer: FakeAws, tmp_path: Path
) -> None:
    """20 from the 19th, 21.5 from the 20th on in one zone; 18 in the other; newest comes first."""
    changes = [
        change("21.500000", day(20)),
        change("18.000000", day(20), "use1-az6"),
        change("20.000000", day(19)),
    ]
    peer.handlers[HISTORY] = paged("SpotPriceHistory", changes, 1)

    rows = prices(account(peer), tmp_path)

    assert [(r["zone"], r["amount"], r["valid_from"], r["valid_to"]) for r in rows] == [
        ("use1-az4", Decimal(20), day(19), day(20)),
        ("use1-az4", Decimal("21.5"), day(20), None),
        ("use1-az6", Decimal(18), day(20), None),
    ]
    assert {(r["purchase_model"], r["currency"]) for r in rows} == {("spot", "USD")}
    assert len(peer.asked("DescribeSpotPriceHistory")) == 3


def test_ninety_days_are_asked_for_at_first(peer: FakeAws, tmp_path: Path) -> None:
    """From 90 days before the full hour up to it; machine types stand in a filter."""
    prices(account(peer), tmp_path)

    (params,) = peer.asked("DescribeSpotPriceHistory")
    begins, ends = (params[name].replace(tzinfo=HOUR.tzinfo) for name in ("StartTime", "EndTime"))
    assert (begins, ends) == (HOUR - timedelta(days=90), HOUR)
    assert params["Filters"] == [
        {"Name": "instance-type", "Values": [P5, P4]},
        {"Name": "product-description", "Values": ["Linux/UNIX"]},
    ]


def test_what_began_outside_of_the_span_is_another_delivery(peer: FakeAws, tmp_path: Path) -> None:
    """AWS also returns the price that held before; and what began after the hour comes later."""
    changes = [
        change("3", HOUR),
        change("2", HOUR - timedelta(hours=1)),
        change("1", HOUR - timedelta(days=91)),
    ]
    peer.handlers[HISTORY] = paged("SpotPriceHistory", changes, 10)

    rows = prices(account(peer), tmp_path)

    assert [row["amount"] for row in rows] == [2]


def test_the_same_change_twice_is_one(peer: FakeAws, tmp_path: Path) -> None:
    """Pages may overlap, and two prices of one moment leave the higher one, in order of text."""
    changes = [change("2", day(20)), change("2", day(20)), change("3", day(20))]
    peer.handlers[HISTORY] = paged("SpotPriceHistory", changes, 10)

    rows = prices(account(peer), tmp_path)

    assert [row["amount"] for row in rows] == [3]


def test_zones_are_told_by_their_ids(peer: FakeAws, tmp_path: Path) -> None:
    """Where AWS says a name only, its id is looked up once; a zone that is gone keeps its name."""
    named, gone = (change("2", day(20)) for _ in range(2))
    gone["AvailabilityZone"] = "us-east-1z"
    for one in (named, gone):
        del one["AvailabilityZoneId"]
    peer.handlers[HISTORY] = paged("SpotPriceHistory", [named, gone], 10)

    rows = prices(account(peer), tmp_path)

    assert [row["zone"] for row in rows] == ["us-east-1z", "use1-az4"]
    assert len(peer.asked("DescribeAvailabilityZones")) == 1


def offering(fee: str, hours: int, machines: int = 1) -> dict[str, object]:
    """Write a block on offer that begins on 23 November."""
    return {
        "CapacityBlockOfferingId": f"cb-{hours}",
        "InstanceType": P5,
        "AvailabilityZone": "us-east-1a",
        "InstanceCount": machines,
        "StartDate": day(23, 11),
        "EndDate": day(23, 11) + timedelta(hours=hours),
        "CapacityBlockDurationHours": hours,
        "UpfrontFee": fee,
        "CurrencyCode": "USD",
    }


def test_the_fee_of_a_block_is_spread_over_machines_and_hours(
    peer: FakeAws, tmp_path: Path
) -> None:
    """764.16 for a machine and a day is 31.84 an hour; 10,698.24 for 2 and a week is 31.84, too."""
    blocks = {24: offering("764.16", 24), 168: offering("10698.24", 168, 2)}
    peer.handlers[BLOCKS] = lambda params: {
        "CapacityBlockOfferings": [blocks[params["CapacityDurationHours"]]]
    }

    rows = prices(account(peer, machine_types=[P5, "g5.xlarge"]), tmp_path)

    assert [(row["amount"], row["contract"], row["valid_to"]) for row in rows] == [
        (Decimal("31.84"), "capacity block of 24 h", day(24, 11)),
        (Decimal("31.84"), "capacity block of 168 h", day(30, 11)),
    ]
    assert {(row["purchase_model"], row["zone"], row["valid_from"]) for row in rows} == {
        ("capacity_block", "use1-az4", day(23, 11))
    }
    assert {one["InstanceType"] for one in peer.asked("DescribeCapacityBlockOfferings")} == {P5}


def test_where_no_blocks_are_sold_there_is_no_price(peer: FakeAws, tmp_path: Path) -> None:
    """AWS refuses types and regions without blocks, which is no fault of ours."""
    peer.handlers[BLOCKS] = refusing("Unsupported", "not in this region")

    assert prices(account(peer), tmp_path) == []


def test_a_missing_permission_for_blocks_is_told(peer: FakeAws, tmp_path: Path) -> None:
    """It names the action."""
    peer.handlers[BLOCKS] = refusing("UnauthorizedOperation", "no", 403)

    with pytest.raises(RejectedSourceError, match=r"\(ec2:DescribeCapacityBlockOfferings\)"):
        prices(account(peer), tmp_path)
