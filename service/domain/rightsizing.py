"""What a kind of work did on its GPUs, and what is recommended for it, with the evidence."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from enum import StrEnum
from fractions import Fraction
from itertools import accumulate
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import date, datetime
    from uuid import UUID

    from service.domain.money import Money

TENTHS = 11
"""Activity of a GPU-hour in tenths: 0 is none at all, 10 is above 90 %."""

_PEAK = Fraction(95, 100)
"""The busiest hours that count: one in twenty may be busier."""

_LONG_DAYS, _SHORT_DAYS = 14, 7
_SURE_SIGNAL = Fraction(98, 100)


class Rule(StrEnum):
    """What a recommendation says to do."""

    RELEASE_IDLE = "release-held-gpus"
    FEWER_GPUS = "fewer-gpus"
    SMALLER_MODEL = "smaller-model"
    MIG_SLICE = "mig-slice"
    SHARE = "share-a-gpu"


OVER_SIZED = (Rule.FEWER_GPUS, Rule.SMALLER_MODEL, Rule.MIG_SLICE, Rule.SHARE)
"""What is said of work that held more than it needs; GPUs without a process are a class apart."""


class Confidence(StrEnum):
    """How long and how well the work was watched."""

    HIGH = "high"
    MEDIUM = "medium"
    LOW = "low"


@dataclass(frozen=True, slots=True)
class Work:
    """Runs of one kind: whose, on which GPUs; ``name`` is what their names have in common."""

    team: str
    project: str
    name: str
    accelerator_model: str
    mode: str


@dataclass(frozen=True, slots=True)
class Profile:
    """What a kind of work used in [first, end), in GPU-milliseconds and MiB.

    ``by_tenth`` is the observed time with a process by its activity in tenths. ``memory_max`` is
    ``None`` where no memory signal came, ``no_process_ms`` where nobody could tell; ``seen_days``
    are those from the first day with any use to the last. ``spare_ms`` is time on GPUs that did
    nothing while others of the same run worked, ``gpus`` the most that one run held at once.
    ``committed_cost`` and ``committed_hours`` are the parts of its cost and hours that commitments
    paid.
    """

    work: Work
    first: date
    end: date
    allocated_ms: int
    observed_ms: int
    by_tenth: Sequence[int]
    memory_max: float | None = None
    no_process_ms: int | None = None
    seen_days: int = 0
    spare_ms: int = 0
    gpus: int = 1
    committed_cost: Fraction = Fraction(0)
    committed_hours: Fraction = Fraction(0)

    @property
    def covered(self) -> Fraction:
        """The part of the held time that was observed."""
        return Fraction(min(self.observed_ms, self.allocated_ms), max(self.allocated_ms, 1))

    @property
    def at_work_ms(self) -> int:
        """The held time without that in which no process was on the GPU."""
        return self.allocated_ms - (self.no_process_ms or 0)

    @property
    def peak(self) -> Fraction:
        """The tenth that 95 % of the observed time with a process stays at or below."""
        wanted = _PEAK * sum(self.by_tenth)
        seen = enumerate(accumulate(self.by_tenth))
        return Fraction(next(tenth for tenth, ms in seen if ms >= wanted), TENTHS - 1)

    @property
    def days(self) -> int:
        """How many days the window has."""
        return (self.end - self.first).days

    @property
    def confidence(self) -> Confidence:
        """Two weeks seen nearly whole are high, one week is medium."""
        if self.seen_days >= _LONG_DAYS and self.covered >= _SURE_SIGNAL:
            return Confidence.HIGH
        return Confidence.MEDIUM if self.seen_days >= _SHORT_DAYS else Confidence.LOW


@dataclass(frozen=True, slots=True)
class Slice:
    """A part that a GPU can be cut into: its part of the compute, and its memory in MiB."""

    profile: str
    compute: Fraction
    memory: float


@dataclass(frozen=True, slots=True)
class Model:
    """A GPU model: memory in MiB, speed beside an H100, what an hour costs here, its slices.

    ``rate`` is ``None`` where no bill of the company tells what an hour costs.
    """

    name: str
    memory: float
    speed: Fraction
    rate: Money | None = None
    slices: Sequence[Slice] = ()


@dataclass(frozen=True, slots=True)
class Excess:
    """GPU time in which a kind of work held too much, and what that cost beyond what suffices.

    Both are of the window that was looked at; the cost counts what commitments paid as well.
    """

    gpu_ms: int
    cost: Money


@dataclass(frozen=True, slots=True)
class Recommendation:
    """What to do with a kind of work, what that saves in 30 days, and what speaks for it.

    ``saving`` is money that is paid no more; ``committed_ms`` is GPU time in 30 days that becomes
    free and that commitments pay nevertheless.
    """

    work: Work
    rule: Rule
    to: str
    saving: Money
    committed_ms: int
    excess: Excess
    confidence: Confidence
    evidence: Mapping[str, str] = field(default_factory=dict)

    @property
    def id(self) -> str:
        """The same advice has the same id night after night, so that it can stay dismissed."""
        parts = (self.rule, self.to, *_key(self.work))
        return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:12]


@dataclass(frozen=True, slots=True)
class RightsizingRun:
    """What was recommended at ``at`` from what was seen in [first, end).

    ``works`` kinds of work were looked at; ``unseen`` of them had too little signal to judge.
    ``account_run`` is the accounting run whose period the window is; ``None`` for the last days.
    """

    id: UUID
    at: datetime
    first: date
    end: date
    works: int
    unseen: int
    recommendations: Sequence[Recommendation]
    account_run: UUID | None = None


@dataclass(frozen=True, slots=True)
class Dismissal:
    """Somebody looked at a recommendation and does not want it."""

    recommendation_id: str
    team: str
    reason: str
    at: datetime
    by: str


def _key(work: Work) -> tuple[str, ...]:
    return work.team, work.project, work.name, work.accelerator_model, work.mode
