"""Pods and nodes as the API of a cluster tells them, in November 2026, and a source over it."""

from datetime import UTC, datetime
from typing import Any

from ingest.job_runs import JobRun
from ingest.port import Kind, Marks
from ingest.settings import KubernetesSettings
from ingest.sources.kubernetes.source import KubernetesCluster
from tests.peers.kubernetes import FakeCluster

NOW = datetime(2026, 11, 21, 2, 30, tzinfo=UTC)
ALL_PODS = "/api/v1/pods"
ALL_NODES = "/api/v1/nodes"
NAME = "train-x7k2p"


def at(text: str) -> datetime:
    """A moment of November 2026 in UTC, as ``20 10:00``."""
    day, _, clock = text.partition(" ")
    return datetime.fromisoformat(f"2026-11-{day}T{clock}:00+00:00")


def told(text: str) -> str:
    """The same as the cluster spells it."""
    return f"{at(text):%Y-%m-%dT%H:%M:%SZ}"


def settings(cluster: FakeCluster, **more: object) -> KubernetesSettings:
    """Settings that lead to the cluster."""
    given = {"name": "cluster", "type": "kubernetes", "server": cluster.url, **more}
    return KubernetesSettings.model_validate(given)


def source_at(cluster: FakeCluster, now: datetime = NOW, **more: object) -> KubernetesCluster:
    """The source over the cluster, at a moment."""
    return KubernetesCluster(settings(cluster, **more), clock=lambda: now)


def runs(source: KubernetesCluster, known: Marks | None = None) -> list[JobRun]:
    """All runs that a source has to tell."""
    list(source.announced(known or {}))
    return [run for of in source._runs.values() for run in of]


def container(name: str = "main", gpus: str | None = "8", **more: str) -> dict[str, Any]:
    """A container that asks for GPUs."""
    limits = {} if gpus is None else {"limits": {"nvidia.com/gpu": gpus}}
    return {"name": name, "image": "train", "resources": limits} | more


def state(
    name: str = "main",
    *,
    restarts: int = 0,
    before: dict[str, Any] | None = None,
    **now: dict[str, Any],
) -> dict[str, Any]:
    """A container's status: ``running``, ``terminated`` or ``waiting``."""
    last = {"terminated": before} if before else {}
    return {"name": name, "restartCount": restarts, "state": now, "lastState": last}


def ended(since: str, until: str, code: int = 0, reason: str = "Completed") -> dict[str, Any]:
    """A container's life that is over."""
    return {
        "startedAt": told(since),
        "finishedAt": told(until),
        "exitCode": code,
        "reason": reason,
    }


def running(since: str) -> dict[str, Any]:
    """A container's life that goes on."""
    return {"startedAt": told(since)}


def pod(
    name: str = NAME,
    phase: str = "Succeeded",
    *statuses: dict[str, Any],
    created: str = "20 10:00",
    spec: dict[str, Any] | None = None,
    meta: dict[str, Any] | None = None,
    status: dict[str, Any] | None = None,
) -> dict[str, Any]:
    """A pod of the job train in the namespace vision."""
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {
            "name": name,
            "namespace": "vision",
            "uid": name,
            "creationTimestamp": told(created),
            "ownerReferences": [{"kind": "Job", "name": "train", "controller": True}],
            **(meta or {}),
        },
        "spec": {"nodeName": "gpu-1", "containers": [container()], **(spec or {})},
        "status": {"phase": phase, "containerStatuses": list(statuses), **(status or {})},
    }


def node(
    name: str = "gpu-1",
    provider_id: str | None = "aws:///us-east-1a/i-0abc",
    *,
    gpus: str = "8",
    created: str = "01 00:00",
    **labels: str,
) -> dict[str, Any]:
    """A node with GPUs; ``__`` in a label stands for ``/``."""
    given = {
        "node.kubernetes.io/instance-type": "p5.48xlarge",
        "nvidia.com/gpu.product": "NVIDIA-H100-80GB-HBM3",
        "eks.amazonaws.com/nodegroup": "training",
    }
    return {
        "apiVersion": "v1",
        "kind": "Node",
        "metadata": {
            "name": name,
            "creationTimestamp": told(created),
            "labels": given | {key.replace("__", "/"): value for key, value in labels.items()},
        },
        "spec": {} if provider_id is None else {"providerID": provider_id},
        "status": {"capacity": {"cpu": "192", "nvidia.com/gpu": gpus}},
    }


FINISHED = pod(NAME, "Succeeded", state(terminated=ended("20 10:05", "20 14:00")))


def marks(source: KubernetesCluster) -> dict[tuple[Kind, str], str]:
    """What a lake would hold after it has loaded all that a source announces."""
    return {(one.kind, one.period or ""): one.mark or "" for one in source.announced({})}
