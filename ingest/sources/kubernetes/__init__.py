"""Kubernetes as a source: pods that asked for GPUs, and the nodes that have them."""

from collections.abc import Callable
from datetime import datetime

from ingest.port import Source
from ingest.settings import KubernetesSettings
from ingest.sources.kubernetes.source import KubernetesCluster


def kubernetes_source(setting: KubernetesSettings, *, clock: Callable[[], datetime]) -> Source:
    """Return the source that a setting describes; nothing is asked of the cluster yet."""
    return KubernetesCluster(setting, clock=clock)
