"""What the ledger must hold of an open period: its own bills, and corrections of closed ones."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from service.domain.periods import Period
from service.domain.policy import CostBasis
from service.domain.posting_rules import restated_postings
from service.domain.restating import adjustment_lines, restatement_lines
from service.errors import ConflictError
from service.store.repositories.closed import PeriodClosedError
from service.usecases.charge_owners import Reader
from service.usecases.ledger.books import READS, current_run, read_books
from service.usecases.stale_periods import open_periods
from service.usecases.stored_documents import policy_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from uuid import UUID

    from service.domain.closing import PeriodClose
    from service.domain.ledger import Charge, Entry
    from service.domain.money import Money
    from service.domain.records import AllocationRun
    from service.domain.statements import StatementLine
    from service.store.store import Store, UnitOfWork
    from warehouse.lake import Lake
    from warehouse.port import Engine, View


@dataclass(frozen=True, slots=True)
class WantedBooks:
    """What an open period comes to now: lines by id, and the sums that its postings must have.

    ``view`` is what the figures were read from; ``restated`` are the runs by closed period that
    corrections are made from.
    """

    period: Period
    run: AllocationRun
    view: View
    basis: CostBasis
    restated: Mapping[str, UUID]
    charges: tuple[Charge, ...]
    lines: tuple[StatementLine, ...]
    sums: Mapping[tuple[Entry, str], Money]


def wanted_books(period: Period, *, lake: Lake, engine: Engine, store: Store) -> WantedBooks:
    """Read what ``period``, which is open, comes to by its current allocation.

    Raises:
        NotFoundError: When no bill of it was loaded.
        PeriodClosedError: When it is closed.
        ConflictError: When facts of it, or of a closed period that it corrects, changed since
            they were allocated, or change meanwhile.
        BooksDoNotBalanceError: When bills and lines are not those of one allocation.
    """
    with store.work() as work:
        if work.closes.of(str(period)) is not None:
            raise PeriodClosedError(
                f"{period} is closed; what comes late is told in the next open period"
            )
    run = current_run(period, lake=lake, store=store)
    corrected = _corrected(period, lake, store)
    view = lake.view(READS)
    reader = Reader(engine, view)
    policy = policy_of(store, period)
    basis = policy.policy.cost if policy else CostBasis.EFFECTIVE
    books = read_books(run.id, period, reader, basis)
    lines, sums = list(books.lines), books.wanted()
    with store.work() as work:
        closes = work.closes.all()
        for close, newest in corrected:
            found = correction(close, newest.id, period, closes, reader, work)
            lines += found.lines
            sums |= found.sums
        lines += adjustment_lines(work.ledger.sums(period=str(period)))
    if (run, corrected) != (
        current_run(period, lake=lake, store=store),
        _corrected(period, lake, store),
    ):
        raise ConflictError(f"the bills of {period} changed meanwhile; try again")
    restated = {close.period: newest.id for close, newest in corrected}
    return WantedBooks(
        period=period,
        run=run,
        view=view,
        basis=basis,
        restated=restated,
        charges=books.charges,
        lines=tuple(sorted(lines, key=lambda one: one.id)),
        sums=sums,
    )


def are_current(books: WantedBooks, *, lake: Lake, store: Store) -> bool:
    """Return whether ``books`` are still made from the newest runs of all that they tell.

    Raises:
        ConflictError: When facts of it, or of a closed period that it corrects, changed since
            they were allocated.
    """
    if current_run(books.period, lake=lake, store=store).id != books.run.id:
        return False
    corrected = _corrected(books.period, lake, store)
    return {close.period: newest.id for close, newest in corrected} == books.restated


@dataclass(frozen=True, slots=True)
class Correction:
    """What a closed period has to be corrected by: signed lines, and sums of postings."""

    lines: tuple[StatementLine, ...]
    sums: Mapping[tuple[Entry, str], Money]


def correction(  # noqa: PLR0913, PLR0917  (what is corrected, by what, where, and what was told)
    close: PeriodClose,
    newest: UUID,
    period: Period,
    closes: Iterable[PeriodClose],
    reader: Reader,
    work: UnitOfWork,
) -> Correction:
    """Return what run ``newest`` of a closed period has that ``closes`` have not told yet.

    It is charged by the cost that the period was closed with, whatever later policies charge by.
    """
    origin = Period(close.period)
    again = read_books(newest, origin, reader, CostBasis(close.cost))
    return Correction(
        restatement_lines(str(origin), again.lines, told_lines(origin, closes, work)),
        restated_postings(
            str(period), str(origin), again.wanted(), told_sums(origin, closes, work)
        ),
    )


def told_lines(
    origin: Period, closes: Iterable[PeriodClose], work: UnitOfWork
) -> tuple[StatementLine, ...]:
    """Return what ``closes`` say of a closed period: its own lines, and corrections in others."""
    return tuple(
        line
        for close in closes
        if str(origin) in {close.period, *close.restated}
        for line in work.statements.of(close.period)
        if line.origin_period == ("" if close.period == str(origin) else str(origin))
    )


def told_sums(
    origin: Period, closes: Iterable[PeriodClose], work: UnitOfWork
) -> dict[tuple[Entry, str], Money]:
    """Return what was posted of ``origin`` in the periods of ``closes``."""
    periods = {close.period for close in closes}
    posted = work.ledger.sums(origin_period=str(origin))
    return {key: amount for key, amount in posted.items() if key[0].period in periods}


def _corrected(period: Period, lake: Lake, store: Store) -> list[tuple[PeriodClose, AllocationRun]]:
    """Return the closed periods whose corrections stand in ``period``, with their newest runs.

    A correction stands in the first open period after the one that it corrects.
    """
    opened = open_periods(lake=lake, store=store)
    with store.work() as work:
        closes = work.closes.all()
    found = [
        (close, current_run(Period(close.period), lake=lake, store=store))
        for close in closes
        if next((one for one in opened if one > Period(close.period)), None) == period
    ]
    return [(close, run) for close, run in found if run.id != close.allocation_run]
