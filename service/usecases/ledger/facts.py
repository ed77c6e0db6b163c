"""Gathers what decides whether a period may be closed."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

from service.domain.hindrances import ClosingFacts
from service.domain.money import Money
from service.domain.pools import UNALLOCATED
from service.domain.reconciliation import NO_INVOICE, invoice_differences, reconcile
from service.usecases.charge_owners import Reader
from service.usecases.ledger.reporting import needs, reporting_now
from service.usecases.stale_periods import open_periods

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from datetime import date

    from service.domain.ledger import Charge
    from service.domain.reporting import RateKey
    from service.domain.statements import StatementLine
    from service.store.store import Store
    from service.usecases.ledger.wanted import WantedBooks
    from warehouse.lake import Lake
    from warehouse.port import Engine


def closing_facts(  # noqa: PLR0913  (every long-lived part comes by name)
    books: WantedBooks,
    *,
    lake: Lake,
    engine: Engine,
    store: Store,
    today: date,
    reporting_currency: str | None = None,
) -> ClosingFacts:
    """Return what is known of the period of ``books``, as if they were posted already."""
    period = books.period
    reader = Reader(engine, lake.view(["quarantine"]))
    # Rows whose period cannot be read count with every period; they are told once.
    anywhere = _quarantined("", reader)
    late = {origin: _quarantined(origin, reader) - anywhere for origin in books.restated}
    posted = {key: sum_ for key, sum_ in books.sums.items() if key[0].origin_period == str(period)}
    own = [line for line in books.lines if not line.origin_period]
    trees = reconcile(books.charges, posted, own, books.basis)
    earlier = [one for one in open_periods(lake=lake, store=store) if one < period]
    return ClosingFacts(
        period=period,
        today=today,
        open_invoices=frozenset(_open_invoices(books.charges)),
        quarantined_rows=_quarantined(str(period), reader),
        quarantined_corrections={origin: rows for origin, rows in late.items() if rows},
        differences=invoice_differences(trees),
        unallocated=_unallocated(own),
        earlier_open=tuple(map(str, earlier)),
        missing_rates=_missing_rates(books, reporting_currency, store),
    )


def _quarantined(period: str, reader: Reader) -> int:
    [row] = reader.ask("quarantined_rows", {"period": period}).to_pylist()
    rows: int = row["quarantined_rows"]
    return rows


def _missing_rates(books: WantedBooks, currency: str | None, store: Store) -> tuple[RateKey, ...]:
    if currency is None:
        return ()
    needed = needs(books.lines)
    with store.work() as work:
        return reporting_now(str(books.period), currency, needed, work).missing(needed)


def _open_invoices(charges: Iterable[Charge]) -> Iterator[str]:
    """Yield the issuers that have put some of their charges on an invoice, and not all.

    An issuer without any invoice may be one that names none in its bills; it is waited for.
    """
    billed: defaultdict[str, set[bool]] = defaultdict(set)
    for charge in charges:
        if charge.billed.pico:
            billed[charge.invoice_issuer].add(bool(charge.invoice))
    return (f"{issuer} {NO_INVOICE}" for issuer, named in billed.items() if len(named) > 1)


def _unallocated(lines: Iterable[StatementLine]) -> dict[str, tuple[Money, Money]]:
    """Return by currency what nobody bears, and all of it."""
    found: dict[str, tuple[Money, Money]] = {}
    for line in lines:
        zero = Money.zero(line.currency)
        nobodys, whole = found.get(line.currency, (zero, zero))
        added = line.effective if line.team == UNALLOCATED else zero
        found[line.currency] = (nobodys + added, whole + line.effective)
    return found
