"""Reads a metric in stretches that the server gives at once: an hour, or as little as a minute."""

from collections.abc import Iterable, Iterator
from dataclasses import replace

import numpy as np

from ingest.port import TransientSourceError
from ingest.prometheus.client import PrometheusClient
from ingest.prometheus.errors import TooMuch
from ingest.usage.matrix import Answer
from ingest.usage.signals import HOUR_MS, Series

SHORTEST_MS = 60_000


class Stretches:
    """Knows how much of each metric the server gives at once; more is not asked for again."""

    def __init__(self, client: PrometheusClient) -> None:
        """Begin with whole hours."""
        self._client = client
        self._longest_ms: dict[str, int] = {}
        self._first_ms = HOUR_MS

    def read(self, selector: str, start_ms: int, end_ms: int) -> Iterator[Answer]:
        """Yield the samples of ``[start_ms, end_ms)`` in time order, each once.

        Raises:
            TransientSourceError: When a stretch cannot be had; what came before it stands.
            RejectedSourceError: When the server refuses to be asked at all.
        """
        at = start_ms
        while at < end_ms:
            until = min(at + self._longest_ms.get(selector, self._first_ms), end_ms)
            try:
                found = self._client.samples(selector, at, until)
            except TooMuch as refused:
                self._shorten(selector, until - at, refused)
            else:
                yield replace(found, series=within(found.series, at, until))
                at = until

    def _shorten(self, selector: str, refused_ms: int, refused: TooMuch) -> None:
        if refused_ms <= SHORTEST_MS:
            if refused.slow:
                self._first_ms = SHORTEST_MS  # Who hangs is not waited for by each metric anew.
            raise TransientSourceError(
                f"{self._client.place}: {selector} cannot be read even by the minute ({refused}); "
                "raise the server's limits or timeout_s, or choose fewer series with matchers"
            ) from refused
        self._longest_ms[selector] = max(refused_ms // 2, SHORTEST_MS)


def within(series: Iterable[Series], start_ms: int, end_ms: int) -> tuple[Series, ...]:
    """Cut series to the samples of ``[start_ms, end_ms)``; those without any are left out."""
    cut = (_cut(one, start_ms, end_ms) for one in series)
    return tuple(one for one in cut if one is not None)


def _cut(one: Series, start_ms: int, end_ms: int) -> Series | None:
    first, last = np.searchsorted(one.times_ms, (start_ms, end_ms), side="left")
    if first == last:
        return None
    if last - first == len(one.times_ms):
        return one
    return replace(one, times_ms=one.times_ms[first:last], values=one.values[first:last])
