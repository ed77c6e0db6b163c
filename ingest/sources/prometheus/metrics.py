"""Which metric tells which signal, and how a metric is asked for."""

from collections.abc import Iterable, Mapping

from ingest.settings import PrometheusSettings
from ingest.usage.signals import Signal

SETTINGS: Mapping[Signal, str] = {
    Signal.ACTIVITY: "activity_metric",
    Signal.ACTIVITY_FALLBACK: "activity_fallback_metric",
    Signal.SM: "sm_metric",
    Signal.TENSOR: "tensor_metric",
    Signal.DRAM: "dram_metric",
    Signal.MEMORY_USED: "memory_used_metric",
    Signal.MEMORY_FREE: "memory_free_metric",
    Signal.POWER: "power_metric",
    Signal.ENERGY: "energy_metric",
    Signal.XID: "xid_metric",
    Signal.PROCESSES: "processes_metric",
    Signal.SHARE: "share_metric",
    Signal.TOKENS_IN: "tokens_in_metric",
    Signal.TOKENS_OUT: "tokens_out_metric",
    Signal.REQUESTS: "requests_metric",
}
"""Which setting names the metric of a signal."""

PRESENCE = (Signal.ACTIVITY, Signal.ACTIVITY_FALLBACK, Signal.MEMORY_USED)
"""Signals of which a GPU that is there sends at least one."""


def metrics_of(setting: PrometheusSettings) -> dict[Signal, str]:
    """Return the metric of each signal that is asked for."""
    named = {signal: str(getattr(setting, name)) for signal, name in SETTINGS.items()}
    return {signal: metric for signal, metric in named.items() if metric}


def selector_of(metric: str, matchers: str) -> str:
    """Return what chooses the series of a metric."""
    return f"{metric}{{{matchers}}}" if matchers else metric


def any_of(metrics: Iterable[str], matchers: str) -> str:
    """Return what chooses the series of any of some metrics."""
    names = "|".join(metrics)
    return f'{{__name__=~"{names}"{matchers and f",{matchers}"}}}'
