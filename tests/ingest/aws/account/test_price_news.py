"""What of AWS's prices is news, night after night."""

from datetime import datetime, timedelta
from pathlib import Path

from ingest.port import Kind, Marks
from tests.ingest.aws.account.world import (
    HOUR,
    LIST_ARN,
    P4,
    P5,
    account,
    change,
    day,
    delivered,
    product,
    products,
)
from tests.peers.aws_model import FakeAws, paged

GET = ("pricing", "GetProducts")
LATER = HOUR + timedelta(days=1)


def publish(peer: FakeAws, version: str) -> None:
    """Publish a new list of prices."""
    found = {"PriceListArn": LIST_ARN.replace("20261115", version), "FileFormats": ["csv"]}
    peer.handlers["pricing", "ListPriceLists"] = paged("PriceLists", [found], 1)


def first_load(peer: FakeAws, folder: Path) -> Marks:
    """Load a price of 98.32 and a spot price of the 19th; return what the lake keeps."""
    peer.handlers[GET] = products(product(P5))
    peer.handlers["ec2", "DescribeSpotPriceHistory"] = paged(
        "SpotPriceHistory", [change("21", LATER - timedelta(hours=3)), change("20", day(19))], 10
    )
    rows, mark = delivered(account(peer), folder, Kind.PRICES)
    assert [row["amount"] for row in rows][1:] == [20]
    assert mark is not None
    return {(Kind.PRICES, "2026-10"): "of another source", (Kind.PRICES, "2026-11"): mark}


def load(peer: FakeAws, folder: Path, known: Marks, at: datetime = LATER) -> list[object]:
    """Load again, a day later; return the amounts and since when they hold."""
    source = account(peer, clock=lambda: at)
    rows, mark = delivered(source, folder, Kind.PRICES, known)
    assert mark is not None
    assert mark.endswith("until=2026-11-22T02:00:00Z")
    return [(float(row["amount"]), row["valid_from"]) for row in rows]


def test_within_the_hour_nothing_is_new(peer: FakeAws, tmp_path: Path) -> None:
    """At half past two prices up to two are there already; scores are looked at every time."""
    known = first_load(peer, tmp_path)

    again = [one.kind for one in account(peer).announced(known)]
    of_others = [one.kind for one in account(peer, machine_types=[P4]).announced(known)]

    assert again == [Kind.AVAILABILITY]
    assert of_others == [Kind.PRICES, Kind.AVAILABILITY]


def test_the_next_night_brings_spot_changes_only(peer: FakeAws, tmp_path: Path) -> None:
    """The published list is the same, so no list price is asked for; 21 began at 23 o'clock."""
    known = first_load(peer, tmp_path)
    asked = len(peer.asked("GetProducts"))

    rows = load(peer, tmp_path, known)

    assert rows == [(21.0, day(21, 23))]
    assert len(peer.asked("GetProducts")) == asked
    span = peer.asked("DescribeSpotPriceHistory")[-1]["StartTime"]
    assert span == HOUR.replace(tzinfo=None)


def test_a_new_list_with_the_old_prices_is_no_news(peer: FakeAws, tmp_path: Path) -> None:
    """AWS publishes often; P5 still costs 98.32, so there is nothing to add."""
    known = first_load(peer, tmp_path)
    publish(peer, "20261121")

    assert load(peer, tmp_path, known) == [(21.0, day(21, 23))]


def test_a_changed_price_counts_from_when_it_was_seen(peer: FakeAws, tmp_path: Path) -> None:
    """The list says since the 1st, but the lake held 98.32 until the 21st: 60 counts from there."""
    known = first_load(peer, tmp_path)
    publish(peer, "20261121")
    peer.handlers[GET] = products(product(P5, on_demand={"USD": "60"}))

    assert load(peer, tmp_path, known) == [(60.0, HOUR), (21.0, day(21, 23))]
