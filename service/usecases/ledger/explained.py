"""What a line of a statement rests on, from the allocation down to the files of the bills."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import date, datetime
    from decimal import Decimal
    from uuid import UUID

    from service.domain.money import Money
    from service.domain.periods import Period
    from service.domain.statements import StatementLine


@dataclass(frozen=True, slots=True)
class ExplainedCostLine:
    """One line of a bill; ``file`` and ``loaded_at`` are ``None`` where no load is recorded."""

    amount: Money | None
    resource: str | None
    description: str | None
    source: str
    file: str | None
    record_number: int | None
    loaded_at: datetime | None
    load: str | None


@dataclass(frozen=True, slots=True)
class ExplainedRow:
    """A row of the allocation: an origin's part that stands on the line, told in ``words``.

    ``whole`` is the origin's whole cost; ``None`` is not known, of ``amount`` too. ``cost_lines``
    are the dearest of the ``lines_in_all`` that the origin has.
    """

    day: date
    days: int
    sku: str | None
    invoice_issuer: str | None
    invoice: str | None
    amount: Money | None
    method: str
    ratio: Decimal
    whole: Money | None
    words: str
    lines_in_all: int
    cost_lines: tuple[ExplainedCostLine, ...]


@dataclass(frozen=True, slots=True)
class LineRows:
    """The largest rows of a line, of how many there are, and what all of them come to."""

    rows: tuple[ExplainedRow, ...]
    rows_in_all: int
    amount: Money


@dataclass(frozen=True, slots=True)
class ToldBefore:
    """What the statements of a period said of a line that is restated now."""

    period: str
    amount: Money


@dataclass(frozen=True, slots=True)
class Moved:
    """What a person moved to the line (below 0: away from it), when and why."""

    amount: Money
    other: str
    at: datetime
    actor: str
    reason: str
    comment: str | None


@dataclass(frozen=True, slots=True)
class Explanation:
    """A statement line with all that it rests on.

    ``head`` is that of the period's close, ``None`` while it is open. ``origin`` is the period
    whose cost it tells of, ``run`` the allocation that says so (``None`` where people moved it).
    """

    period: Period
    line: StatementLine
    amount: Money
    cost: str
    head: str | None
    origin: Period
    run: UUID | None
    found: LineRows
    told: tuple[ToldBefore, ...] = ()
    moved: tuple[Moved, ...] = ()
