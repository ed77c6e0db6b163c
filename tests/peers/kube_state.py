"""What kube-state-metrics tells of pods and nodes, sampled every so often, for any server."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

Series = tuple[dict[str, str], list[tuple[int, float]]]
TARGET = {"namespace": "monitoring", "pod": "ksm-0", "container": "ksm", "node": "cpu-1"}
"""The labels of kube-state-metrics' own pod."""

PHASES = ("Pending", "Running", "Succeeded", "Failed", "Unknown")


@dataclass(frozen=True)
class Pod:
    """A pod's time: when it was in which phase, and until when anything is told of it.

    ``starts`` are when its container began, one for each life; ``crashes`` are their ends.
    """

    name: str
    created: datetime
    phases: Sequence[tuple[datetime, str]]
    until: datetime
    starts: Sequence[datetime] = ()
    crashes: Sequence[datetime] = ()
    crash_reason: str = "Error"
    completed: datetime | None = None
    terminated: str | None = None
    reason: str | None = None
    gpus: Mapping[str, int] = field(default_factory=lambda: {"nvidia_com_gpu": 8})
    gpus_before: int = 0
    namespace: str = "vision"
    node: str = "gpu-1"
    uid: str = ""
    labels: Mapping[str, str] = field(default_factory=dict)
    annotations: Sequence[tuple[datetime, Mapping[str, str]]] = ()


@dataclass(frozen=True)
class Node:
    """A node with GPUs, and until when anything is told of it."""

    name: str
    created: datetime
    until: datetime
    provider_id: str = "aws:///us-east-1a/i-0abc"
    gpus: int = 8
    labels: Mapping[str, str] = field(default_factory=dict)


@dataclass
class Scraped:
    """Samples of what was told, every ``step`` since ``begin``; in ``gaps`` nobody scraped."""

    begin: datetime
    step: timedelta
    gaps: Sequence[tuple[datetime, datetime]] = ()
    exported: bool = False
    """Whether the server calls the pod's own labels exported_, as without honor_labels."""

    def pod(self, pod: Pod) -> Iterator[Series]:
        """Yield the series of a pod."""
        own = {"namespace": pod.namespace, "pod": pod.name, "uid": pod.uid or f"uid-{pod.name}"}
        times = list(self._times(pod.created, pod.until))
        for resource, count in pod.gpus.items():
            asked = {"container": "main", "node": pod.node, "resource": resource, "unit": "integer"}
            yield self._of("kube_pod_container_resource_requests", own | asked, times, count)
        if pod.gpus_before:
            asked = {"container": "setup", "node": pod.node, "resource": "nvidia_com_gpu"}
            metric = "kube_pod_init_container_resource_requests"
            yield self._of(metric, own | asked, times, pod.gpus_before)
        yield self._of("kube_pod_created", own, times, pod.created.timestamp())
        yield self._of("kube_pod_labels", own, times, 1, **pod.labels)
        for n, (since, told) in enumerate(pod.annotations):
            later = pod.annotations[n + 1][0] if n + 1 < len(pod.annotations) else pod.until
            some = [at for at in times if since <= at < later]
            yield self._of("kube_pod_annotations", own, some, 1, **told)
        yield from self._phases(pod, own, times)
        yield from self._ends(pod, own, times)
        yield from self._containers(pod, own, times)

    def node(self, node: Node) -> Iterator[Series]:
        """Yield the series of a node."""
        own = {"node": node.name}
        times = list(self._times(node.created, node.until))
        yield self._of("kube_node_info", own, times, 1, provider_id=node.provider_id)
        yield self._of("kube_node_created", own, times, node.created.timestamp())
        yield self._of("kube_node_labels", own, times, 1, **node.labels)
        yield self._of("kube_node_status_capacity", own, times, node.gpus,
                       resource="nvidia_com_gpu", unit="integer")  # fmt: skip

    def _phases(self, pod: Pod, own: dict[str, str], times: Sequence[datetime]) -> Iterator[Series]:
        for phase in PHASES:
            values = [float(_at(pod.phases, at) == phase) for at in times]
            yield self._series("kube_pod_status_phase", {**own, "phase": phase}, times, values)

    def _ends(self, pod: Pod, own: dict[str, str], times: Sequence[datetime]) -> Iterator[Series]:
        over = [at for at in times if pod.completed and at >= pod.completed]
        if pod.completed:
            yield self._of("kube_pod_completion_time", own, over, pod.completed.timestamp())
        if pod.terminated:
            yield self._of("kube_pod_container_status_terminated_reason", own, over, 1,
                           container="main", reason=pod.terminated)  # fmt: skip
        if pod.reason:
            failed = [at for at in times if _at(pod.phases, at) == "Failed"]
            yield self._of("kube_pod_status_reason", own, failed, 1, reason=pod.reason)
            yield self._of("kube_pod_status_reason", own, failed, 0, reason="NodeAffinity")

    def _containers(
        self, pod: Pod, own: dict[str, str], times: Sequence[datetime]
    ) -> Iterator[Series]:
        if not pod.starts:
            return
        begun = [at for at in times if at >= pod.starts[0]]
        main = {**own, "container": "main"}
        lives = [sum(start <= at for start in pod.starts) - 1 for at in begun]
        started = [pod.starts[life].timestamp() for life in lives]
        yield self._series("kube_pod_container_state_started", main, begun, started)
        restarts = [float(life) for life in lives]
        yield self._series("kube_pod_container_status_restarts_total", main, begun, restarts)
        if pod.crashes:
            crashed = [(at, life) for at, life in zip(begun, lives, strict=True) if life > 0]
            ends = [pod.crashes[life - 1].timestamp() for _, life in crashed]
            late = [at for at, _ in crashed]
            name = "kube_pod_container_status_last_terminated"
            yield self._series(f"{name}_timestamp", main, late, ends)
            yield self._of(f"{name}_reason", main, late, 1, reason=pod.crash_reason)

    def _of(
        self, metric: str, own: dict[str, str], times: Sequence[datetime], value: float, **more: str
    ) -> Series:
        return self._series(metric, {**own, **more}, times, [value] * len(times))

    def _series(
        self, metric: str, own: dict[str, str], times: Sequence[datetime], values: Sequence[float]
    ) -> Series:
        labels = own
        if self.exported:
            moved = {f"exported_{key}" if key in TARGET else key: own[key] for key in own}
            labels = {**TARGET, **moved}
        samples = [
            (int(at.timestamp() * 1000), value) for at, value in zip(times, values, strict=True)
        ]
        return {"__name__": metric, **labels}, samples

    def _times(self, since: datetime, until: datetime) -> Iterator[datetime]:
        at = self.begin
        while at < until:
            if at >= since and not any(begin <= at < end for begin, end in self.gaps):
                yield at
            at += self.step


def _at(phases: Sequence[tuple[datetime, str]], at: datetime) -> str:
    return [phase for since, phase in phases if since <= at][-1]


def open_metrics(series: Sequence[Series]) -> str:
    """Write series so that promtool makes a history of them."""
    lines: list[str] = []
    for name in sorted({labels["__name__"] for labels, _ in series}):
        lines.append(f"# TYPE {name} gauge")
        for labels, samples in series:
            if labels["__name__"] == name:
                told = ",".join(f'{key}="{v}"' for key, v in labels.items() if key != "__name__")
                lines += [f"{name}{{{told}}} {value!r} {at / 1000:.3f}" for at, value in samples]
    return "\n".join([*lines, "# EOF\n"])
