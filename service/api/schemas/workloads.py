"""Workloads on the wire."""

from datetime import datetime
from typing import Self
from uuid import UUID

from pydantic import BaseModel

from service.domain.workloads import Workload


class WorkloadOut(BaseModel):
    """A workload that was submitted, now or by an earlier request with the same key."""

    id: UUID
    name: str
    team: str
    state: str
    submitted_at: datetime

    @classmethod
    def of(cls, workload: Workload) -> Self:
        """Write it for the wire."""
        return cls(
            id=workload.id,
            name=workload.name,
            team=workload.team,
            state=workload.state,
            submitted_at=workload.submitted_at,
        )


class SubmittedOut(BaseModel):
    """The workloads of one request, in its order."""

    workloads: list[WorkloadOut]
