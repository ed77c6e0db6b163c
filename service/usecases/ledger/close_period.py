"""Closes a billing period for good: statements, postings and facts are sealed together."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from service.domain.closing import PeriodClose
from service.domain.hindrances import ClosingRule, hindrances
from service.domain.ledger import delta
from service.domain.records import AuditEntry
from service.errors import ComptrollerError, ConflictError
from service.usecases.ledger.facts import closing_facts
from service.usecases.ledger.post_period import post_period
from service.usecases.ledger.wanted import wanted_books
from service.usecases.run_period import no_guard
from service.usecases.stale_periods import ALLOCATION, open_periods
from warehouse.seal import seal

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime
    from uuid import UUID

    from service.config import Settings
    from service.domain.periods import Period
    from service.store.store import Store, UnitOfWork
    from service.usecases.ledger.wanted import WantedBooks
    from warehouse.lake import Lake
    from warehouse.port import Engine, Guard, Partition

BY_RULE = "rule"
"""The approver of a period that was closed without anybody's word."""


class NotClosableError(ComptrollerError):
    """Something hinders the close; nothing was changed."""

    status = 409
    code = "not-closable"


@dataclass(frozen=True, slots=True)
class Closer:
    """Closes periods by one rule."""

    rule: ClosingRule
    lake: Lake
    engine: Engine
    store: Store
    new_id: Callable[[], UUID]
    clock: Callable[[], datetime]
    guard: Guard = no_guard

    def hindrances(self, period: Period, reason: str | None = None) -> tuple[str, ...]:
        """Return what hinders the close of an open period whose allocation is current.

        Raises:
            NotFoundError: When no bill of it was loaded.
            ConflictError: When its facts changed since it was allocated, or change meanwhile.
        """
        return self._hindrances(self._books(period), reason)

    def close(self, period: Period, *, approver: str, reason: str | None = None) -> PeriodClose:
        """Close ``period``, whose statements cannot change any more after it.

        Args:
            period: An open period, all earlier ones of which are closed.
            approver: Who says so; ``rule`` where nobody does.
            reason: Why a person closes it although figures may still move.

        Raises:
            NotClosableError: When something hinders it; the message has all of it.
            PeriodClosedError: When it is closed already.
            ConflictError: When its facts changed since it was allocated, or change meanwhile.
        """
        post_period(
            period,
            lake=self.lake,
            engine=self.engine,
            store=self.store,
            actor=approver,
            new_id=self.new_id,
            clock=self.clock,
            guard=self.guard,
        )
        books = self._books(period)
        if found := self._hindrances(books, reason):
            raise NotClosableError(f"{period} was not closed: {'; '.join(found)}")
        close = self._draft(books, approver, reason)
        with self.store.work() as work:
            return self._seal(close, books, work)

    def close_by_rule(self) -> tuple[PeriodClose, ...]:
        """Close every open period that nothing hinders, oldest first."""
        closed = []
        for period in open_periods(lake=self.lake, store=self.store):
            if self.hindrances(period):
                break
            closed.append(self.close(period, approver=BY_RULE))
        return tuple(closed)

    def _books(self, period: Period) -> WantedBooks:
        return wanted_books(period, lake=self.lake, engine=self.engine, store=self.store)

    def _hindrances(self, books: WantedBooks, reason: str | None) -> tuple[str, ...]:
        facts = closing_facts(
            books,
            lake=self.lake,
            engine=self.engine,
            store=self.store,
            today=self.clock().date(),
        )
        return hindrances(facts, self.rule, reason)

    def _draft(self, books: WantedBooks, approver: str, reason: str | None) -> PeriodClose:
        """Describe the close; the files that it rests on are read once from end to end."""
        period = books.period
        told = {str(period), *books.restated}

        def wanted(place: Partition) -> bool:
            if place.table in ALLOCATION.tables:
                return place.period in told
            return ALLOCATION.touches(place, period)

        return PeriodClose(
            period=str(period),
            at=self.clock(),
            approver=approver,
            policy_version=books.run.policy_version,
            allocation_run=books.run.id,
            snapshots=books.view.snapshots,
            restated={origin: str(run) for origin, run in books.restated.items()},
            files=seal(self.lake, books.view.snapshots, wanted),
            cost=str(books.basis),
            rates={},
            reason=reason,
        )

    def _seal(self, close: PeriodClose, books: WantedBooks, work: UnitOfWork) -> PeriodClose:
        work.closes.hold(close.period)
        if delta(books.sums, work.ledger.sums(period=close.period)):
            raise ConflictError(f"{close.period} was posted to meanwhile; close it again")
        postings = work.ledger.postings(close.period)
        sealed = close.sealed(work.closes.latest(), books.lines, postings)
        work.statements.add(sealed.period, books.lines)
        work.closes.add(sealed)
        work.audit.add(_audit(sealed))
        for table, snapshot in sealed.snapshots.items():
            if snapshot is not None:
                self.lake.tag(table, snapshot, f"close-{sealed.period}-{sealed.head[:12]}")
        self.guard()
        return sealed


def closer_of(  # noqa: PLR0913  (every long-lived part comes by name)
    settings: Settings,
    *,
    lake: Lake,
    engine: Engine,
    store: Store,
    new_id: Callable[[], UUID],
    clock: Callable[[], datetime],
    guard: Guard = no_guard,
) -> Closer:
    """Return what closes periods by the rule of the settings."""
    rule = ClosingRule(settings.close_unallocated_percent, settings.close_settle_days)
    return Closer(rule, lake, engine, store, new_id, clock, guard)


def _audit(close: PeriodClose) -> AuditEntry:
    detail = {"head": close.head, "reason": close.reason}
    return AuditEntry(close.at, close.approver, "period.close", f"period {close.period}", detail)
