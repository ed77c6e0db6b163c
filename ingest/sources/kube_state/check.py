"""What kube-state-metrics needs to tell of jobs and machines, tried one after the other."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import TYPE_CHECKING

from ingest.port import Check, SourceError
from ingest.prometheus.errors import TooMuch
from ingest.sources.kube_state.questions import CREATED, NODES, REQUESTS, spelled
from ingest.usage.signals import DAY_MS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ingest.settings import KubeStateSettings
    from ingest.sources.kube_state.asking import Asking

_NEEDED = {
    CREATED: "scrape kube-state-metrics, and look at matchers",
    "kube_pod_status_phase": "let kube-state-metrics tell it (--metric-allowlist, relabelling)",
}
_BETTER = {
    REQUESTS: "no pod asked for a GPU within a day; look at gpu_resources if that is not so",
    "kube_pod_completion_time": "ends of pods are known to the scrape only",
    "kube_pod_container_state_started": "starts are those of the pod, images pulled included, and "
    "restarts are not told apart",
    NODES: "costs do not find their jobs, unless machines come from another source",
}


def check_metrics(setting: KubeStateSettings, asking: Asking, *, now: datetime) -> list[Check]:
    """Try everything; where the server does not answer, what lies behind is not tried."""
    place = f"asking {asking.client.place}"
    try:
        with asking.client:
            return [Check(place, passed=True), *_Checking(setting, asking, now).all()]
    except (SourceError, TooMuch) as problem:
        return [Check(place, passed=False, advice=str(problem))]


class _Checking:
    """One server at one moment."""

    def __init__(self, setting: KubeStateSettings, asking: Asking, now: datetime) -> None:
        self._setting = setting
        self._asking = asking
        self._now_ms = int(now.timestamp() * 1000)

    def all(self) -> Iterator[Check]:
        """Yield what was found."""
        for metric, advice in _NEEDED.items():
            there = bool(self._labels(metric))
            yield _told(metric, there=there, passed=there, advice=advice)
        for metric, advice in _BETTER.items():
            yield _told(metric, there=bool(self._labels(metric)), passed=True, advice=advice)
        yield self._teams()
        yield self._first()

    def _labels(self, metric: str) -> list[str]:
        selector = self._asking.questions.selector(metric)
        return self._asking.client.labels(selector, self._now_ms - DAY_MS, self._now_ms)

    def _teams(self) -> Check:
        keys = self._setting.team_keys
        found = {*self._labels("kube_pod_labels"), *self._labels("kube_pod_annotations")}
        told = {spelled(kind, key) for key in keys for kind in ("label", "annotation")}
        what = f"labels of pods with their team ({', '.join(keys)})"
        if self._setting.namespace_is_team or found & told:
            return Check(what, passed=True)
        return Check(
            f"{what}: none within a day",
            passed=True,
            advice="runs have no team of their own; give kube-state-metrics "
            f"--metric-labels-allowlist=pods=[{','.join(keys)}], or set namespace_is_team",
        )

    def _first(self) -> Check:
        since = self._setting.since
        begin_ms = _start_ms(since)
        what = f"pods since {since}"
        if begin_ms >= self._now_ms or self._asking.anything(CREATED, begin_ms, begin_ms + DAY_MS):
            return Check(what, passed=True)
        return Check(
            f"{what}: there are none of that day",
            passed=True,
            advice="what the server has deleted cannot be loaded; what the lake has stays in it",
        )


def _told(metric: str, *, there: bool, passed: bool, advice: str) -> Check:
    if there:
        return Check(metric, passed=True)
    return Check(f"{metric}: no series within a day", passed=passed, advice=advice)


def _start_ms(day: date) -> int:
    return int(datetime(day.year, day.month, day.day, tzinfo=UTC).timestamp()) * 1000
