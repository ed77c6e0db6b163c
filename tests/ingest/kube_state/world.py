"""A server that kube-state-metrics was scraped into every 5 minutes since 20 November."""

from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

from ingest.job_runs import JobRun
from ingest.port import Marks
from ingest.settings import KubeStateSettings
from ingest.sources.kube_state.source import KubeState
from tests.peers.fake_prometheus import FakePrometheus
from tests.peers.kube_state import Node, Pod, Scraped

STEP = timedelta(minutes=5)
SINCE = date(2026, 11, 20)
FOREVER = datetime(2026, 12, 31, tzinfo=UTC)


def at(text: str) -> datetime:
    """A moment of November 2026 in UTC, as ``20 10:00``."""
    day, _, clock = text.partition(" ")
    return datetime.fromisoformat(f"2026-11-{day}T{clock}:00+00:00")


def finished(name: str = "train-0", **changes: Any) -> Pod:  # noqa: ANN401 - any field of a pod
    """A pod made at 10:00 that worked from 10:10 to 14:02, and is told of until 18:00."""
    usual: dict[str, Any] = {
        "name": name,
        "created": at("20 10:00"),
        "phases": [
            (at("20 10:00"), "Pending"),
            (at("20 10:10"), "Running"),
            (at("20 14:05"), "Succeeded"),
        ],
        "starts": [at("20 10:10")],
        "completed": at("20 14:02"),
        "until": at("20 18:00"),
    }
    return Pod(**{**usual, **changes})


def running(name: str = "train-0", **changes: Any) -> Pod:  # noqa: ANN401 - any field of a pod
    """A pod that works since 10:10, without an end."""
    phases = [(at("20 10:00"), "Pending"), (at("20 10:10"), "Running")]
    return finished(name, **{"phases": phases, "completed": None, "until": FOREVER, **changes})


@dataclass
class World:
    """The server, and what was told into it."""

    peer: FakePrometheus
    scraped: Scraped = field(
        default_factory=lambda: Scraped(datetime(2026, 11, 20, tzinfo=UTC), STEP)
    )
    until: datetime = field(default_factory=lambda: at("21 03:00"))

    def tell(self, *pods: Pod) -> None:
        """Have pods beside one of the system, which shows that somebody listens."""
        cut = [self._cut(pod) for pod in pods]
        system = Pod("dns", at("20 00:00"), [(at("20 00:00"), "Running")], self.until, gpus={})
        for pod in (*cut, system):
            self.peer.series += self.scraped.pod(pod)

    def tell_nodes(self, *nodes: Node) -> None:
        """Have nodes."""
        for node in nodes:
            self.peer.series += self.scraped.node(node)

    def _cut(self, pod: Pod) -> Pod:
        return replace(pod, until=min(pod.until, self.until))

    def setting(self, **changes: object) -> KubeStateSettings:
        """Settings that lead to the server."""
        usual = {"name": "metrics", "type": "kube-state-metrics", "url": self.peer.url}
        told = {"since": SINCE, "step_s": STEP.total_seconds(), **changes}
        return KubeStateSettings.model_validate({**usual, **told})

    def source(self, now: datetime | None = None, **changes: object) -> KubeState:
        """The source at a moment; it does not wait between tries."""
        moment = now or at("21 02:30")
        return KubeState(self.setting(**changes), clock=lambda: moment, pause=lambda _: None)

    def runs(
        self, now: datetime | None = None, known: Marks | None = None, **changes: object
    ) -> list[JobRun]:
        """All runs that the source has to tell at a moment."""
        source = self.source(now, **changes)
        list(source.announced(known or {}))
        return [run for of in source._runs.values() for run in of]
