"""Reads by some hours what was told of pods, and goes on where some cannot be had."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from ingest.port import TransientSourceError
from ingest.prometheus.missing import Missing
from ingest.sources.kube_state.evidence import Evidence
from ingest.sources.kube_state.questions import CREATED
from ingest.usage.signals import DAY_MS, HOUR_MS

if TYPE_CHECKING:
    from ingest.sources.kube_state.asking import Asking

STRIKES = 5
"""After so many questions in a row without an answer, the server is taken to be away."""

STRETCH_MS = 4 * HOUR_MS
"""How much is asked for at once, unless the server gives less."""


@dataclass(slots=True)
class PodsRead:
    """What was read of pods: ``edges_s`` are where reading began, and began again after a gap."""

    edges_s: list[float]
    evidence: Evidence = field(default_factory=Evidence)
    missing: Missing = field(default_factory=Missing)
    first_missing_ms: int | None = None


class PodReading:
    """Reads hours from one server, until it is taken to be away."""

    def __init__(self, asking: Asking, begin_ms: int) -> None:
        """Begin with nothing."""
        self._asking = asking
        self._found = PodsRead([begin_ms / 1000])
        self._strikes = 0
        self._fault = ""

    def read(self, begin_ms: int, until_ms: int) -> PodsRead:
        """Read the hours; one that cannot be had is told, and what follows is read.

        Raises:
            RejectedSourceError: When the server refuses to be asked at all.
        """
        for day_ms in range(begin_ms, until_ms, DAY_MS):
            end_ms = min(day_ms + DAY_MS, until_ms)
            if self._worth_asking(day_ms, end_ms):
                for at_ms in range(day_ms, end_ms, STRETCH_MS):
                    self._stretch(at_ms, min(at_ms + STRETCH_MS, end_ms))
        return self._found

    def _worth_asking(self, begin_ms: int, end_ms: int) -> bool:
        """Say whether a day may have something; where nobody knows, its hours will say why."""
        if self._away:
            return True
        try:
            return self._asking.anything(CREATED, begin_ms, end_ms)
        except TransientSourceError as fault:
            self._struck(str(fault))
            return True

    def _stretch(self, begin_ms: int, end_ms: int) -> None:
        """Read some hours whole, or nothing of them."""
        if self._away:
            self._miss(begin_ms, end_ms)
            return
        try:
            told = list(self._asking.pods(begin_ms, end_ms))
        except TransientSourceError as fault:
            self._struck(str(fault))
            self._miss(begin_ms, end_ms)
            return
        if self._strikes:
            self._found.edges_s.append(begin_ms / 1000)
        self._strikes = 0
        for one in told:
            self._found.evidence.hear(one["heard"])
            if "created" in one:
                self._found.evidence.add(one)

    @property
    def _away(self) -> bool:
        return self._strikes >= STRIKES

    def _struck(self, fault: str) -> None:
        self._strikes += 1
        self._fault = fault

    def _miss(self, begin_ms: int, end_ms: int) -> None:
        for hour_ms in range(begin_ms, end_ms, HOUR_MS):
            self._found.missing.add_hour(hour_ms, self._fault)
        if self._found.first_missing_ms is None:
            self._found.first_missing_ms = begin_ms
