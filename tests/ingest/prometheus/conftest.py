"""What the tests of Prometheus share: a server with one GPU's samples, and settings for it."""

from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from ingest.settings import PrometheusSettings
from ingest.sources.prometheus.source import PrometheusUsage
from tests.peers.fake_prometheus import FakePrometheus, fake_prometheus

DAY = date(2026, 11, 20)
START = datetime(2026, 11, 20, tzinfo=UTC)
START_MS = int(START.timestamp()) * 1000
NOW = datetime(2026, 11, 21, 4, 30, tzinfo=UTC)
STEP_MS = 600_000
HOUR_MS = 3_600_000
GPU = {
    "UUID": "GPU-1",
    "gpu": "0",
    "Hostname": "node-1",
    "modelName": "NVIDIA H100 80GB HBM3",
    "namespace": "vision",
    "pod": "train-0",
}
Source = Callable[..., PrometheusUsage]


@pytest.fixture
def peer() -> Iterator[FakePrometheus]:
    """A server without samples."""
    with fake_prometheus() as found:
        yield found


@pytest.fixture
def busy_gpu(peer: FakePrometheus) -> FakePrometheus:
    """A GPU that is half busy for the 26 hours from 23:00 on, every 10 minutes: 157 samples."""
    for metric, value in (
        ("DCGM_FI_PROF_GR_ENGINE_ACTIVE", 0.5),
        ("DCGM_FI_DEV_FB_USED", 40_000.0),
        ("DCGM_FI_DEV_FB_FREE", 41_000.0),
    ):
        values = [value] * (26 * 6)
        peer.add(metric, values, start_ms=START_MS - HOUR_MS, step_ms=STEP_MS, **GPU)
    return peer


@pytest.fixture
def setting(peer: FakePrometheus) -> PrometheusSettings:
    """One day, three metrics, a scrape every 10 minutes."""
    return setting_of(peer.url)


def setting_of(url: str, **changes: Any) -> PrometheusSettings:  # noqa: ANN401 - any setting
    """Return settings that ask for three metrics since 20 November."""
    unused = {
        f"{name}_metric": ""
        for name in (
            "activity_fallback", "sm", "tensor", "dram", "power", "energy", "xid", "processes",
            "tokens_in", "tokens_out", "requests",
        )
    }  # fmt: skip
    usual = {"name": "gpus", "type": "prometheus", "url": url, "since": DAY, "step_s": 600}
    return PrometheusSettings.model_validate({**usual, **unused, **changes})


@pytest.fixture
def source(setting: PrometheusSettings) -> Source:
    """Make the source, with other settings or at another time; it does not wait between tries."""

    def made(*, now: datetime = NOW, **changes: Any) -> PrometheusUsage:  # noqa: ANN401
        changed = setting.model_copy(update=changes)
        return PrometheusUsage(changed, clock=lambda: now, pause=lambda _: None)

    return made


def hour(number: int) -> int:
    """Return when an hour of the day begins (milliseconds since 1970)."""
    return int((START + timedelta(hours=number)).timestamp()) * 1000
