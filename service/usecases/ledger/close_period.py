"""Closes a billing period for good: statements, postings and facts are sealed together."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from service.domain.closing import PeriodClose
from service.domain.hindrances import ClosingRule, hindrances
from service.domain.ledger import delta
from service.domain.records import AuditEntry
from service.domain.restating import ADJUSTMENT, adjustment_lines
from service.errors import ComptrollerError, ConflictError, NotFoundError
from service.usecases.ledger.books import rests_on
from service.usecases.ledger.facts import closing_facts
from service.usecases.ledger.post_period import post_period
from service.usecases.ledger.reporting import needs, reporting_now
from service.usecases.ledger.wanted import wanted_books
from service.usecases.run_period import no_guard
from service.usecases.stale_periods import ALLOCATION, loaded_periods, open_periods
from warehouse.seal import seal

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from datetime import datetime
    from uuid import UUID

    from service.config import Settings
    from service.domain.periods import Period
    from service.store.store import Store, UnitOfWork
    from service.usecases.ledger.wanted import WantedBooks
    from warehouse.lake import Lake
    from warehouse.port import Engine, Guard

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
    reporting_currency: str | None = None

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

    def close_through(
        self, last: Period, *, approver: str, reason: str | None = None
    ) -> Iterator[PeriodClose]:
        """Close every open period up to ``last``, oldest first, each before it is yielded.

        Raises:
            NotFoundError: When no bill of ``last`` was loaded.
            NotClosableError: When something hinders one; those before it stay closed.
            ConflictError: When its facts changed since it was allocated, or change meanwhile.
        """
        if last not in loaded_periods(self.lake):
            raise NotFoundError(f"no bill of {last} was loaded")
        for period in open_periods(lake=self.lake, store=self.store):
            if period <= last:
                yield self.close(period, approver=approver, reason=reason)

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
            reporting_currency=self.reporting_currency,
        )
        return hindrances(facts, self.rule, reason)

    def _draft(self, books: WantedBooks, approver: str, reason: str | None) -> PeriodClose:
        """Describe the close; the files that it rests on are read once from end to end."""
        period = books.period
        version = books.run.policy_version
        with self.store.work() as work:
            policy = None if version is None else work.policies.version(version)
        wanted = rests_on({str(period), *books.restated})
        return PeriodClose(
            period=str(period),
            at=self.clock(),
            approver=approver,
            policy_version=version,
            policy_sha256=policy.sha256 if policy else None,
            allocation_method=ALLOCATION.method,
            allocation_run=books.run.id,
            snapshots=books.view.snapshots,
            restated={origin: str(run) for origin, run in books.restated.items()},
            files=seal(self.lake, books.view.snapshots, wanted),
            cost=str(books.basis),
            reason=reason,
        )

    def _seal(self, close: PeriodClose, books: WantedBooks, work: UnitOfWork) -> PeriodClose:
        work.closes.hold(close.period)
        posted = work.ledger.sums(period=close.period)
        moved = tuple(line for line in books.lines if line.method_id == ADJUSTMENT)
        if delta(books.sums, posted) or adjustment_lines(posted) != moved:
            raise ConflictError(f"{close.period} was posted to meanwhile; close it again")
        postings = work.ledger.postings(close.period)
        close = replace(close, rates=self._rates(books, work))
        sealed = close.sealed(work.closes.latest(), books.lines, postings)
        work.statements.add(sealed.period, books.lines)
        work.closes.add(sealed)
        work.audit.add(_audit(sealed))
        for table, snapshot in sealed.snapshots.items():
            if snapshot is not None:
                self.lake.tag(table, snapshot, f"close-{sealed.period}-{sealed.head[:12]}")
        self.guard()
        return sealed

    def _rates(self, books: WantedBooks, work: UnitOfWork) -> dict[str, str]:
        """Return the rates for the header; the period is held, so that none can come meanwhile."""
        if self.reporting_currency is None:
            return {}
        needed = needs(books.lines)
        now = reporting_now(str(books.period), self.reporting_currency, needed, work)
        return now.used(needed)


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
    return Closer(rule, lake, engine, store, new_id, clock, guard, settings.reporting_currency)


def _audit(close: PeriodClose) -> AuditEntry:
    detail = {"head": close.head, "reason": close.reason}
    return AuditEntry(close.at, close.approver, "period.close", f"period {close.period}", detail)
