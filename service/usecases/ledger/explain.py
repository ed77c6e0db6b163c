"""Explains a line of a statement, from the close or from what the lake holds now."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING
from uuid import UUID

from service.domain.money import Money
from service.domain.periods import Period
from service.domain.policy import CostBasis
from service.domain.posting_rules import bearer
from service.domain.restating import ADJUSTMENT
from service.errors import NotFoundError
from service.usecases.charge_owners import Reader
from service.usecases.ledger.explained import Explanation, LineRows, Moved, ToldBefore
from service.usecases.ledger.line_rows import USUAL, Depth, RowReader
from service.usecases.ledger.wanted import wanted_books
from service.usecases.stored_documents import policy_of
from warehouse.port import View

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from service.domain.bookkeeping import LedgerBatch
    from service.domain.closing import PeriodClose
    from service.domain.ledger import Posting
    from service.domain.statements import StatementLine
    from service.store.store import Store, UnitOfWork
    from warehouse.lake import Lake
    from warehouse.port import Engine


@dataclass(frozen=True, slots=True)
class _Basis:
    """What the lines of a period were made from."""

    view: View
    run: UUID
    restated: Mapping[str, UUID]
    cost: CostBasis
    close: PeriodClose | None


def explain_line(  # noqa: PLR0913  (every long-lived part comes by name)
    line_id: str,
    period: Period,
    *,
    lake: Lake,
    engine: Engine,
    store: Store,
    depth: Depth = USUAL,
) -> Explanation:
    """Return what a line of ``period`` rests on; a closed period is read as it was closed.

    Raises:
        NotFoundError: When no bill of the period was loaded, or it has no such line.
        ConflictError: When its facts changed since it was allocated, or change meanwhile.
    """
    line, basis = _found(line_id, period, lake, engine, store)
    origin = Period(line.origin_period) if line.origin_period else period
    cost = _cost(line, origin, basis, store)
    explanation = Explanation(
        period=period,
        line=line,
        amount=line.charged,
        cost=CostBasis.EFFECTIVE if line.cost(cost) is None else cost,
        head=basis.close.head if basis.close else None,
        origin=origin,
        run=None,
        found=LineRows((), 0, Money.zero(line.currency)),
    )
    if line.method_id == ADJUSTMENT:
        with store.work() as work:
            return replace(explanation, moved=tuple(_moved(explanation, work)))
    run = basis.run if origin == period else basis.restated[str(origin)]
    policy = policy_of(store, origin)
    rows = RowReader(
        origin, run, policy.policy if policy else None, Reader(engine, basis.view), store
    )
    with store.work() as work:
        told = tuple(_told(explanation, work)) if line.origin_period else ()
    found = rows.rows(line.key, CostBasis(explanation.cost), depth)
    return replace(explanation, run=run, found=found, told=told)


def _found(
    line_id: str, period: Period, lake: Lake, engine: Engine, store: Store
) -> tuple[StatementLine, _Basis]:
    with store.work() as work:
        close = work.closes.of(str(period))
        line = work.statements.line(str(period), line_id)
    if close is not None:
        restated = {origin: UUID(run) for origin, run in close.restated.items()}
        view = View(dict(close.snapshots))
        basis = _Basis(view, close.allocation_run, restated, CostBasis(close.cost), close)
    else:
        books = wanted_books(period, lake=lake, engine=engine, store=store)
        line = next((one for one in books.lines if one.id == line_id), None)
        basis = _Basis(books.view, books.run.id, books.restated, books.basis, None)
    if line is None:
        raise NotFoundError(
            f"the statements of {period} have no line {line_id}; the ids of all lines stand in the"
            f" column line_id of the files that comptroller statements --period {period} --to"
            " FOLDER --format csv writes"
        )
    return line, basis


def _cost(line: StatementLine, origin: Period, basis: _Basis, store: Store) -> CostBasis:
    """Return the cost that a line is charged by: a correction by that of the close it corrects."""
    if not line.origin_period:
        return basis.cost
    with store.work() as work:
        close = work.closes.of(str(origin))
    return basis.cost if close is None else CostBasis(close.cost)


def _told(explanation: Explanation, work: UnitOfWork) -> Iterator[ToldBefore]:
    """Yield what closes before this statement said of the line that it corrects."""
    line, origin = explanation.line, str(explanation.origin)
    first = replace(line.key, origin_period="").id
    for close in work.closes.all():
        if close.period == str(explanation.period):
            return
        if origin in {close.period, *close.restated}:
            said = work.statements.line(close.period, first if close.period == origin else line.id)
            if said is not None:
                yield ToldBefore(close.period, said.charged)


def _moved(explanation: Explanation, work: UnitOfWork) -> Iterator[Moved]:
    """Yield what people posted to or from the account on which the line is borne."""
    account = bearer(explanation.line.line, explanation.line.team)
    comments = {
        answer.batch_id: dispute.comment
        for name in {str(explanation.period), str(explanation.origin)}
        for dispute in work.disputes.of(name)
        for answer in dispute.answers
    }
    for batch in work.ledger.batches(str(explanation.period)):
        for posting in work.ledger.of_batch(batch.id) if batch.run_id is None else ():
            entry = posting.entry
            told = entry.origin_period == str(explanation.origin)
            ours = posting.amount.currency == explanation.line.currency
            if told and ours and account in {entry.debit, entry.credit}:
                received = entry.debit == account
                yield _move(posting, batch, comments.get(batch.id), received=received)


def _move(posting: Posting, batch: LedgerBatch, comment: str | None, *, received: bool) -> Moved:
    entry = posting.entry
    return Moved(
        amount=posting.amount if received else -posting.amount,
        other=str(entry.credit if received else entry.debit),
        at=batch.at,
        actor=batch.actor,
        reason=batch.reason,
        comment=comment,
    )
