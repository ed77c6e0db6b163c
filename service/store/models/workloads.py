"""The queue; row-level security shows each team its own."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from service.domain.workloads import WorkloadState
from service.store.base import Base

STATES = ", ".join(f"'{state.value}'" for state in WorkloadState)


class WorkloadRow(Base):
    """A submitted workload; only its state ever changes."""

    __tablename__ = "workload"
    __table_args__ = (
        CheckConstraint(f"state IN ({STATES})", name="state_known"),
        Index(
            "uq_workload_team_idempotency_key",
            "team",
            "idempotency_key",
            unique=True,
            postgresql_where=text("idempotency_key IS NOT NULL"),
        ),
        Index("ix_workload_state_submitted_at", "state", "submitted_at"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    name: Mapped[str]
    team: Mapped[str]
    project: Mapped[str | None]
    user: Mapped[str | None] = mapped_column("user_name")
    state: Mapped[str]
    submitted_at: Mapped[datetime]
    idempotency_key: Mapped[str | None]
    body_sha256: Mapped[str]
    document: Mapped[dict[str, Any]]
