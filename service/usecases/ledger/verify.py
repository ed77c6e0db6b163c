"""Proves closed periods anew: chain, stored lines and postings, files of the lake, each figure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING
from uuid import UUID

from service.domain.closing import METHOD, chain_faults, content_faults
from service.domain.ledger import delta
from service.domain.periods import Period
from service.domain.policy import CostBasis
from service.domain.restating import adjustment_lines
from service.errors import ComptrollerError
from service.usecases.allocate import allocate
from service.usecases.charge_owners import Reader
from service.usecases.ledger.books import Books, read_books
from service.usecases.ledger.wanted import Correction, correction
from service.usecases.stored_documents import policy_of
from warehouse.errors import WarehouseError
from warehouse.port import View
from warehouse.seal import broken

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from service.domain.closing import PeriodClose
    from service.domain.statements import StatementLine
    from service.store.store import Store
    from warehouse.lake import Lake
    from warehouse.port import Engine


@dataclass(frozen=True, slots=True)
class Verified:
    """What verification found of one period: nothing, or what is not as it was closed."""

    period: str
    head: str
    faults: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Verification:
    """All closed periods in the order of their closes, and what is wrong with their chain."""

    periods: tuple[Verified, ...]
    chain: tuple[str, ...]

    @property
    def holds(self) -> bool:
        """Whether everything is as it was closed."""
        return not self.chain and not any(one.faults for one in self.periods)


def verify_closes(
    *, lake: Lake, engine: Engine, store: Store, heads: tuple[str, ...] = ()
) -> Verification:
    """Recompute every closed period from the facts that it was closed on.

    Args:
        lake: The lake.
        engine: What answers questions over it.
        store: The store.
        heads: Hashes that were published: whoever altered a close later cannot have them.
    """
    with store.work() as work:
        closes = work.closes.all()
    verifier = _Verifier(lake, engine, store)
    found = tuple(
        Verified(close.period, close.head, tuple(verifier.faults(close, closes[:place])))
        for place, close in enumerate(closes)
    )
    return Verification(found, chain_faults(closes, heads))


@dataclass(frozen=True, slots=True)
class _Verifier:
    lake: Lake
    engine: Engine
    store: Store

    def faults(self, close: PeriodClose, earlier: Sequence[PeriodClose]) -> Iterator[str]:
        """Yield what is not as it was closed; a fault of one kind hides none of another."""
        with self.store.work() as work:
            lines = work.statements.of(close.period)
            postings = work.ledger.postings(close.period)
        yield from content_faults(close, lines, postings)
        yield from broken(self.lake, close.files)
        if close.method != METHOD:
            yield f"{close.period} was closed by {close.method!r}, which is not known here"
            return
        try:
            yield from self._recomputed(close, earlier, lines)
        except (ComptrollerError, WarehouseError) as problem:
            yield f"{close.period} cannot be computed again: {problem}"

    def _recomputed(
        self,
        close: PeriodClose,
        earlier: Sequence[PeriodClose],
        lines: tuple[StatementLine, ...],
    ) -> Iterator[str]:
        """Yield where today's computation over the sealed facts comes to something else."""
        period = Period(close.period)
        reader = Reader(self.engine, View(dict(close.snapshots)))
        policy = policy_of(self.store, period)
        allocation = allocate(period, policy.policy if policy else None, reader)
        stored = reader.ask("allocated_rows", _run(close.allocation_run, period))
        if not allocation.rows.equals(stored.cast(allocation.rows.schema)):
            yield f"the allocation of {period} is not what its facts and its policy give"
        books = read_books(close.allocation_run, period, reader)
        wanted = self._corrected(close, earlier, books, reader)
        with self.store.work() as work:
            posted = work.ledger.sums(period=close.period)
        again = (*wanted.lines, *adjustment_lines(posted))
        if tuple(sorted(again, key=lambda one: one.id)) != lines:
            yield f"the statements of {period} are not what its allocation gives"
        if delta(wanted.sums, posted):
            yield f"the postings of {period} are not what its bills and lines give"

    def _corrected(
        self, close: PeriodClose, earlier: Sequence[PeriodClose], books: Books, reader: Reader
    ) -> Correction:
        """Return lines and sums of a period with its corrections of earlier ones."""
        lines, sums = books.lines, books.wanted(CostBasis(close.cost))
        with self.store.work() as work:
            for one in (one for one in earlier if one.period in close.restated):
                run, period = UUID(close.restated[one.period]), Period(close.period)
                found = correction(one, run, period, earlier, reader, work)
                lines += found.lines
                sums |= found.sums
        return Correction(lines, sums)


def _run(run_id: UUID, period: Period) -> dict[str, object]:
    return {"run": str(run_id), "period": str(period)}
