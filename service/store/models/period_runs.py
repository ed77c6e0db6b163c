"""Runs over a billing period, and the totals of allocations; append-only."""

from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from service.store.base import Base


class PeriodRunRow(Base):
    """One run of some kind over one billing period."""

    __tablename__ = "period_run"
    __table_args__ = (Index("ix_period_run_kind_period_at", "kind", "period", "at"),)

    id: Mapped[UUID] = mapped_column(primary_key=True)
    kind: Mapped[str]
    period: Mapped[str]
    policy_version: Mapped[int | None] = mapped_column(ForeignKey("policy.version"))
    at: Mapped[datetime]
    snapshots: Mapped[dict[str, Any]]
    written: Mapped[dict[str, Any]]
    rows: Mapped[int] = mapped_column("row_count")
    proof: Mapped[dict[str, Any]]


class AllocationTotalRow(Base):
    """The four costs of one side of an allocation in one currency."""

    __tablename__ = "allocation_total"
    __table_args__ = (
        CheckConstraint("side IN ('bills', 'allocations', 'difference')", name="side_known"),
    )

    run_id: Mapped[UUID] = mapped_column(ForeignKey("period_run.id"), primary_key=True)
    currency: Mapped[str] = mapped_column(primary_key=True)
    side: Mapped[str] = mapped_column(primary_key=True)
    billed_cost: Mapped[Decimal]
    effective_cost: Mapped[Decimal]
    contracted_cost: Mapped[Decimal]
    list_cost: Mapped[Decimal]
