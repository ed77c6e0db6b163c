"""A week of 64 GPUs from a real Prometheus through the nightly job: every GPU-hour has its kind."""

import json
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from service.bootstrap import wire
from service.config import Settings
from service.store.roles import Logins
from tests.peers.gpu_company import DAYS, HOST_A_DAY
from tests.peers.gpu_history import HOUR_MS, HOURS, History, fleet_history
from tests.scenario.week import KINDS, asked, begin, company, night, scores

pytestmark = [pytest.mark.slow, pytest.mark.needs_peers, pytest.mark.timeout(900)]


@pytest.fixture(scope="module")
def history() -> History:
    """The fleet with its planted waste."""
    return fleet_history()


@pytest.fixture(scope="module")
def sources(
    history: History, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[list[dict[str, Any]]]:
    """A Prometheus with the week in it, and the company's files."""
    with company(history, tmp_path_factory.mktemp("week")) as running:
        yield running


@pytest.fixture
def settings(
    sources: list[dict[str, Any]],
    database: Logins,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> Settings:
    """The settings of the company, as variables say them."""
    monkeypatch.setenv("COMPTROLLER_DATABASE_URL", database.app)
    monkeypatch.setenv("COMPTROLLER_DATA_DIR", str(tmp_path / "data"))
    monkeypatch.setenv("COMPTROLLER_SOURCES", json.dumps(sources))
    monkeypatch.setenv("COMPTROLLER_PLAN_TIME_LIMIT_S", "2")
    return Settings()


def test_every_gpu_hour_and_every_dollar_of_the_week_has_its_place(
    settings: Settings, history: History, sources: list[dict[str, Any]]
) -> None:
    """64 GPUs x 168 hours x 3,600,000 ms by GPU and hour, 10 machines x 7 days x 240 USD."""
    with wire(settings) as wiring:
        begin(wiring, Path(sources[0]["path"]).with_name("policy.yaml"))
        ended = night(wiring, settings)
        hours = asked(
            wiring,
            "gpu_usage",
            "SELECT gpu_uuid, hour, sum(c) AS c FROM (SELECT gpu_uuid, hour, slice,"
            " max(capacity_ms) AS c FROM gpu_usage GROUP BY ALL) GROUP BY ALL",
        )
        costs = asked(
            wiring,
            "gpu_account",
            "SELECT kind, sum(effective_cost) AS c FROM gpu_account GROUP BY ALL",
        )
        found = scores(history, wiring)
        again = night(wiring, settings, datetime(2026, 11, 22, 2, tzinfo=UTC))
        same = scores(history, wiring)

    accounted = ended.results["account"]["accounted"]["2026-11"]
    assert len(hours) == 64 * HOURS
    assert {row["c"] for row in hours} == {HOUR_MS}
    assert accounted["capacity_ms"] == 64 * HOURS * HOUR_MS
    assert (accounted["difference_ms"], accounted["difference"]) == (0, {"USD": "0.00"})
    _money_is_matched_or_counted(Counter({row["kind"]: row["c"] or 0 for row in costs}))
    for kind, score in found.items():
        assert min(score.precision, score.recall) >= 0.95, (kind, score)
    assert ended.failed == {}
    # The week is over, so the next night's source says that nothing tells anything any more.
    assert list(again.failed) == ["load usage"]
    assert same == found


def _money_is_matched_or_counted(cost: "Counter[str]") -> None:
    """Eight machines have GPU time, one of the list has none, one is in no list."""
    assert sum(cost[kind] for kind in KINDS) == Decimal(8 * DAYS * HOST_A_DAY)
    assert cost["unmatched_no_usage"] == cost["unmatched_no_node"] == DAYS * HOST_A_DAY
