"""Recorded runs of jobs, their resumable steps, and the lease that lets one process write."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from uuid import UUID


class RunState(StrEnum):
    """How a run or a step stands."""

    RUNNING = "running"
    SUCCEEDED = "succeeded"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Run:
    """One run of a job for one scheduled moment; there is at most one for each."""

    id: UUID
    job: str
    scheduled_at: datetime
    state: RunState
    started_at: datetime
    ended_at: datetime | None


@dataclass(frozen=True, slots=True)
class Step:
    """One named step of a run; ``attempt`` counts its starts from 1."""

    run_id: UUID
    name: str
    state: RunState
    attempt: int
    started_at: datetime
    ended_at: datetime | None
    result: Mapping[str, object] = field(default_factory=dict)
    error: str | None = None


@dataclass(frozen=True, slots=True)
class Lease:
    """The right to write under ``name`` until ``expires_at``; a new holder gets a higher epoch."""

    name: str
    holder: str
    epoch: int
    expires_at: datetime
