"""Reads what the ledger and the statements of a period are made from: one stored allocation run."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from service.domain.ledger import Charge
from service.domain.money import Money
from service.domain.periods import Period
from service.domain.posting_rules import wanted_postings
from service.domain.statements import LineKey, StatementLine
from service.errors import ConflictError, NotFoundError
from service.store.repositories.bulk import storable
from service.usecases.lake_runs import is_current
from service.usecases.stale_periods import ALLOCATION, loaded_periods

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator
    from uuid import UUID

    import pyarrow as pa

    from service.domain.ledger import Entry
    from service.domain.policy import CostBasis
    from service.domain.records import AllocationRun
    from service.store.store import Store
    from service.usecases.charge_owners import Reader
    from warehouse.lake import Lake
    from warehouse.port import Partition

READS = (*ALLOCATION.reads, *ALLOCATION.tables)
"""The tables that the books of a period, and the allocation that they rest on, are read from."""

_KEYS = (
    "team",
    "line",
    "pool",
    "provider",
    "account",
    "service",
    "charge_category",
    "commitment",
    "method_id",
    "currency",
)


@dataclass(frozen=True, slots=True)
class Books:
    """The bills of a period by invoice, and the lines on which its teams bear them.

    ``basis`` is the cost that the lines are charged by.
    """

    period: Period
    charges: tuple[Charge, ...]
    lines: tuple[StatementLine, ...]
    basis: CostBasis

    def wanted(self) -> dict[tuple[Entry, str], Money]:
        """Return what the ledger must hold of the period.

        Raises:
            BooksDoNotBalanceError: When bills and lines are not those of one allocation.
        """
        return wanted_postings(str(self.period), self.charges, self.lines, self.basis)


def rests_on(periods: Collection[str]) -> Callable[[Partition], bool]:
    """Return what tells the places whose rows the books of these periods are made from."""

    def told(place: Partition) -> bool:
        if place.table in ALLOCATION.tables:
            return place.period in periods
        return any(ALLOCATION.touches(place, Period(one)) for one in periods)

    return told


def current_run(period: Period, *, lake: Lake, store: Store) -> AllocationRun:
    """Return the newest allocation run of a period, whose rows the lake holds now.

    Raises:
        NotFoundError: When no bill of the period was loaded.
        ConflictError: When its facts changed since it was allocated.
    """
    if period not in loaded_periods(lake):
        raise NotFoundError(f"no bill of {period} was loaded")
    with store.work() as work:
        run = work.allocations.latest(str(period))
    if run is None or not is_current(ALLOCATION, period, lake, store):
        raise ConflictError(
            f"the facts of {period} changed since it was allocated; run comptroller nightly first"
        )
    return run


def read_books(run_id: UUID, period: Period, reader: Reader, basis: CostBasis) -> Books:
    """Read the books of a run from the snapshots that ``reader`` sees, charged by ``basis``."""
    month: dict[str, object] = {"period": str(period)}
    charges = _rows(reader.ask("ledger_charges", month))
    lines = reader.ask("statement_lines", {**month, "run": str(run_id), "basis": str(basis)})
    charged = tuple(map(_line, _rows(lines)))
    return Books(period, tuple(map(_charge, charges)), charged, basis)


def _rows(answer: pa.Table) -> Iterator[dict[str, Any]]:
    """Yield the rows of an answer as the database will have them, so that both stay equal."""
    for row in answer.to_pylist():
        yield {name: storable(value) for name, value in row.items()}


def _charge(row: dict[str, Any]) -> Charge:
    currency = row["currency"] or ""
    return Charge(
        invoice_issuer=row["invoice_issuer"] or "",
        invoice=row["invoice"] or "",
        commitment=row["commitment"] or "",
        billed=Money.parse(row["billed_cost"], currency),
        effective=Money.parse(row["effective_cost"], currency),
    )


def _line(row: dict[str, Any]) -> StatementLine:
    currency = row["currency"]

    def known(name: str) -> Money | None:
        return None if row[name] is None else Money.parse(row[name], currency)

    return StatementLine.of(
        LineKey(*(row[name] for name in _KEYS)),
        billed=known("billed_cost") or Money.zero(currency),
        effective=known("effective_cost") or Money.zero(currency),
        contracted=known("contracted_cost"),
        list=known("list_cost"),
        charged=known("charged_cost") or Money.zero(currency),
        cost_lines=row["cost_lines"],
    )
