"""An AWS account loaded into the lake, night after night."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from service.bootstrap import Wiring
from service.domain.exchange import Exchange
from service.usecases.current_prices import current_prices
from service.usecases.load_source import Loaded, load_source
from tests.ingest.aws.account.world import P5, account, change, day, nothing, product, products
from tests.peers.aws_model import FakeAws, fake_aws, paged
from tests.peers.moto import ENVIRONMENT


def load(peer: FakeAws, wiring: Wiring, folder: Path, at: datetime) -> list[Loaded]:
    """Load what the account has at a moment."""

    def clock() -> datetime:
        return at

    return load_source(
        account(peer, machine_types=[P5], clock=clock),
        lake=wiring.lake,
        engine=wiring.engine,
        store=wiring.store,
        new_id=wiring.new_id,
        clock=clock,
        temp_folder=folder / "temp",
    )


def prices(wiring: Wiring, at: datetime) -> list[tuple[str, int]]:
    """What can be bought at a moment, in whole USD."""
    found = current_prices(at, Exchange("USD", {}), lake=wiring.lake, engine=wiring.engine)
    return sorted((one.market, one.hour_micros // 10**6) for one in found.prices)


def test_prices_grow_by_what_is_new(
    wiring: Wiring, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """98 on demand from the 1st; spot 20, from the 21st at 23 o'clock 21; each row comes once."""
    for name, value in ENVIRONMENT.items():
        monkeypatch.setenv(name, value)
    night = datetime(2026, 11, 21, 2, 30, tzinfo=UTC)
    with fake_aws(nothing()) as peer:
        peer.handlers["pricing", "GetProducts"] = products(product(P5))
        changes: list[dict[str, Any]] = [change("21", day(21, 23)), change("20", day(19))]
        peer.handlers["ec2", "DescribeSpotPriceHistory"] = paged("SpotPriceHistory", changes, 9)
        score = {"Region": "us-east-1", "AvailabilityZoneId": "use1-az4", "Score": 7}
        peer.handlers["ec2", "GetSpotPlacementScores"] = paged("SpotPlacementScores", [score], 9)

        first = load(peer, wiring, tmp_path, night)
        within_the_hour = load(peer, wiring, tmp_path, night + timedelta(minutes=10))
        next_night = load(peer, wiring, tmp_path, night + timedelta(days=1))
        no_news = load(peer, wiring, tmp_path, night + timedelta(days=1, hours=1))

    def told(loads: list[Loaded]) -> list[tuple[str, str, int]]:
        return [(one.kind, one.outcome, one.result.rows if one.result else 0) for one in loads]

    assert told(first) == [("prices", "loaded", 2), ("availability", "loaded", 1)]
    assert told(within_the_hour) == [("availability", "loaded", 1)]
    assert told(next_night) == [("prices", "loaded", 1), ("availability", "loaded", 1)]
    assert told(no_news) == [("prices", "loaded", 0), ("availability", "loaded", 1)]
    assert prices(wiring, day(21, 12)) == [("on_demand", 98), ("spot", 20)]
    assert prices(wiring, day(22)) == [("on_demand", 98), ("spot", 21)]
    assert [one.period for one in wiring.lake.states("availability", "aws-account")] == [
        "2026-11-21",
        "2026-11-22",
    ]
