"""Runs of jobs, their steps, and leases."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from service.domain.runs import RunState
from service.store.base import Base

STATES = ", ".join(f"'{state.value}'" for state in RunState)


class RunRow(Base):
    """One run of a job for one scheduled moment."""

    __tablename__ = "run"
    __table_args__ = (
        UniqueConstraint("job", "scheduled_at"),
        CheckConstraint(f"state IN ({STATES})", name="state_known"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    job: Mapped[str]
    scheduled_at: Mapped[datetime]
    state: Mapped[str]
    started_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]


class StepRow(Base):
    """One step of a run; a new attempt overwrites the one before."""

    __tablename__ = "step"
    __table_args__ = (CheckConstraint(f"state IN ({STATES})", name="state_known"),)

    run_id: Mapped[UUID] = mapped_column(ForeignKey("run.id"), primary_key=True)
    name: Mapped[str] = mapped_column(primary_key=True)
    state: Mapped[str]
    attempt: Mapped[int]
    started_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]
    result: Mapped[dict[str, Any]]
    error: Mapped[str | None]


class LeaseRow(Base):
    """Who may write under a name, and until when; the epoch only grows."""

    __tablename__ = "lease"

    name: Mapped[str] = mapped_column(primary_key=True)
    holder: Mapped[str]
    epoch: Mapped[int]
    expires_at: Mapped[datetime]
