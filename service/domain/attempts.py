"""Attempts at jobs: when they held GPUs, and what of their work was thrown away."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import timedelta
from typing import TYPE_CHECKING

from service.domain.money import apportion
from service.domain.periods import Window

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

LOST_STATES = frozenset(("failed", "preempted", "timeout"))
"""Ends after which what was done since the last checkpoint must be done again."""

_MS = timedelta(milliseconds=1)


@dataclass(frozen=True, slots=True)
class Attempt:
    """One try at a job; ``hosts`` is empty where nobody knows them.

    Job ids are those of one ``source`` of job runs: two clusters may have the same ones.
    """

    job_id: str
    attempt: int
    gpus: int
    state: str | None
    started: datetime | None
    ended: datetime | None
    checkpoint_at: datetime | None = None
    hosts: frozenset[str] = frozenset()
    team: str | None = None
    project: str | None = None
    workload_id: str | None = None
    user_name: str | None = None
    accelerator_model: str | None = None
    source: str = ""

    @property
    def claims_hosts(self) -> bool:
        """Whether GPUs of its hosts may be its own without a label.

        The GPUs of pods (jobs ``namespace/pod``) have labels, and may be shares of one. Without an
        end only what is said to be running is known to go on.
        """
        ran = self.started is not None and (self.ended is not None or self.state == "running")
        return ran and "/" not in self.job_id and self.gpus > 0 and bool(self.hosts)

    def gpus_on(self, host: str) -> int:
        """Return its GPUs on one of its hosts: as many on each, the first ones by name one more."""
        if host not in self.hosts:
            return 0
        each, more = divmod(self.gpus, len(self.hosts))
        return each + (more > 0 and sum(other < host for other in self.hosts) < more)

    def ran_in(self, window: Window) -> Window:
        """Return the part of ``window`` in which it ran, which may be empty."""
        end = window.end if self.ended is None else self.ended
        if self.started is not None and self.started < end:
            both = Window(self.started, end).overlap(window)
            if both is not None:
                return both
        return Window(window.start, window.start)

    def held_ms(self, window: Window) -> int:
        """Return the GPU-milliseconds for which it ran within ``window``."""
        return self.gpus * self._ran_ms(self.started, window)

    def weight_ms(self, window: Window) -> int:
        """Return ``held_ms`` with one GPU at least: some schedulers do not tell them."""
        return max(self.gpus, 1) * self._ran_ms(self.started, window)

    def lost_ms(self, window: Window) -> int:
        """Return the GPU-milliseconds within ``window`` whose work was thrown away."""
        if self.state not in LOST_STATES or self.started is None or self.ended is None:
            return 0
        saved = self.started if self.checkpoint_at is None else self.checkpoint_at
        return self.gpus * self._ran_ms(max(self.started, saved), window)

    def _ran_ms(self, since: datetime | None, window: Window) -> int:
        return replace(self, started=since).ran_in(window).length // _MS


def parts_of_hour(
    attempts: Sequence[Attempt], host: str | None, hour: datetime, values: Mapping[str, int]
) -> dict[int, dict[str, int]]:
    """Divide what a job did on a host in an hour among its attempts; nothing is lost.

    Each counts by the GPU time for which it ran; where some are known to have run on this host,
    only those count. Where none ran for a millisecond, all is the last one's.
    """
    window = Window(hour, hour + timedelta(hours=1))
    weights = {one.attempt: one.weight_ms(window) for one in attempts}
    here = {one.attempt: weights[one.attempt] for one in attempts if host in one.hosts}
    weights = here if any(here.values()) else weights
    weights = {number: weight for number, weight in weights.items() if weight > 0}
    weights = weights or {max(one.attempt for one in attempts): 1}
    parts: dict[int, dict[str, int]] = {number: {} for number in weights}
    for name, value in values.items():
        for number, part in apportion(value, weights).items():
            parts[number][name] = part
    return parts
