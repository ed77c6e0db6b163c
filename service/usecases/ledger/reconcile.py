"""Holds bills, ledger and statements of a period against each other, from invoice to team."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from service.domain.policy import CostBasis
from service.domain.reconciliation import reconcile
from service.domain.restating import adjustment_lines
from service.usecases.charge_owners import Reader
from service.usecases.ledger.books import READS, current_run, read_books
from service.usecases.ledger.wanted import told_lines
from service.usecases.stored_documents import policy_of
from warehouse.port import View

if TYPE_CHECKING:
    from uuid import UUID

    from service.domain.periods import Period
    from service.domain.reconciliation import Level
    from service.store.store import Store
    from warehouse.lake import Lake
    from warehouse.port import Engine


@dataclass(frozen=True, slots=True)
class PeriodTrees:
    """What bills say and the ledger holds of a period, a tree for each currency.

    ``run`` is the allocation that the bills were read with: of a closed period the one that it was
    closed on, so that a late bill makes no difference here but a restatement later.
    """

    period: Period
    run: UUID
    is_closed: bool
    trees: tuple[Level, ...]

    @property
    def agrees(self) -> bool:
        """Whether there is no difference at any level."""
        return not any(path for tree in self.trees for path in tree.differing())


def reconcile_period(period: Period, *, lake: Lake, engine: Engine, store: Store) -> PeriodTrees:
    """Return the tree of ``period`` from invoices to teams, each level with its difference.

    Raises:
        NotFoundError: When no bill of it was loaded.
        ConflictError: When its facts changed since it was allocated.
    """
    with store.work() as work:
        close = work.closes.of(str(period))
        posted = work.ledger.sums(period=str(period), origin_period=str(period))
        stored = told_lines(period, [close], work) if close else None
    if close is None:
        run = current_run(period, lake=lake, store=store).id
        view = lake.view(READS)
        policy = policy_of(store, period)
        basis = policy.policy.cost if policy else CostBasis.EFFECTIVE
    else:
        run, view, basis = close.allocation_run, View(close.snapshots), CostBasis(close.cost)
    books = read_books(run, period, Reader(engine, view), basis)
    lines = (*books.lines, *adjustment_lines(posted)) if stored is None else stored
    trees = reconcile(books.charges, posted, lines, basis)
    return PeriodTrees(period, run, close is not None, trees)
