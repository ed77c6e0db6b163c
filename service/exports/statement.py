"""A team's statement of one period: what it bears, how final that is, and what adds up to it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from service.domain.closing import PeriodState
from service.domain.money import Money, money_sums, sum_money
from service.domain.policy import CostBasis

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import date, datetime

    from service.domain.bookkeeping import MonthRate
    from service.domain.periods import Period
    from service.domain.reporting import Reported
    from service.domain.statements import StatementLine

RESTATEMENT = "restatement"
"""The kind of lines that correct an earlier, closed period."""

OTHER = "other"
"""The kind of lines whose own word is none of these; files build formulas with kinds."""

KINDS = {
    "direct": "Direct: owned by account, tag or resource",
    "shared": "Shared: your part of pools and common services",
    "distributed": "Passed on to other teams",
    "idle": "Idle: pool time that nobody used",
    "unused_commitment": "Commitments that were paid and not used",
    "unallocated": "Without an owner",
    RESTATEMENT: "Corrections to earlier months",
    OTHER: "Other",
}
"""The kinds of lines in the order in which they are told, in words."""

_ORDER = tuple(KINDS)
_CODE_LENGTH = 3


@dataclass(frozen=True, slots=True)
class Total:
    """What lines come to: those of one kind, or all; ``unpriced`` of them have no known price."""

    kind: str
    amount: Money
    lines: int
    unpriced: int
    cost_lines: int


@dataclass(frozen=True, slots=True)
class Statement:
    """What one team is charged for one period.

    ``cost`` is the cost that it is charged by; ``head`` is the hash of the period's close;
    ``created`` is the moment that all files carry as theirs; ``previous`` is what the month before
    came to by currency, if that is known; ``reported`` is what all currencies come to in the
    reporting currency, where there is one.
    """

    company: str
    period: Period
    team: str
    state: PeriodState
    lines: tuple[StatementLine, ...]
    currency: str
    created: datetime
    reconciliation: str
    cost: CostBasis = CostBasis.EFFECTIVE
    team_title: str = ""
    final_through: date | None = None
    head: str | None = None
    previous: Mapping[str, Money] | None = None
    reported: Reported | None = None

    def __post_init__(self) -> None:
        """Refuse what would tell a team a wrong thing.

        Raises:
            ValueError: When the period was not allocated yet, a line is another team's, a currency
                is none, the reporting currency tells of other amounts, or there is no head on a
                closed statement or one on another.
        """
        if self.state is PeriodState.OPEN:
            raise ValueError(f"{self.period} {self.team}: nothing is allocated yet to tell of")
        if (self.state is PeriodState.CLOSED) != (self.head is not None):
            raise ValueError(f"{self.period} {self.team}: a statement has a head once it is closed")
        for line in self.lines:
            if line.team != self.team:
                raise ValueError(f"line {line.id} is of team {line.team}, not of {self.team}")
        for code in self.currencies:
            if len(code) != _CODE_LENGTH or not code.isalnum():
                raise ValueError(f"{code!r} is no currency; accepted are codes of ISO 4217, as USD")
        if self.reported is not None:
            told = money_sums(part.amount for part in self.reported.parts)
            if told != money_sums(map(self.amount, self.lines)):
                raise ValueError(f"{self.period} {self.team}: not its own amounts were converted")

    @property
    def currencies(self) -> tuple[str, ...]:
        """All currencies that occur, the statement's own first."""
        others = {line.currency for line in self.lines} - {self.currency}
        return (self.currency, *sorted(others))

    @property
    def title(self) -> str:
        """The team as people call it."""
        return self.team_title or self.team

    @property
    def final_through_text(self) -> str | None:
        """The last day whose bills are final, as YYYY-MM-DD."""
        return self.final_through.isoformat() if self.final_through else None

    @property
    def reporting_currency(self) -> str | None:
        """The currency that all others are also told in, if there is one."""
        return self.reported.total.currency if self.reported else None

    def amount(self, line: StatementLine) -> Money:
        """Return what a line charges, as it was stored with the line."""
        return line.charged

    def rate(self, line: StatementLine) -> MonthRate | None:
        """Return the rate that a line's total was converted at, if it was."""
        if self.reported is None:
            return None
        return self.reported.rate_of(line.currency, line.origin_period)

    def sorted_lines(self) -> tuple[StatementLine, ...]:
        """Give the lines by currency and kind, the largest first; the same whatever came in."""
        currencies = {code: place for place, code in enumerate(self.currencies)}
        return tuple(
            sorted(
                self.lines,
                key=lambda line: (
                    currencies[line.currency],
                    _ORDER.index(kind_of(line)),
                    -abs(self.amount(line)).pico,
                    line.id,
                ),
            )
        )

    def total(self, currency: str) -> Total:
        """Return what all lines of a currency come to."""
        lines = [line for line in self.lines if line.currency == currency]
        return self._total("total", lines, currency)

    def totals_by_kind(self, currency: str) -> tuple[Total, ...]:
        """Return what each kind of lines comes to, in the order in which they are told."""
        by_kind: dict[str, list[StatementLine]] = {}
        for line in self.lines:
            if line.currency == currency:
                by_kind.setdefault(kind_of(line), []).append(line)
        return tuple(
            self._total(kind, by_kind[kind], currency) for kind in sorted(by_kind, key=_ORDER.index)
        )

    def corrections(self) -> dict[tuple[str, str], dict[str, Money]]:
        """Sum the restatement lines by original period and reason, then by currency."""
        found: dict[tuple[str, str], list[Money]] = {}
        for line in self.lines:
            if kind_of(line) == RESTATEMENT:
                found.setdefault((line.origin_period, line.reason), []).append(self.amount(line))
        return {key: money_sums(found[key]) for key in sorted(found)}

    def _total(self, kind: str, lines: Sequence[StatementLine], currency: str) -> Total:
        return Total(
            kind=kind,
            amount=sum_money(map(self.amount, lines), currency),
            lines=len(lines),
            unpriced=sum(line.cost(self.cost) is None for line in lines),
            cost_lines=sum(line.cost_lines for line in lines),
        )


def kind_of(line: StatementLine) -> str:
    """Return the kind of a line: that of its allocation, or that it corrects an earlier period."""
    if line.origin_period:
        return RESTATEMENT
    return line.line if line.line in KINDS else OTHER
