"""``comptroller sources load`` says what is missing of what was loaded."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from service.bootstrap import Wiring, system_clock
from service.cli import sources
from service.store.roles import Logins
from tests.peers.fake_prometheus import FakePrometheus, fake_prometheus


@pytest.fixture
def peer() -> Iterator[FakePrometheus]:
    """A GPU that was half busy all of the day before yesterday, every ten minutes."""
    labels = {"UUID": "GPU-1", "Hostname": "node-1", "namespace": "vision", "pod": "train-0"}
    with fake_prometheus() as found:
        start_ms = int(_day().timestamp()) * 1000
        activity = "DCGM_FI_PROF_GR_ENGINE_ACTIVE"
        found.add(activity, [0.5] * 300, start_ms=start_ms, step_ms=600_000, **labels)
        yield found


def _day() -> datetime:
    today = system_clock().replace(hour=0, minute=0, second=0, microsecond=0)
    return today.astimezone(UTC) - timedelta(days=2)


def test_what_is_missing_stands_below_the_table(
    database: Logins,
    wiring: Wiring,
    peer: FakePrometheus,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A store of Thanos was away at 06:00: the day is loaded, and the exit code is 3."""
    day = f"{_day():%Y-%m-%d}"
    peer.warnings[f"ENGINE_ACTIVE.*{day}T06:59"] = ["store a is away"]
    setting = {"name": "gpus", "type": "prometheus", "url": peer.url, "since": day, "step_s": 600}
    monkeypatch.setenv("COMPTROLLER_SOURCES", json.dumps([setting]))
    monkeypatch.setenv("COMPTROLLER_DATABASE_URL", database.app)
    monkeypatch.setenv("COMPTROLLER_DATA_DIR", str(tmp_path / "data"))
    monkeypatch.setenv("COMPTROLLER_LAKE_URI", str(wiring.lake.root))
    commands = typer.Typer()
    sources.register(commands)

    done = CliRunner().invoke(commands, ["sources", "load", "--period", day[:7]])

    told = f"gpus {day}: DCGM_FI_PROF_GR_ENGINE_ACTIVE of {day} 06:00 to 07:00 UTC: the answer is"
    assert told in " ".join(done.output.split())
    assert done.exit_code == 3
