"""Right-sizing runs, what they recommend, and what was dismissed; append-only, by team."""

from datetime import date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from service.store.base import Base


class RightsizingRunRow(Base):
    """One look at what the GPUs did in a window; ``unseen`` kinds of work could not be judged.

    ``account_run`` is the accounting run whose period it looked at, else it is of the last days.
    """

    __tablename__ = "rightsizing_run"
    __table_args__ = (
        CheckConstraint("first_day < end_day", name="window_not_empty"),
        Index("ix_rightsizing_run_at", "at"),
        Index("ix_rightsizing_run_account_run", "account_run"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    at: Mapped[datetime]
    first_day: Mapped[date]
    end_day: Mapped[date]
    works: Mapped[int]
    unseen: Mapped[int]
    account_run: Mapped[UUID | None]


class RecommendationRow(Base):
    """What a run recommends for one kind of work."""

    __tablename__ = "recommendation"
    __table_args__ = (CheckConstraint("length(currency) = 3", name="currency_iso"),)

    run_id: Mapped[UUID] = mapped_column(ForeignKey("rightsizing_run.id"), primary_key=True)
    id: Mapped[str] = mapped_column(primary_key=True)
    team: Mapped[str]
    project: Mapped[str]
    work: Mapped[str]
    accelerator_model: Mapped[str]
    mode: Mapped[str]
    rule: Mapped[str]
    target: Mapped[str]
    saving: Mapped[Decimal]
    committed_ms: Mapped[int]
    excess_ms: Mapped[int]
    excess_cost: Mapped[Decimal]
    currency: Mapped[str]
    confidence: Mapped[str]
    evidence: Mapped[dict[str, Any]]


class DismissalRow(Base):
    """A recommendation that was looked at and is not wanted; it stays dismissed."""

    __tablename__ = "recommendation_dismissal"

    recommendation_id: Mapped[str] = mapped_column(primary_key=True)
    team: Mapped[str]
    reason: Mapped[str]
    at: Mapped[datetime]
    by: Mapped[str] = mapped_column("dismissed_by")
