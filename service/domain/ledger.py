"""The ledger: accounts, postings between them, their sums, and what is still to be posted."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, TypeAlias

from service.domain.money import Money
from service.errors import ComptrollerError

if TYPE_CHECKING:
    from collections.abc import Iterable


class AccountKind(StrEnum):
    """What an account holds; together with a name it is an account."""

    PAYABLE = "payable"
    PREPAID = "prepaid"
    COST = "cost"
    POOL = "pool"
    TEAM = "team"
    IDLE = "idle"
    UNUSED_COMMITMENT = "unused_commitment"
    UNALLOCATED = "unallocated"
    RATE_VARIANCE = "rate_variance"
    OWNED_HARDWARE_RECOVERY = "owned_hardware_recovery"
    FX_DIFFERENCE = "fx_difference"
    ROUNDING = "rounding"
    RESTATEMENT = "restatement"


class Reason(StrEnum):
    """Which event a posting tells of."""

    BILL = "bill"
    AMORTISATION = "amortisation"
    ALLOCATION = "allocation"
    CHARGEBACK = "chargeback"
    PRICE = "price"
    ADJUSTMENT = "adjustment"


@dataclass(frozen=True, slots=True, order=True)
class Account:
    """An account, written ``team:vision``; where there is one of a kind only, it has no name."""

    kind: AccountKind
    name: str = ""

    def __str__(self) -> str:
        """Write it as people and files do."""
        return f"{self.kind}:{self.name}" if self.name else str(self.kind)


@dataclass(frozen=True, slots=True, order=True)
class Entry:
    """What postings are summed by: ``debit`` receives what ``credit`` gives.

    ``period`` is the one that the posting stands in and ``origin_period`` the one whose cost it
    tells of; they differ in restatements. No invoice is an empty text.
    """

    period: str
    origin_period: str
    debit: Account
    credit: Account
    reason: str
    invoice_issuer: str = ""
    invoice: str = ""

    @property
    def mirror(self) -> Entry:
        """The entry that takes this one back."""
        return Entry(
            self.period,
            self.origin_period,
            self.credit,
            self.debit,
            self.reason,
            self.invoice_issuer,
            self.invoice,
        )


@dataclass(frozen=True, slots=True)
class Posting:
    """An amount above 0 that moves from one account to another."""

    entry: Entry
    amount: Money

    def __post_init__(self) -> None:
        """Refuse what moves nothing, or the wrong way round.

        Raises:
            ValueError: When the amount is not above 0, or both accounts are one.
        """
        if self.amount.pico <= 0:
            raise ValueError(f"a posting moves an amount above 0, not {self.amount.text()}")
        if self.entry.debit == self.entry.credit:
            raise ValueError(f"a posting needs two accounts, not {self.entry.debit} twice")


@dataclass(frozen=True, slots=True)
class Charge:
    """A sum of cost lines of one period that stand on one invoice; no commitment is empty."""

    invoice_issuer: str
    invoice: str
    commitment: str
    billed: Money
    effective: Money


Sums: TypeAlias = Mapping[tuple[Entry, str], Money]
"""Amounts above 0 by entry and currency."""


class BooksDoNotBalanceError(ComptrollerError):
    """What came into a clearing account did not leave it again; nothing may be posted."""

    code = "books-do-not-balance"


class Book:
    """Adds up what moves; an entry and its mirror count against each other."""

    def __init__(self) -> None:
        """Begin with nothing."""
        self._net: dict[tuple[Entry, str], Money] = {}

    def move(self, entry: Entry, amount: Money) -> None:
        """Add an amount of either sign; what is below 0 moves the other way."""
        if entry.credit < entry.debit:
            entry, amount = entry.mirror, -amount
        key = (entry, amount.currency)
        before = self._net.get(key)
        self._net[key] = amount if before is None else before + amount

    def sums(self) -> dict[tuple[Entry, str], Money]:
        """Return what moved, the way that makes it positive, in a fixed order."""
        turned = (
            ((entry if amount.pico > 0 else entry.mirror, currency), abs(amount))
            for (entry, currency), amount in self._net.items()
            if amount.pico
        )
        return dict(sorted(turned, key=lambda sum_: _order(*sum_[0])))


def delta(wanted: Sums, posted: Sums) -> tuple[Posting, ...]:
    """Return what must be posted so that the sums become those wanted, in a fixed order.

    Adjustments stay out of it: people make them, and no run takes them back.
    """
    book = Book()
    for (entry, _), amount in wanted.items():
        book.move(entry, amount)
    for (entry, _), amount in posted.items():
        if entry.reason != Reason.ADJUSTMENT:
            book.move(entry, -amount)
    return tuple(Posting(entry, amount) for (entry, _), amount in book.sums().items())


def sums(postings: Iterable[Posting]) -> dict[tuple[Entry, str], Money]:
    """Add up postings, an entry and its mirror counting against each other."""
    book = Book()
    for posting in postings:
        book.move(posting.entry, posting.amount)
    return book.sums()


def balances(postings: Iterable[Posting]) -> dict[tuple[Account, str], Money]:
    """Return what each account received less what it gave, by account and currency.

    Over all accounts the balances of a currency are 0: each amount counts once with each sign.
    """
    return _balances((posting.entry, posting.amount) for posting in postings)


def balances_of(totals: Sums) -> dict[tuple[Account, str], Money]:
    """Return the balances of postings that are already added up."""
    return _balances((entry, amount) for (entry, _), amount in totals.items())


def _balances(moves: Iterable[tuple[Entry, Money]]) -> dict[tuple[Account, str], Money]:
    found: dict[tuple[Account, str], Money] = {}
    for entry, amount in moves:
        for account, signed in ((entry.debit, amount), (entry.credit, -amount)):
            key = (account, amount.currency)
            found[key] = found[key] + signed if key in found else signed
    return dict(sorted(found.items(), key=lambda item: item[0]))


def _order(entry: Entry, currency: str) -> tuple[str, ...]:
    """Return what sorts as the entry does, but is compared faster than nested records."""
    return (
        entry.period,
        entry.origin_period,
        entry.debit.kind,
        entry.debit.name,
        entry.credit.kind,
        entry.credit.name,
        entry.reason,
        entry.invoice_issuer,
        entry.invoice,
        currency,
    )
