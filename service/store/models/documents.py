"""Applied policy and capacity files; append-only."""

from datetime import date, datetime

from sqlalchemy import CheckConstraint
from sqlalchemy.orm import Mapped, mapped_column

from service.store.base import Base


class DocumentRow(Base):
    """What policies and capacities have in common."""

    __abstract__ = True

    version: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    effective_from: Mapped[date]
    sha256: Mapped[str]
    text: Mapped[str]
    applied_at: Mapped[datetime]
    applied_by: Mapped[str]


class PolicyRow(DocumentRow):
    """A version of the allocation policy."""

    __tablename__ = "policy"
    __table_args__ = (CheckConstraint("version >= 1", name="version_from_1"),)


class CapacityRow(DocumentRow):
    """A version of quotas, commitments, reservations and capacity blocks."""

    __tablename__ = "capacity"
    __table_args__ = (CheckConstraint("version >= 1", name="version_from_1"),)
