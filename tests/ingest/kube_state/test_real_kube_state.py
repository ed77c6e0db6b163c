"""Debian's own Prometheus with a history of kube-state-metrics: its PromQL, and not ours."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from ingest.settings import KubeStateSettings
from ingest.sources.kube_state.source import KubeState
from service.bootstrap import Wiring
from tests.ingest.kube_state.test_nights import NEWEST
from tests.ingest.kube_state.world import at, finished, running
from tests.ingest.nights import asked, load, outcomes
from tests.peers.kube_state import Node, Pod, Scraped, open_metrics
from tests.peers.prometheus import backfill, prometheus

pytestmark = [pytest.mark.needs_peers, pytest.mark.timeout(600)]

BEGIN = datetime(2026, 11, 20, tzinfo=UTC)
STEP = timedelta(seconds=60)
END = at("22 03:00")
SAVED = {"annotation_comptroller_checkpoint_at": "2026-11-20T12:30:00Z"}


def pods() -> list[Pod]:
    """Two days: done, restarted, deleted while running, evicted, on a slice, without GPUs."""
    evicted = [(at("20 10:00"), "Running"), (at("20 15:30"), "Failed")]
    return [
        finished("done", labels={"label_team": "vision"}),
        running("restarts", starts=[at("20 10:10"), at("20 13:00")], crashes=[at("20 12:50")],
                annotations=[(at("20 12:31"), SAVED)], until=END),
        running("deleted", until=at("21 11:22")),
        finished("evicted", phases=evicted, completed=None, reason="Evicted"),
        finished("slice", gpus={"nvidia_com_mig_1g_10gb": 2}),
        Pod("dns", BEGIN, [(BEGIN, "Running")], END, gpus={}),
    ]  # fmt: skip


@pytest.fixture(scope="module", params=[False, True], ids=["honour", "exported"])
def history(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a server's data, scraped every minute with and without honor_labels."""
    scraped = Scraped(BEGIN, STEP, exported=request.param)
    series = [one for pod in pods() for one in scraped.pod(pod)]
    series += scraped.node(Node("gpu-1", BEGIN, END))
    folder = tmp_path_factory.mktemp("history")
    backfill(open_metrics(series), folder)
    return folder


@pytest.fixture
def url(history: Path) -> Iterator[str]:
    """A server over the two days, which loads at most 20,000 samples for a query."""
    with prometheus(history, flags={"query.max-samples": "20000"}) as port:
        yield f"http://127.0.0.1:{port}"


def source(url: str, now: datetime) -> KubeState:
    """The source over a server at a moment."""
    told = {"name": "metrics", "type": "kube-state-metrics", "url": url}
    setting = KubeStateSettings.model_validate({**told, "since": date(2026, 11, 20), "step_s": 60})
    return KubeState(setting, clock=lambda: now, pause=lambda _: None)


def test_two_nights_of_a_real_server_are_the_runs_that_were_planted(
    url: str, wiring: Wiring, tmp_path: Path
) -> None:
    """Six runs of five pods: their states and ends to the second, each once after two nights."""
    nights = [outcomes(load(source(url, at(f"{day} 02:30")), wiring, tmp_path)) for day in (21, 22)]

    assert nights == [
        [("nodes", "*", "loaded", 1), ("jobs", "2026-11", "loaded", 6)],
        [("jobs", "2026-11", "loaded", 2)],
    ]
    assert asked(wiring, "job_run", NEWEST) == [
        ("vision/deleted", 1, "cancelled", "21 11:22"),
        ("vision/done", 1, "completed", "20 14:02"),
        ("vision/evicted", 1, "preempted", "20 15:30"),
        ("vision/restarts", 1, "failed", "20 12:50"),
        ("vision/restarts", 2, "running", None),
        ("vision/slice", 1, "completed", "20 14:02"),
    ]
    told = "SELECT DISTINCT job_id, gpus, team, strftime(checkpoint_at, '%H:%M') FROM job_run"
    assert asked(wiring, "job_run", f"{told} ORDER BY ALL") == [
        ("vision/deleted", 8, None, None),
        ("vision/done", 8, "vision", None),
        ("vision/evicted", 8, None, None),
        ("vision/restarts", 8, None, "12:30"),
        ("vision/slice", 2, None, None),
    ]
    assert asked(wiring, "node", "SELECT provider, resource_id, host FROM node") == [
        ("aws", "i-0abc", "gpu-1")
    ]


def test_a_real_server_lacks_nothing(url: str) -> None:
    """Every metric that is asked for is there by the names that kube-state-metrics gives them."""
    assert [one for one in source(url, at("21 02:30")).check() if not one.passed] == []
