"""Moves a part of a statement line to another team by a posting that people decide on."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from service.domain.bookkeeping import LedgerBatch
from service.domain.ledger import Account, AccountKind, Entry, Posting, Reason
from service.domain.money import Money, sum_money
from service.domain.periods import Period
from service.domain.posting_rules import bearer
from service.domain.restating import ADJUSTMENT
from service.errors import ConflictError, InputError, NotFoundError
from service.usecases.ledger.statements import period_lines
from service.usecases.stale_periods import open_periods
from service.usecases.stored_documents import policy_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from datetime import datetime
    from decimal import Decimal
    from uuid import UUID

    from service.domain.disputes import Dispute
    from service.domain.statements import StatementLine
    from service.store.store import Store, UnitOfWork
    from warehouse.lake import Lake
    from warehouse.port import Engine


@dataclass(frozen=True, slots=True)
class Move:
    """How much of a disputed line another team shall bear, in the currency of the line."""

    team: str
    amount: Decimal


@dataclass(frozen=True, slots=True)
class Adjustment:
    """A posting, and what its line has; ``is_net`` where earlier moves are taken off already."""

    posting: Posting
    borne: Money
    is_net: bool


@dataclass(frozen=True, slots=True)
class Adjuster:
    """Finds lines of statements, and posts what people move of them."""

    lake: Lake
    engine: Engine
    store: Store
    new_id: Callable[[], UUID]
    clock: Callable[[], datetime]

    def line(self, line_id: str, period: Period) -> StatementLine:
        """Return a line of the statements of a period.

        Raises:
            NotFoundError: When there is no such line.
            ConflictError: When the period's facts changed since it was allocated.
        """
        found = period_lines(period, lake=self.lake, engine=self.engine, store=self.store)
        for line in found.lines:
            if line.id == line_id:
                return line
        raise NotFoundError(
            f"the statements of {period} have no line {line_id}; accepted is the line_id of a"
            " statement's file"
        )

    def draft(self, dispute: Dispute, move: Move) -> Adjustment:
        """Return what ``move`` posts: in the line's period while it is open, else in the next one.

        Raises:
            NotFoundError: When the line is gone.
            InputError: When the team is unknown or bears the line, or the amount has no sense.
            ConflictError: When the period is closed and no later open one has bills yet, or its
                facts changed since it was allocated.
        """
        period = Period(dispute.period)
        line = self.line(dispute.line_id, period)
        standing = self._standing(period)
        self._check_team(line, move.team, standing)
        amount = _amount(move.amount, line.charged)
        # Within an open period a line of adjustments shows already what was moved away from it.
        is_net = line.method_id == ADJUSTMENT and standing == period
        posting = _posting(line, period, standing, move.team, amount)
        return Adjustment(posting, abs(line.charged), is_net=is_net)

    def post(self, adjustment: Adjustment, dispute: Dispute, actor: str, work: UnitOfWork) -> UUID:
        """Post it in a batch of its own, whose id is returned.

        Raises:
            InputError: When more would be moved of the line, over all its disputes, than it has.
            PeriodClosedError: When the period to post in was closed meanwhile.
        """
        posting, currency = adjustment.posting, adjustment.borne.currency
        before = () if adjustment.is_net else _moved(dispute, work)
        moved = sum_money(before, currency)
        if posting.amount + moved > adjustment.borne:
            raise InputError(
                f"line {dispute.line_id} has {adjustment.borne.text()} {currency}, of which"
                f" {moved.text()} were moved before; {posting.amount.text()} is too much"
            )
        batch = LedgerBatch(
            id=self.new_id(),
            period=posting.entry.period,
            run_id=None,
            at=self.clock(),
            actor=actor,
            reason=f"dispute {dispute.id}",
        )
        work.ledger.add(batch, [posting])
        return batch.id

    def _standing(self, period: Period) -> Period:
        """Return the period that an adjustment of ``period`` stands in: it, or the next open one.

        It has bills, for a month without any has no statements and is never closed.
        """
        opened = open_periods(lake=self.lake, store=self.store)
        found = next((one for one in opened if one >= period), None)
        if found is None:
            raise ConflictError(
                f"{period} is closed and no later open month has bills that an adjustment could"
                " stand with; load a bill of the next month first"
            )
        return found

    def _check_team(self, line: StatementLine, team: str, period: Period) -> None:
        stored = policy_of(self.store, period)
        teams = stored.policy.teams if stored else frozenset[str]()
        if team not in teams:
            raise InputError(
                f"the policy of {period} has no team {team}; accepted are"
                f" {', '.join(sorted(teams)) or 'none'}"
            )
        if team == line.team:
            raise InputError(f"{team} bears line {line.id} already; name another team")


def _amount(amount: Decimal, borne: Money) -> Money:
    """Read what is to be moved: with the sign of the line, so of a credit it is below 0."""
    try:
        found = Money.parse(amount, borne.currency)
    except ValueError as error:
        raise InputError(str(error)) from error
    if found.decimal != amount or found.pico * borne.pico <= 0:
        raise InputError(
            f"{amount} cannot be moved of a line of {borne.text()} {borne.currency}; accepted are"
            " amounts of the same sign with up to 12 decimals"
        )
    return found


def _posting(
    line: StatementLine, period: Period, standing: Period, team: str, amount: Money
) -> Posting:
    entry = Entry(
        period=str(standing),
        origin_period=line.origin_period or str(period),
        debit=Account(AccountKind.TEAM, team),
        credit=bearer(line.line, line.team),
        reason=Reason.ADJUSTMENT,
    )
    return Posting(entry if amount.pico > 0 else entry.mirror, abs(amount))


def _moved(dispute: Dispute, work: UnitOfWork) -> Iterator[Money]:
    """Yield what accepted disputes moved of the line before."""
    for one in work.disputes.of(dispute.period):
        if one.line_id == dispute.line_id and one.ruling and one.ruling.batch_id:
            for posting in work.ledger.of_batch(one.ruling.batch_id):
                yield posting.amount
