"""The books: batches and their postings, closes, and the rates of months; all append-only."""

from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, ForeignKeyConstraint, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from service.domain.ledger import AccountKind
from service.store.base import Base

_KINDS = ", ".join(f"'{kind.value}'" for kind in AccountKind)
_SHA256 = "~ '^[0-9a-f]{64}$'"


class LedgerBatchRow(Base):
    """Postings that were made together."""

    __tablename__ = "ledger_batch"
    __table_args__ = (
        UniqueConstraint("id", "period"),
        Index("ix_ledger_batch_period", "period"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    period: Mapped[str]
    run_id: Mapped[UUID | None] = mapped_column(ForeignKey("period_run.id"))
    at: Mapped[datetime]
    actor: Mapped[str]
    reason: Mapped[str]


class LedgerPostingRow(Base):
    """One amount that moved from the credited to the debited account, in its batch's period."""

    __tablename__ = "ledger_posting"
    __table_args__ = (
        ForeignKeyConstraint(["batch_id", "period"], ["ledger_batch.id", "ledger_batch.period"]),
        CheckConstraint("amount > 0", name="amount_positive"),
        CheckConstraint("length(currency) = 3", name="currency_iso"),
        CheckConstraint(f"debit_kind IN ({_KINDS})", name="debit_known"),
        CheckConstraint(f"credit_kind IN ({_KINDS})", name="credit_known"),
        CheckConstraint(
            "(debit_kind, debit_name) <> (credit_kind, credit_name)", name="two_accounts"
        ),
        Index("ix_ledger_posting_period", "period"),
    )

    batch_id: Mapped[UUID] = mapped_column(primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    period: Mapped[str]
    origin_period: Mapped[str]
    debit_kind: Mapped[str]
    debit_name: Mapped[str]
    credit_kind: Mapped[str]
    credit_name: Mapped[str]
    reason: Mapped[str]
    invoice_issuer: Mapped[str]
    invoice: Mapped[str]
    amount: Mapped[Decimal]
    currency: Mapped[str]


class PeriodCloseRow(Base):
    """A closed period: what went into its statements, and its link in the chain of closes."""

    __tablename__ = "period_close"
    __table_args__ = (
        UniqueConstraint("head"),
        UniqueConstraint("previous_head"),
        *(
            CheckConstraint(f"{digest} {_SHA256}", name=f"{digest}_is_sha256")
            for digest in (
                "policy_sha256",
                "lines_sha256",
                "postings_sha256",
                "previous_head",
                "head",
            )
        ),
    )

    period: Mapped[str] = mapped_column(primary_key=True)
    at: Mapped[datetime]
    approver: Mapped[str]
    policy_version: Mapped[int | None] = mapped_column(ForeignKey("policy.version"))
    policy_sha256: Mapped[str | None]
    allocation_method: Mapped[str]
    allocation_run: Mapped[UUID] = mapped_column(ForeignKey("period_run.id"))
    snapshots: Mapped[dict[str, Any]]
    cost: Mapped[str]
    rates: Mapped[dict[str, Any]]
    restated: Mapped[dict[str, Any]]
    files: Mapped[dict[str, Any]]
    method: Mapped[str]
    lines_sha256: Mapped[str]
    postings_sha256: Mapped[str]
    previous_head: Mapped[str]
    head: Mapped[str]
    reason: Mapped[str | None]


class ExchangeRateRow(Base):
    """What a currency is worth in another throughout a month; the newest row of a pair holds."""

    __tablename__ = "exchange_rate"
    __table_args__ = (
        CheckConstraint("rate > 0", name="rate_positive"),
        CheckConstraint("from_currency <> to_currency", name="two_currencies"),
    )

    month: Mapped[str] = mapped_column(primary_key=True)
    from_currency: Mapped[str] = mapped_column(primary_key=True)
    to_currency: Mapped[str] = mapped_column(primary_key=True)
    at: Mapped[datetime] = mapped_column(primary_key=True)
    rate: Mapped[Decimal]
    source: Mapped[str]
    actor: Mapped[str]
