"""Closed periods, one link of a chain each."""

from collections.abc import Sequence

from sqlalchemy import exists, func, select
from sqlalchemy.orm import Session, aliased

from service.domain.closing import PeriodClose
from service.store.models import PeriodCloseRow
from service.store.repositories.closed import told_when_closed


class Closes:
    """Every close that was made; the database keeps their chain."""

    def __init__(self, session: Session) -> None:
        """Read and write inside the session's transaction."""
        self._session = session

    def hold(self, period: str) -> None:
        """Let nobody else post to ``period``, or close it, until this transaction ends.

        Who closes holds the period before reading its postings and the newest head: what others
        are posting at the moment is waited for, and what comes after waits and is refused.
        """
        self._session.execute(select(func.hold_period("")))
        self._session.execute(select(func.hold_period(period)))

    def add(self, close: PeriodClose) -> None:
        """Close a period for good; the lines of its statements were added before.

        Raises:
            PeriodClosedError: When it is closed already.
            BrokenChainError: When ``previous_head`` is not the head of the newest close.
        """
        row = PeriodCloseRow(
            period=close.period,
            at=close.at,
            approver=close.approver,
            policy_version=close.policy_version,
            allocation_run=close.allocation_run,
            snapshots=dict(close.snapshots),
            cost=close.cost,
            allocation_method=close.allocation_method,
            policy_sha256=close.policy_sha256,
            rates=dict(close.rates),
            restated=dict(close.restated),
            files=dict(close.files),
            method=close.method,
            lines_sha256=close.lines_sha256,
            postings_sha256=close.postings_sha256,
            previous_head=close.previous_head,
            head=close.head,
            reason=close.reason,
        )
        with told_when_closed(close.period):
            self._session.add(row)
            self._session.flush()

    def of(self, period: str) -> PeriodClose | None:
        """Give the close of ``period``, ``None`` while it is not closed."""
        row = self._session.get(PeriodCloseRow, period)
        return None if row is None else _close(row)

    def latest(self) -> PeriodClose | None:
        """Give the close that was made last: no other one follows it."""
        follower = aliased(PeriodCloseRow)
        followed = exists().where(follower.previous_head == PeriodCloseRow.head)
        query = select(PeriodCloseRow).where(~followed)
        # A whole chain has one end; a broken one must not make the answer a matter of luck.
        newest = query.order_by(PeriodCloseRow.at.desc(), PeriodCloseRow.period.desc()).limit(1)
        row = self._session.scalar(newest)
        return None if row is None else _close(row)

    def all(self) -> tuple[PeriodClose, ...]:
        """Give every close in the order of the chain, the first first.

        Links that the chain does not reach, which only tampering makes, come last by period.
        """
        rows = self._session.scalars(select(PeriodCloseRow).order_by(PeriodCloseRow.period))
        return tuple(_close(row) for row in _chained(rows.all()))


def _chained(rows: Sequence[PeriodCloseRow]) -> list[PeriodCloseRow]:
    by_previous = {row.previous_head: row for row in rows}
    chain: list[PeriodCloseRow] = []
    head = "0" * 64
    while head in by_previous:
        chain.append(by_previous.pop(head))
        head = chain[-1].head
    return chain + [row for row in rows if row not in chain]


def _close(row: PeriodCloseRow) -> PeriodClose:
    return PeriodClose(
        period=row.period,
        at=row.at,
        approver=row.approver,
        policy_version=row.policy_version,
        allocation_run=row.allocation_run,
        snapshots=row.snapshots,
        cost=row.cost,
        allocation_method=row.allocation_method,
        policy_sha256=row.policy_sha256,
        rates=row.rates,
        restated=row.restated,
        files=row.files,
        method=row.method,
        lines_sha256=row.lines_sha256,
        postings_sha256=row.postings_sha256,
        previous_head=row.previous_head,
        head=row.head,
        reason=row.reason,
    )
