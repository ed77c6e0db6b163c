"""Reads what the ledger and the statements of a period are made from: one stored allocation run."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from service.domain.ledger import Charge
from service.domain.money import Money
from service.domain.posting_rules import wanted_postings
from service.domain.statements import LineKey, StatementLine
from service.errors import ConflictError, NotFoundError
from service.usecases.lake_runs import is_current
from service.usecases.stale_periods import ALLOCATION, loaded_periods

if TYPE_CHECKING:
    from uuid import UUID

    from service.domain.ledger import Entry
    from service.domain.periods import Period
    from service.domain.policy import CostBasis
    from service.domain.records import AllocationRun
    from service.store.store import Store
    from service.usecases.charge_owners import Reader
    from warehouse.lake import Lake

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
    """The bills of a period by invoice, and the lines on which its teams bear them."""

    period: Period
    charges: tuple[Charge, ...]
    lines: tuple[StatementLine, ...]

    def wanted(self, basis: CostBasis) -> dict[tuple[Entry, str], Money]:
        """Return what the ledger must hold of the period.

        Raises:
            BooksDoNotBalanceError: When bills and lines are not those of one allocation.
        """
        return wanted_postings(str(self.period), self.charges, self.lines, basis)


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


def read_books(run_id: UUID, period: Period, reader: Reader) -> Books:
    """Read the books of a run from the snapshots that ``reader`` sees."""
    month: dict[str, object] = {"period": str(period)}
    charges = reader.ask("ledger_charges", month).to_pylist()
    lines = reader.ask("statement_lines", {**month, "run": str(run_id)}).to_pylist()
    return Books(period, tuple(map(_charge, charges)), tuple(map(_line, lines)))


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
        cost_lines=row["cost_lines"],
    )
