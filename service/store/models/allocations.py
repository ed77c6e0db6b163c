"""Allocation runs and their totals; append-only."""

from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from service.store.base import Base


class AllocationRunRow(Base):
    """One allocation of one billing period."""

    __tablename__ = "allocation_run"
    __table_args__ = (Index("ix_allocation_run_period_at", "period", "at"),)

    id: Mapped[UUID] = mapped_column(primary_key=True)
    period: Mapped[str]
    policy_version: Mapped[int | None] = mapped_column(ForeignKey("policy.version"))
    at: Mapped[datetime]
    snapshots: Mapped[dict[str, Any]]
    allocation_snapshot: Mapped[int | None]
    rows: Mapped[int] = mapped_column("row_count")


class AllocationTotalRow(Base):
    """The four costs of one side of a run in one currency."""

    __tablename__ = "allocation_total"
    __table_args__ = (
        CheckConstraint("side IN ('bills', 'allocations', 'difference')", name="side_known"),
    )

    run_id: Mapped[UUID] = mapped_column(ForeignKey("allocation_run.id"), primary_key=True)
    currency: Mapped[str] = mapped_column(primary_key=True)
    side: Mapped[str] = mapped_column(primary_key=True)
    billed_cost: Mapped[Decimal]
    effective_cost: Mapped[Decimal]
    contracted_cost: Mapped[Decimal]
    list_cost: Mapped[Decimal]
