"""Requests for accelerators, from the queue to their end."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID


class WorkloadState(StrEnum):
    """How far a workload has come."""

    QUEUED = "queued"
    PLANNED = "planned"
    CLAIMED = "claimed"
    RUNNING = "running"
    PREEMPTED = "preempted"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    CANCELLED = "cancelled"


@dataclass(frozen=True, slots=True)
class Workload:
    """A submitted workload; ``document`` is what its author wrote, with defaults filled in.

    ``idempotency_key`` names a submission within its team: the same key with the same
    ``body_sha256`` is the same workload, with another one a conflict.
    """

    id: UUID
    name: str
    team: str
    project: str | None
    user: str | None
    state: WorkloadState
    submitted_at: datetime
    idempotency_key: str | None
    body_sha256: str
    document: Mapping[str, object]
