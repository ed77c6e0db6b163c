"""The lines of closed statements, and what teams question about lines; append-only, by team."""

from datetime import datetime
from decimal import Decimal
from uuid import UUID

from sqlalchemy import (
    CheckConstraint,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    UniqueConstraint,
)
from sqlalchemy.orm import Mapped, mapped_column

from service.domain.disputes import Outcome
from service.store.base import Base

_OUTCOMES = ", ".join(f"'{outcome.value}'" for outcome in Outcome)


class StatementLineRow(Base):
    """One line of a team's statement, as it was when its period was closed.

    Lines are written before the close, in the same transaction: a closed period takes no more of
    them, and lines whose period is not closed when the transaction ends are refused.
    """

    __tablename__ = "statement_line"
    __table_args__ = (
        CheckConstraint("length(currency) = 3", name="currency_iso"),
        Index("ix_statement_line_team", "team"),
    )

    period: Mapped[str] = mapped_column(
        ForeignKey("period_close.period", deferrable=True, initially="DEFERRED"), primary_key=True
    )
    id: Mapped[str] = mapped_column(primary_key=True)
    team: Mapped[str]
    line: Mapped[str]
    pool: Mapped[str]
    provider: Mapped[str]
    account: Mapped[str]
    service: Mapped[str]
    charge_category: Mapped[str]
    commitment: Mapped[str]
    method_id: Mapped[str]
    currency: Mapped[str]
    origin_period: Mapped[str]
    reason: Mapped[str]
    billed_cost: Mapped[Decimal]
    effective_cost: Mapped[Decimal]
    contracted_cost: Mapped[Decimal | None]
    list_cost: Mapped[Decimal | None]
    charged_cost: Mapped[Decimal]
    cost_lines: Mapped[int]


class DisputeRow(Base):
    """A team's question about a line, whether its period is closed or not."""

    __tablename__ = "dispute"
    __table_args__ = (
        UniqueConstraint("id", "team"),
        Index("ix_dispute_period", "period"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    period: Mapped[str]
    line_id: Mapped[str]
    team: Mapped[str]
    opened_at: Mapped[datetime]
    opened_by: Mapped[str]
    comment: Mapped[str]


class DisputeAnswerRow(Base):
    """An answer to a dispute; ``team`` is the dispute's, so that the team sees it."""

    __tablename__ = "dispute_answer"
    __table_args__ = (
        ForeignKeyConstraint(["dispute_id", "team"], ["dispute.id", "dispute.team"]),
        CheckConstraint(f"outcome IN ({_OUTCOMES})", name="outcome_known"),
        Index("ix_dispute_answer_dispute_id", "dispute_id"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    dispute_id: Mapped[UUID]
    team: Mapped[str]
    at: Mapped[datetime]
    by: Mapped[str] = mapped_column("answered_by")
    outcome: Mapped[str]
    text: Mapped[str]
    batch_id: Mapped[UUID | None] = mapped_column(ForeignKey("ledger_batch.id"))
