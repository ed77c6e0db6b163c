"""Which postings a period needs: from the bill over prepaid commitments and pools to who bears it.

A clearing account takes in cost and passes all of it on: ``cost`` for the period itself, one of
each pool, and ``restatement`` for corrections of a closed period.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from service.domain.ledger import (
    Account,
    AccountKind,
    Book,
    BooksDoNotBalanceError,
    Entry,
    Reason,
    balances_of,
)
from service.domain.policy import CostBasis

if TYPE_CHECKING:
    from collections.abc import Iterable

    from service.domain.ledger import Charge, Sums
    from service.domain.money import Money
    from service.domain.statements import StatementLine

COST = Account(AccountKind.COST)
"""Where the cost of a period comes in from its bills."""

UNATTRIBUTED = Account(AccountKind.PREPAID, "unattributed")
"""Cost that was billed at another time, of a charge that names no commitment."""

BEARERS = frozenset(
    (
        AccountKind.TEAM,
        AccountKind.IDLE,
        AccountKind.UNUSED_COMMITMENT,
        AccountKind.UNALLOCATED,
    )
)
"""The kinds of accounts on which cost ends."""

_CLEARING = frozenset((AccountKind.COST, AccountKind.POOL, AccountKind.RESTATEMENT))
_KINDS = {
    "idle": AccountKind.IDLE,
    "unused_commitment": AccountKind.UNUSED_COMMITMENT,
    "unallocated": AccountKind.UNALLOCATED,
}


def wanted_postings(
    period: str,
    charges: Iterable[Charge],
    lines: Iterable[StatementLine],
    basis: CostBasis = CostBasis.EFFECTIVE,
) -> dict[tuple[Entry, str], Money]:
    """Return the sums that the ledger must hold of a period's own bills and allocated lines.

    Teams bear effective cost; where the basis, by which the lines are charged, is another, what
    they are charged more or less stands against ``rate_variance``.

    Raises:
        BooksDoNotBalanceError: When the lines do not add up to the bills.
    """
    journal = _Journal(period, Book())
    for charge in charges:
        journal.bill(charge)
    for (line, team, pool, _), (cost, surcharge) in _borne(lines).items():
        journal.charge(bearer(line, team), pool, cost)
        journal.price(bearer(line, team), basis, surcharge)
    return _cleared(period, journal.book)


def restated_postings(
    period: str, origin_period: str, newest: Sums, told: Sums
) -> dict[tuple[Entry, str], Money]:
    """Return what ``period`` must hold to correct a closed period.

    Args:
        period: The open period that the correction stands in.
        origin_period: The closed one that it corrects.
        newest: What ``wanted_postings`` says of the closed period today.
        told: What other periods hold of it: its own postings and earlier corrections.

    Raises:
        BooksDoNotBalanceError: When what was told does not balance.
    """
    book = Book()
    for (entry, _), amount in newest.items():
        book.move(_moved(entry, period, origin_period), amount)
    for (entry, _), amount in told.items():
        if entry.reason != Reason.ADJUSTMENT:
            book.move(_moved(entry, period, origin_period), -amount)
    return _cleared(origin_period, book)


def bearer(line: str, team: str) -> Account:
    """Return the account on which a team bears what stands on a line of its statement."""
    kind = _KINDS.get(line, AccountKind.TEAM)
    return Account(kind, "" if kind is AccountKind.UNALLOCATED else team)


@dataclass(frozen=True, slots=True)
class _Journal:
    period: str
    book: Book

    def bill(self, charge: Charge) -> None:
        payable = Account(AccountKind.PAYABLE, charge.invoice_issuer)
        invoice = (charge.invoice_issuer, charge.invoice)
        if charge.commitment:
            prepaid = Account(AccountKind.PREPAID, charge.commitment)
            self._move(prepaid, payable, charge.billed, Reason.BILL, *invoice)
            self._move(COST, prepaid, charge.effective, Reason.AMORTISATION, *invoice)
            return
        self._move(COST, payable, charge.billed, Reason.BILL, *invoice)
        earlier = charge.effective - charge.billed
        self._move(COST, UNATTRIBUTED, earlier, Reason.AMORTISATION, *invoice)

    def charge(self, to: Account, pool: str, amount: Money) -> None:
        source = COST
        if pool:
            source = Account(AccountKind.POOL, pool)
            self._move(source, COST, amount, Reason.ALLOCATION)
        self._move(to, source, amount, Reason.CHARGEBACK)

    def price(self, to: Account, basis: CostBasis, amount: Money) -> None:
        self._move(to, Account(AccountKind.RATE_VARIANCE, basis), amount, Reason.PRICE)

    def _move(
        self, debit: Account, credit: Account, amount: Money, reason: Reason, *invoice: str
    ) -> None:
        self.book.move(Entry(self.period, self.period, debit, credit, reason, *invoice), amount)


def _borne(
    lines: Iterable[StatementLine],
) -> dict[tuple[str, str, str, str], tuple[Money, Money]]:
    """Sum cost and surcharge by line, team, pool and currency: far fewer than there are lines."""
    sums: dict[tuple[str, str, str, str], tuple[Money, Money]] = {}
    for line in lines:
        key = (line.line, line.team, line.pool, line.currency)
        surcharge = line.charged - line.effective
        before = sums.get(key)
        if before is None:
            sums[key] = (line.effective, surcharge)
        else:
            sums[key] = (before[0] + line.effective, before[1] + surcharge)
    return sums


def _moved(entry: Entry, period: str, origin_period: str) -> Entry:
    def cleared(account: Account) -> Account:
        return Account(AccountKind.RESTATEMENT, origin_period) if account == COST else account

    return replace(
        entry,
        period=period,
        origin_period=origin_period,
        debit=cleared(entry.debit),
        credit=cleared(entry.credit),
    )


def _cleared(period: str, book: Book) -> dict[tuple[Entry, str], Money]:
    """Return the sums of a book whose clearing accounts all came out at 0."""
    sums = book.sums()
    for (account, currency), balance in balances_of(sums).items():
        if account.kind in _CLEARING and balance.pico:
            raise BooksDoNotBalanceError(
                f"the books of {period} do not balance: {balance.text()} {currency} stay on the"
                f" account {account}, which must pass on all that it takes in; nothing was posted"
            )
    return sums
