"""What is written down once and never changed: documents, deliveries, allocation runs, audit."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

ALLOCATED = "allocation"
"""The kind of runs that charge the cost lines of a period."""


@dataclass(frozen=True, slots=True)
class DocumentVersion:
    """One applied version of a policy or capacity file; ``text`` is the file as it was given."""

    version: int
    effective_from: date
    sha256: str
    text: str
    applied_at: datetime
    applied_by: str

    def __post_init__(self) -> None:
        """Refuse versions that cannot be counted."""
        if self.version < 1:
            raise ValueError(f"version {self.version}: versions count from 1")


@dataclass(frozen=True, slots=True)
class Finding:
    """A rule of FOCUS that some rows of a delivery broke without stopping it."""

    rule: str
    column: str
    rows: int


@dataclass(frozen=True, slots=True)
class Restatement:
    """What a delivery changed of an account's service: lines and money, in one currency.

    Added and removed lines have no counterpart; of changed ones only the costs differ, and the
    changed amounts are new minus old. ``None`` is what the bill does not say.
    """

    account: str | None
    service: str | None
    currency: str | None
    rows_added: int
    rows_removed: int
    rows_changed: int
    billed_added: Decimal
    billed_removed: Decimal
    billed_changed: Decimal
    effective_added: Decimal
    effective_removed: Decimal
    effective_changed: Decimal


@dataclass(frozen=True, slots=True)
class DeliveryRecord:
    """What one load brought; ``id`` is the load id that its rows carry.

    ``files`` are pairs of name and SHA-256. ``rounding`` is what rounding to 12 decimals added to
    the delivered billed costs of each currency: exact for decimals and text, for doubles right to
    a hundredth of 10⁻¹² a row (stored amounts are exact anyway); ``quarantined_cost`` is the billed
    cost that the rejected rows carried where it could be read. ``mark`` is the source's own name
    for the content; ``restated`` says what changed where the periods held something before.
    """

    id: UUID
    source: str
    kind: str
    dialect: str
    version: int
    complete: bool
    files: tuple[tuple[str, str], ...]
    periods: tuple[str, ...]
    rows: int
    quarantined: int
    loaded_at: datetime
    seconds: float
    quarantined_cost: Mapping[str, Decimal] = field(default_factory=dict)
    rounding: Mapping[str, Decimal] = field(default_factory=dict)
    findings: tuple[Finding, ...] = ()
    mark: str | None = None
    restated: tuple[Restatement, ...] = ()


@dataclass(frozen=True, slots=True)
class PeriodRun:
    """One run over one billing period: which facts and policy went in, and what came out.

    ``snapshots`` maps each table that was read to its snapshot (``None``: it was empty),
    ``written`` each that was written to its new one; ``policy_version`` is ``None`` where no
    policy was in effect; ``proof`` tells that it adds up, with amounts as exact decimal strings.
    """

    id: UUID
    kind: str
    period: str
    policy_version: int | None
    at: datetime
    snapshots: Mapping[str, int | None]
    written: Mapping[str, int | None]
    rows: int
    proof: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class CostTotals:
    """The four costs of FOCUS in one currency, exact to 12 decimals."""

    billed_cost: Decimal
    effective_cost: Decimal
    contracted_cost: Decimal
    list_cost: Decimal


@dataclass(frozen=True, slots=True)
class CurrencyTotals:
    """What the bills of a period say in one currency, and what was allocated of it."""

    currency: str
    bills: CostTotals
    allocations: CostTotals
    difference: CostTotals


@dataclass(frozen=True, slots=True)
class AllocationRun:
    """One allocation of one billing period: which facts and policy went in, and that it adds up.

    ``snapshots`` maps each table that was read to its snapshot (``None``: it was empty);
    ``allocation_snapshot`` is the snapshot that the run wrote (``None``: there was nothing to
    write); ``policy_version`` is ``None`` where no policy was in effect.
    """

    id: UUID
    period: str
    policy_version: int | None
    at: datetime
    snapshots: Mapping[str, int | None]
    allocation_snapshot: int | None
    totals: tuple[CurrencyTotals, ...]
    rows: int

    @classmethod
    def of(cls, run: PeriodRun, totals: tuple[CurrencyTotals, ...]) -> "AllocationRun":
        """Return a run of kind ``allocation`` together with its totals."""
        return cls(
            id=run.id,
            period=run.period,
            policy_version=run.policy_version,
            at=run.at,
            snapshots=run.snapshots,
            allocation_snapshot=run.written["allocation"],
            totals=totals,
            rows=run.rows,
        )


@dataclass(frozen=True, slots=True)
class AuditEntry:
    """Who did what to what, and when."""

    at: datetime
    actor: str
    action: str
    subject: str
    detail: Mapping[str, object] = field(default_factory=dict)
