"""Prometheus as a source: what GPUs did, and what serving pods answered, by the hour."""

from collections.abc import Callable
from datetime import datetime

from ingest.port import Source
from ingest.settings import PrometheusSettings


def prometheus_source(setting: PrometheusSettings, *, clock: Callable[[], datetime]) -> Source:
    """Return the source that a setting describes; nothing is asked of the server yet."""
    from ingest.sources.prometheus.source import PrometheusUsage

    return PrometheusUsage(setting, clock=clock)
