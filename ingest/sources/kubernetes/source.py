"""A Kubernetes cluster as a source: its pods as job runs, its nodes as machine facts."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from ingest.clusters.nodes import SeenNode, models_of, spool_machines
from ingest.job_runs import by_month, spool_runs
from ingest.port import (
    Announcement,
    Check,
    Delivery,
    Kind,
    Marks,
    RejectedSourceError,
    SourceError,
)
from ingest.sources.kubernetes.listing import Cluster
from ingest.sources.kubernetes.nodes import NodeReader
from ingest.sources.kubernetes.pods import PodReader, SeenRun

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from ingest.job_runs import JobRun
    from ingest.settings import KubernetesSettings

_WHOLE = "*"
_MARK = "seen "
_LATE = timedelta(hours=24)
"""A node that was cut off may tell the cluster a day later what had happened on it."""

_LONG_AGO = datetime(1970, 1, 1, tzinfo=UTC)


class KubernetesCluster:
    """Adds what changed since the last look to what was seen before.

    Pods and nodes vanish from the API, so nothing that was delivered is ever taken away; the mark
    of a month is when the cluster was looked at, and pods that have not changed since (less a
    day) are left out. A pod that changed is delivered again, with what is known of it by now.
    """

    def __init__(self, setting: KubernetesSettings, *, clock: Callable[[], datetime]) -> None:
        """Take the settings; nothing is asked of the cluster yet."""
        self.name = setting.name
        self._setting = setting
        self._clock = clock
        self._runs: dict[str, list[JobRun]] = {}
        self._findings: dict[str, tuple[str, ...]] = {}
        self._nodes: list[SeenNode] = []

    def announced(self, known: Marks) -> Iterator[Announcement]:
        """List nodes and pods, and say of which months there is news.

        Raises:
            SourceError: When pods cannot be listed, and at the end where nodes cannot.
        """
        cluster, now = Cluster(self._setting), self._clock()
        mark = f"{_MARK}{now:%Y-%m-%dT%H:%M:%SZ}"
        fault: SourceError | None = None
        nodes: list[SeenNode] = []
        try:
            nodes = cluster.nodes(NodeReader(self._setting))
        except RejectedSourceError as problem:
            fault = problem
        since = _new_nodes_since(known, now)
        self._nodes = sorted(
            (one for one in nodes if one.valid_from >= since), key=lambda one: one.host
        )
        if self._nodes and "nodes" in self._setting.kinds:
            yield Announcement(Kind.NODES, _WHOLE, mark, None, f"nodes of {self.name}")
        if "jobs" in self._setting.kinds:
            self._news(cluster.pods(PodReader(self._setting, models_of(nodes))), known)
        for month in self._runs:
            yield Announcement(Kind.JOBS, month, mark, None, f"pods of {self.name} ({month})")
        if fault is not None:
            raise fault

    def _news(self, seen: list[SeenRun], known: Marks) -> None:
        """Keep by month what changed since the month was looked at, and what is odd about it."""
        news = [
            one
            for one in seen
            if one.touched + _LATE >= _last_look(known, Kind.JOBS, one.run.month)
        ]
        self._runs = by_month(one.run for one in news)
        self._findings = {
            month: tuple(
                sorted({one.finding for one in news if one.run.month == month and one.finding})
            )
            for month in self._runs
        }

    def fetch(self, announced: Announcement, folder: Path, version: int) -> Delivery:
        """Write what was seen of one month, or the nodes."""
        month, mark = announced.period or "", announced.mark or ""
        if announced.kind is Kind.NODES:
            file = spool_machines(self._nodes, self.name, folder, mark)
        else:
            file = spool_runs(self._runs[month], f"{self.name}-{month}", folder, {"look": mark})
        return Delivery(
            source=self.name,
            kind=announced.kind,
            dialect=f"canonical-{announced.kind.value}",
            version=version if announced.version is None else announced.version,
            complete=False,
            files=(file,),
            period=announced.period,
            mark=announced.mark,
            notes=() if announced.kind is Kind.NODES else self._findings[month],
        )

    def check(self) -> list[Check]:
        """Say whether pods and nodes may be listed."""
        try:
            cluster = Cluster(self._setting)
        except SourceError as problem:
            return [Check("the way into the cluster", passed=False, advice=str(problem))]
        asked = {
            "jobs": ("list pods", lambda: len(cluster.pods(PodReader(self._setting, {})))),
            "nodes": ("list nodes", lambda: len(cluster.nodes(NodeReader(self._setting)))),
        }
        return [_tried(*asked[kind]) for kind in asked if kind in self._setting.kinds]


def _tried(what: str, count: Callable[[], int]) -> Check:
    try:
        return Check(f"{what} ({count()} with GPUs)", passed=True)
    except SourceError as problem:
        return Check(what, passed=False, advice=str(problem))


def _last_look(known: Marks, kind: Kind, period: str) -> datetime:
    """When the cluster was looked at last."""
    mark = known.get((kind, period), "")
    told = mark.startswith(_MARK)
    return datetime.fromisoformat(mark.removeprefix(_MARK)) if told else _LONG_AGO


def _new_nodes_since(known: Marks, now: datetime) -> datetime:
    """Since when nodes count as new: once a week all do, as an old one may have got its GPUs."""
    last = _last_look(known, Kind.NODES, _WHOLE)
    return last - _LATE if last.isocalendar()[:2] == now.isocalendar()[:2] else _LONG_AGO
