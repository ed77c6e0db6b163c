"""Plans and their placements; append-only, placements with row-level security."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from service.store.base import Base


class PlanRow(Base):
    """A plan without its placements; amounts are millionths of ``currency``."""

    __tablename__ = "plan"
    __table_args__ = (
        CheckConstraint("bound_micros <= cost_micros", name="bound_below_cost"),
        CheckConstraint("length(currency) = 3", name="currency_iso"),
        Index("ix_plan_created_at", "created_at"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    run_id: Mapped[UUID | None] = mapped_column(ForeignKey("run.id"), unique=True)
    created_at: Mapped[datetime]
    horizon_start: Mapped[datetime]
    slot_minutes: Mapped[int]
    status: Mapped[str]
    cost_micros: Mapped[int]
    bound_micros: Mapped[int]
    currency: Mapped[str]
    baselines: Mapped[dict[str, Any]]
    instance_sha256: Mapped[str]
    stale_inputs: Mapped[list[str]]


class PlacementRow(Base):
    """What a plan says about one workload."""

    __tablename__ = "placement"
    __table_args__ = (
        CheckConstraint(
            "num_nulls(offer, starts_at, ends_at) IN (0, 3)", name="offer_and_window_together"
        ),
        CheckConstraint("starts_at < ends_at", name="window_not_empty"),
        Index("ix_placement_workload_id", "workload_id"),
    )

    plan_id: Mapped[UUID] = mapped_column(ForeignKey("plan.id"), primary_key=True)
    position: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    workload_id: Mapped[UUID] = mapped_column(ForeignKey("workload.id"))
    workload_name: Mapped[str]
    team: Mapped[str]
    offer: Mapped[str | None]
    starts_at: Mapped[datetime | None]
    ends_at: Mapped[datetime | None]
    cost_micros: Mapped[int]
    reason_code: Mapped[str]
    reason: Mapped[str]
