"""What a Prometheus needs to tell what GPUs did, tried one after the other."""

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from itertools import pairwise
from statistics import median

from ingest.port import Check, SourceError
from ingest.prometheus.client import PrometheusClient
from ingest.prometheus.errors import TooMuch
from ingest.settings import PrometheusSettings
from ingest.sources.prometheus.days import Days, first_day
from ingest.sources.prometheus.metrics import SETTINGS, metrics_of, selector_of
from ingest.sources.prometheus.rules import rules_of
from ingest.usage.signals import DAY_MS, Signal

_NEEDED = ((Signal.ACTIVITY, Signal.ACTIVITY_FALLBACK), (Signal.MEMORY_USED,))
"""Of each of these, one has to be there; without the others less is known, and nothing is wrong."""

_STEPS = 4
_LEAST_MS = 10 * 60_000
_TOLERANCE = 0.2


def check_server(
    setting: PrometheusSettings, client: PrometheusClient, *, now: datetime
) -> list[Check]:
    """Try everything; where one thing fails, what lies behind it is not tried."""
    checks: list[Check] = []
    try:
        with client:
            checks.extend(_Checking(setting, client, now).all())
    except (SourceError, TooMuch) as problem:
        return [Check(f"asking {client.place}", passed=False, advice=str(problem))]
    return checks


class _Checking:
    """One server at one moment."""

    def __init__(
        self, setting: PrometheusSettings, client: PrometheusClient, now: datetime
    ) -> None:
        self._setting = setting
        self._client = client
        self._now_ms = int(now.timestamp() * 1000)
        self._days = Days(setting, now)
        self._lately_ms = max(round(setting.step_s * 1000) * _STEPS, _LEAST_MS)
        self._metrics = metrics_of(setting)

    def all(self) -> Iterator[Check]:
        """Yield what was found."""
        self._client.vector("vector(1)", self._now_ms)
        yield Check(f"asking {self._client.place}", passed=True)
        labels = {signal: self._labels(metric) for signal, metric in self._metrics.items()}
        there = [signal for signal, names in labels.items() if names]
        for signal, metric in self._metrics.items():
            yield self._metric(signal, metric, there)
        yield self._holders({name for names in labels.values() for name in names})
        yield self._interval(there)
        yield self._retention()

    def _labels(self, metric: str) -> list[str]:
        selector = selector_of(metric, self._setting.matchers)
        return self._client.labels(selector, self._now_ms - DAY_MS, self._now_ms)

    def _metric(self, signal: Signal, metric: str, there: Sequence[Signal]) -> Check:
        what = f"{SETTINGS[signal]} {metric}"
        if signal in there:
            return Check(what, passed=True)
        needed = any(signal in one and not set(one).intersection(there) for one in _NEEDED)
        return Check(
            f"{what}: no series within a day",
            passed=not needed,
            advice="add it to the metrics that the exporter sends, look at matchers, or set "
            f"{SETTINGS[signal]} to the name that it has here, or to nothing",
        )

    def _holders(self, labels: set[str]) -> Check:
        names = rules_of(self._setting).labels
        known = {*names.pod, *names.job_id, *names.user_name}
        if found := sorted(labels & known):
            return Check(f"labels that tell who holds a GPU ({', '.join(found)})", passed=True)
        return Check(
            "labels that tell who holds a GPU",
            passed=False,
            advice="no series says pod, job or user, so every GPU looks free; give dcgm-exporter "
            "DCGM_EXPORTER_KUBERNETES=true (Kubernetes) or a job mapping directory (Slurm)",
        )

    def _interval(self, there: Sequence[Signal]) -> Check:
        """Look at the samples of one GPU; those of all of them are not needed to see a step."""
        what = f"the scrape interval, beside step_s = {self._setting.step_s:g}"
        seen_ms = self._steps_ms(self._metrics[there[0]]) if there else []
        if not seen_ms:
            return Check(
                what,
                passed=False,
                advice=f"no GPU was scraped twice in the last {self._lately_ms // 60_000} minutes; "
                "look at the exporter, and at Status > Targets in Prometheus",
            )
        step_s = median(seen_ms) / 1000
        if abs(step_s - self._setting.step_s) <= _TOLERANCE * self._setting.step_s:
            return Check(what, passed=True)
        return Check(what, passed=False, advice=f"it is {step_s:g} s; set step_s = {step_s:g}")

    def _steps_ms(self, metric: str) -> list[int]:
        selector = selector_of(metric, self._setting.matchers)
        question = f"topk(1, last_over_time({selector}[{self._lately_ms}ms]))"
        recent = self._client.vector(question, self._now_ms)
        if not recent:
            return []
        labels = {"__name__": metric, **recent[0]["metric"]}
        one = ",".join(f"{name}={_quoted(value)}" for name, value in labels.items())
        found = self._client.samples(f"{{{one}}}", self._now_ms - self._lately_ms, self._now_ms)
        return [
            late - early
            for series in found.series
            for early, late in pairwise(series.times_ms.tolist())
        ]

    def _retention(self) -> Check:
        since = self._setting.since
        what = f"samples since {since}"
        days = self._days.every()
        first = first_day(days, self._setting, self._client) if days else 0
        if first is None:
            return Check(
                what, passed=False, advice="there are none; look at matchers and at the metrics"
            )
        if first == 0:
            return Check(what, passed=True)
        there = since + timedelta(days=first)
        return Check(
            f"{what}: there are none before {there}",
            passed=True,
            advice="what is older cannot be loaded; days that the lake holds already stay in it "
            "(the server keeps what --storage.tsdb.retention.time says)",
        )


def _quoted(value: str) -> str:
    """Write a label's value as PromQL does."""
    text = value.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
    return f'"{text}"'
