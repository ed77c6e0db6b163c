"""What each load brought; append-only."""

from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import ForeignKey, Index, Numeric
from sqlalchemy.orm import Mapped, mapped_column

from service.store.base import Base


class DeliveryRow(Base):
    """One load; ``id`` is the load id in its rows."""

    __tablename__ = "delivery"
    __table_args__ = (Index("ix_delivery_loaded_at", "loaded_at"),)

    id: Mapped[UUID] = mapped_column(primary_key=True)
    source: Mapped[str]
    kind: Mapped[str]
    dialect: Mapped[str]
    version: Mapped[int]
    complete: Mapped[bool]
    periods: Mapped[list[str]]
    rows: Mapped[int] = mapped_column("row_count")
    quarantined: Mapped[int]
    findings: Mapped[list[Any]]
    loaded_at: Mapped[datetime]
    seconds: Mapped[float]
    mark: Mapped[str | None]


class DeliveryRestatementRow(Base):
    """What a delivery changed of one account's service, in one currency."""

    __tablename__ = "delivery_restatement"

    delivery_id: Mapped[UUID] = mapped_column(ForeignKey("delivery.id"), primary_key=True)
    position: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    account: Mapped[str | None]
    service: Mapped[str | None]
    currency: Mapped[str | None]
    rows_added: Mapped[int]
    rows_removed: Mapped[int]
    rows_changed: Mapped[int]
    billed_added: Mapped[Decimal]
    billed_removed: Mapped[Decimal]
    billed_changed: Mapped[Decimal]
    effective_added: Mapped[Decimal]
    effective_removed: Mapped[Decimal]
    effective_changed: Mapped[Decimal]


class DeliveryFileRow(Base):
    """A file of a delivery; rows name it by the first 16 digits of its hash."""

    __tablename__ = "delivery_file"
    __table_args__ = (Index("ix_delivery_file_sha256", "sha256"),)

    delivery_id: Mapped[UUID] = mapped_column(ForeignKey("delivery.id"), primary_key=True)
    position: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    name: Mapped[str]
    sha256: Mapped[str]


class DeliveryAmountRow(Base):
    """Money that a delivery lost or gained on the way in, by currency.

    ``rounding`` has no fixed scale: it is what was rounded away, which lies beyond 12 decimals.
    """

    __tablename__ = "delivery_amount"

    delivery_id: Mapped[UUID] = mapped_column(ForeignKey("delivery.id"), primary_key=True)
    currency: Mapped[str] = mapped_column(primary_key=True)
    quarantined_cost: Mapped[Decimal | None]
    rounding: Mapped[Decimal | None] = mapped_column(Numeric)
