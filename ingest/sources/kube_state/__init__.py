"""kube-state-metrics in a Prometheus as a source: pods that asked for GPUs, and the nodes."""

from collections.abc import Callable
from datetime import datetime

from ingest.port import Source
from ingest.settings import KubeStateSettings


def kube_state_source(setting: KubeStateSettings, *, clock: Callable[[], datetime]) -> Source:
    """Return the source that a setting describes; nothing is asked of the server yet."""
    from ingest.sources.kube_state.source import KubeState

    return KubeState(setting, clock=clock)
