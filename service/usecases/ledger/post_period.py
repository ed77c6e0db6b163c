"""Posts what the ledger lacks of an open period; what it holds already is never touched."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from service.domain.bookkeeping import LedgerBatch
from service.domain.ledger import delta
from service.errors import ConflictError
from service.usecases.ledger.wanted import are_current, wanted_books
from service.usecases.run_period import no_guard

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime
    from uuid import UUID

    from service.domain.periods import Period
    from service.store.store import Store
    from service.usecases.ledger.wanted import WantedBooks
    from warehouse.lake import Lake
    from warehouse.port import Engine, Guard


@dataclass(frozen=True, slots=True)
class Posted:
    """What was posted of a period: how many postings, and the closed periods that they correct."""

    period: str
    postings: int
    restated: tuple[str, ...]

    def as_json(self) -> dict[str, object]:
        """Write it for the record of a step."""
        return {"postings": self.postings, "restated": list(self.restated)}


def post_period(  # noqa: PLR0913  (every long-lived part comes by name)
    period: Period,
    *,
    lake: Lake,
    engine: Engine,
    store: Store,
    actor: str,
    new_id: Callable[[], UUID],
    clock: Callable[[], datetime],
    guard: Guard = no_guard,
) -> Posted:
    """Bring the ledger of an open period to what its allocation says; again, it posts nothing.

    Raises:
        PeriodClosedError: When it is closed.
        ConflictError: When its facts changed since it was allocated, or change meanwhile.
    """
    books = wanted_books(period, lake=lake, engine=engine, store=store)
    with store.work() as work:
        # Whoever posts to the period holds it, so that no difference is posted twice.
        work.closes.hold(str(period))
        postings = delta(books.sums, work.ledger.sums(period=str(period)))
        if postings:
            # Who read long ago would take back what somebody posted of a newer allocation.
            if not are_current(books, lake=lake, store=store):
                raise ConflictError(f"{period} was allocated anew meanwhile; post it again")
            batch = _batch(books, new_id(), clock(), actor)
            work.ledger.add(batch, postings)
        guard()
    return Posted(str(period), len(postings), tuple(sorted(books.restated)))


def _batch(books: WantedBooks, batch_id: UUID, at: datetime, actor: str) -> LedgerBatch:
    return LedgerBatch(batch_id, str(books.period), books.run.id, at, actor, reason="allocation")
