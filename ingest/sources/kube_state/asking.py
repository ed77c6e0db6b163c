"""Asks about a stretch of time, in parts that the server gives at once."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ingest.port import TransientSourceError
from ingest.prometheus.errors import TooMuch
from ingest.sources.kube_state.questions import INIT_REQUESTS, REQUESTS, own
from ingest.usage.signals import HOUR_MS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from ingest.prometheus.client import PrometheusClient
    from ingest.sources.kube_state.questions import Questions

Told = dict[str, list[dict[str, Any]]]
"""Answers by the names of their questions."""

SHORTEST_MS = 300_000


@dataclass(slots=True)
class Asking:
    """One server, asked about stretches of time; what is too much is asked for in halves."""

    client: PrometheusClient
    questions: Questions

    def pods(self, begin_ms: int, end_ms: int) -> Iterator[Told]:
        """Yield what was told of GPU pods in ``[begin_ms, end_ms)``, stretch by stretch.

        Where a container began more than twice, less is asked for, down to an hour: of a stretch
        the first and the last of its lives are known.

        Raises:
            SourceError: When a stretch cannot be had.
        """
        yield from self._in_halves(self._pods, begin_ms, end_ms)

    def nodes(self, begin_ms: int, end_ms: int) -> Iterator[Told]:
        """Yield what was told of nodes in ``[begin_ms, end_ms)``, stretch by stretch.

        Raises:
            SourceError: When a stretch cannot be had.
        """
        yield from self._in_halves(self._nodes, begin_ms, end_ms)

    def anything(self, metric: str, begin_ms: int, end_ms: int) -> bool:
        """Say whether there is a series of a metric.

        Raises:
            SourceError: When the server does not say.
        """
        try:
            return bool(self.client.labels(self.questions.selector(metric), begin_ms, end_ms))
        except TooMuch as refused:
            raise self._given_up(refused) from refused

    def _in_halves(
        self, ask: Callable[[int, int], Told], begin_ms: int, end_ms: int
    ) -> Iterator[Told]:
        try:
            yield ask(begin_ms, end_ms)
        except TooMuch as refused:
            if end_ms - begin_ms <= SHORTEST_MS:
                raise self._given_up(refused) from refused
            middle_ms = (begin_ms + end_ms) // 2
            yield from self._in_halves(ask, begin_ms, middle_ms)
            yield from self._in_halves(ask, middle_ms, end_ms)

    def _pods(self, begin_ms: int, end_ms: int) -> Told:
        told = self._pods_once(begin_ms, end_ms)
        if end_ms - begin_ms > HOUR_MS and _restarted_often(told):
            raise TooMuch("a container was restarted more than once")
        return told

    def _pods_once(self, begin_ms: int, end_ms: int) -> Told:
        length_ms = end_ms - begin_ms
        told = self._all({"heard": self.questions.heard(length_ms)}, end_ms)
        asked = {"requests": REQUESTS, "init_requests": INIT_REQUESTS}
        told |= self._all(
            {name: self.questions.requests(one, length_ms) for name, one in asked.items()}, end_ms
        )
        if told["requests"] or told["init_requests"]:
            told |= self._all(self.questions.of_gpu_pods(length_ms), end_ms)
        return told

    def _nodes(self, begin_ms: int, end_ms: int) -> Told:
        return self._all(self.questions.of_nodes(end_ms - begin_ms), end_ms)

    def _all(self, questions: Mapping[str, str], end_ms: int) -> Told:
        return {
            name: self.client.whole_vector(question, end_ms - 1)
            for name, question in questions.items()
        }

    def _given_up(self, refused: TooMuch) -> TransientSourceError:
        return TransientSourceError(
            f"{self.client.place}: not even a few minutes can be read ({refused}); raise the "
            "server's limits or timeout_s, or choose fewer series with matchers"
        )


def _restarted_often(told: Told) -> bool:
    """Say whether a container was restarted more than once, whoever told of it."""
    counts: dict[tuple[str, ...], list[float]] = {}
    for name in ("restarts_first", "restarts_last"):
        for element in told.get(name, ()):
            labels = element["metric"]
            of = ("namespace", "pod", "container")
            key = (labels.get("uid", ""), *(own(labels, one) for one in of))
            counts.setdefault(key, []).append(float(element["value"][1]))
    return any(max(of) - min(of) > 1 for of in counts.values())
