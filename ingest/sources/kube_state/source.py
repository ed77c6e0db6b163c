"""kube-state-metrics as a source: its pods as job runs, its nodes as machine facts."""

from __future__ import annotations

import hashlib
import time
from datetime import UTC, datetime, timedelta
from datetime import time as midnight
from typing import TYPE_CHECKING

from ingest.clusters.nodes import SeenNode, models_of, spool_machines
from ingest.job_runs import by_month, mark_of, spool_runs
from ingest.port import Announcement, Delivery, Kind, RejectedSourceError, TransientSourceError
from ingest.prometheus.client import PrometheusClient
from ingest.sources.kube_state.asking import Asking
from ingest.sources.kube_state.check import check_metrics
from ingest.sources.kube_state.machines import read_nodes
from ingest.sources.kube_state.marks import WHOLE, NodesMark, Read, nodes_told, read_from
from ingest.sources.kube_state.pods import PodReading, PodsRead
from ingest.sources.kube_state.questions import questions_of
from ingest.sources.kube_state.runs import PodRuns, Seeing, findings_of
from ingest.usage.signals import HOUR_MS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

    from ingest.job_runs import JobRun
    from ingest.port import Check, Marks
    from ingest.settings import KubeStateSettings

_HOUR = timedelta(hours=1)
_DAY = timedelta(days=1)


class KubeState:
    """Adds what was told since the last reading to what was told before.

    A server forgets, so nothing that was delivered is ever taken away: a run is delivered again
    with what is known of it by now. Reading begins ``settle_hours`` and one before the end of the
    last one, so that pods of which nothing is told any more are seen once more.
    """

    def __init__(
        self,
        setting: KubeStateSettings,
        *,
        clock: Callable[[], datetime],
        pause: Callable[[float], None] = time.sleep,
    ) -> None:
        """Keep the setting; nothing is asked yet."""
        self.name = setting.name
        self._setting = setting
        self._clock = clock
        self._client = PrometheusClient(setting, pause=pause)
        self._asking = Asking(self._client, questions_of(setting))
        self._runs: dict[str, list[JobRun]] = {}
        self._findings: dict[str, tuple[str, ...]] = {}
        self._nodes: list[SeenNode] = []

    def announced(self, known: Marks) -> Iterator[Announcement]:
        """Read what is new, and say of which months it is.

        Raises:
            SourceError: When the server refuses; at the end, where something could not be read.
        """
        until = self._clock().astimezone(UTC).replace(minute=0, second=0, microsecond=0)
        since = datetime.combine(self._setting.since, midnight(), UTC)
        if until <= since:
            return
        news_from = read_from(known, self._setting.since)
        settle = timedelta(hours=self._setting.settle_hours) + _HOUR
        begin = max(since, news_from - settle)
        with self._client:
            faults = self._read_nodes(max(since, min(begin, _nodes_from(known, since))), until)
            mark = NodesMark(until, _content(self._nodes))
            if self._nodes and "nodes" in self._setting.kinds and mark.news(known):
                yield Announcement(Kind.NODES, WHOLE, mark.text, None, f"nodes of {self.name}")
            if "jobs" in self._setting.kinds:
                found = PodReading(self._asking, _ms(begin)).read(_ms(begin), _ms(until))
                faults += found.missing.sentences()
                yield from self._months(found, news_from, until)
        if faults:
            raise TransientSourceError(" ".join(faults))

    def _read_nodes(self, begin: datetime, until: datetime) -> tuple[str, ...]:
        """Keep the nodes of a time; says why they may be missing."""
        self._nodes = []
        try:
            self._nodes = read_nodes(self._asking, self._setting, _ms(begin), _ms(until))
        except TransientSourceError as fault:
            return (f"nodes: {fault}; the next run reads them again",)
        return ()

    def _months(
        self, found: PodsRead, news_from: datetime, until: datetime
    ) -> Iterator[Announcement]:
        """Make runs of what was read, and say of which months they are."""
        heard = found.evidence.heard
        if heard is None:
            if not found.missing:
                raise self._nothing_there(found)
            return
        self._keep_runs(found, heard)
        last_ms = min(_ms(until), int(heard * 1000) // HOUR_MS * HOUR_MS + HOUR_MS)
        if found.first_missing_ms is not None:
            last_ms = min(last_ms, found.first_missing_ms)
        end = datetime.fromtimestamp(last_ms / 1000, UTC)
        read = Read(min(news_from, end), end, tuple(self._runs))
        for month, runs in self._runs.items():
            place = f"pods of {self.name} ({month})"
            yield Announcement(Kind.JOBS, month, read.mark(mark_of(runs)), None, place)

    def _keep_runs(self, found: PodsRead, heard: float) -> None:
        setting, pods = self._setting, found.evidence.pods
        settle_s = timedelta(hours=setting.settle_hours).total_seconds()
        seeing = Seeing(found.edges_s, heard, settle_s, setting.step_s)
        making = PodRuns(setting, seeing, models_of(self._nodes))
        told = {key: list(making.of(pod)) for key, pod in sorted(pods.items())}
        self._runs = by_month(run for runs in told.values() for run in runs)
        odd: dict[str, list[str]] = {}
        for key, runs in told.items():
            if runs:
                odd.setdefault(runs[0].month, []).extend(findings_of(pods[key]))
        self._findings = {month: tuple(sentences) for month, sentences in odd.items()}

    def _nothing_there(self, found: PodsRead) -> RejectedSourceError:
        begin = datetime.fromtimestamp(found.edges_s[0], UTC)
        return RejectedSourceError(
            f"{self._client.place}: it has nothing of kube-state-metrics since "
            f"{begin:%Y-%m-%d %H:%M} UTC; look at its target and at matchers "
            "(comptroller sources check tells what is missing)"
        )

    def fetch(self, announced: Announcement, folder: Path, version: int) -> Delivery:
        """Write what was told of one month, or the nodes."""
        month, mark = announced.period or "", announced.mark or ""
        if announced.kind is Kind.NODES:
            file = spool_machines(self._nodes, self.name, folder, mark)
        else:
            file = spool_runs(self._runs[month], f"{self.name}-{month}", folder, {"look": mark})
        return Delivery(
            source=self.name,
            kind=announced.kind,
            dialect=f"canonical-{announced.kind.value}",
            version=version,
            complete=False,
            files=(file,),
            period=announced.period,
            mark=announced.mark,
            notes=() if announced.kind is Kind.NODES else self._findings.get(month, ()),
        )

    def check(self) -> Sequence[Check]:
        """Try everything that the source needs, and say what is missing; never raises."""
        return check_metrics(self._setting, self._asking, now=self._clock())


def _nodes_from(known: Marks, since: datetime) -> datetime:
    told = nodes_told(known)
    return since if told is None else told.until - _DAY


def _content(nodes: Sequence[SeenNode]) -> str:
    return hashlib.sha256(repr(nodes).encode()).hexdigest()[:16]


def _ms(at: datetime) -> int:
    return int(at.timestamp()) * 1000
