"""Turns postings into entries of a general ledger, in whole coins, debits like credits."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from service.domain.ledger import Account, AccountKind
from service.domain.money import Money, sum_money
from service.domain.pools import UNALLOCATED
from service.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from service.domain.ledger import Entry, Posting

ROUNDING = Account(AccountKind.ROUNDING, "journal")
"""Takes up what amounts that are each rounded to the smallest coin miss to zero."""

_OF_A_TEAM = frozenset((AccountKind.TEAM, AccountKind.IDLE, AccountKind.UNUSED_COMMITMENT))


@dataclass(frozen=True, slots=True, order=True)
class JournalKey:
    """What is summed into one line; the invoice is told on what is owed to providers only."""

    currency: str
    account: Account
    origin_period: str
    reason: str
    invoice_issuer: str = ""
    invoice: str = ""


@dataclass(frozen=True, slots=True)
class JournalLine:
    """A line of the journal: ``amount`` above 0 is a debit, below 0 a credit."""

    key: JournalKey
    gl_account: str
    amount: Money


def journal_lines(
    postings: Iterable[Posting], gl_accounts: Mapping[AccountKind, str]
) -> tuple[JournalLine, ...]:
    """Sum postings by account, round each sum once, and balance each currency by ``ROUNDING``.

    Raises:
        InputError: When a kind of account has no number in ``gl_accounts``; names it.
    """
    sums = _sums(postings)
    rounded = {key: amount.rounded() for key, amount in sums.items()}
    for currency in {key.currency for key in sums}:
        parts = (amount for key, amount in rounded.items() if key.currency == currency)
        rounded[JournalKey(currency, ROUNDING, "", "rounding")] = -sum_money(parts, currency)
    return tuple(
        JournalLine(key, _number(key.account.kind, gl_accounts), rounded[key])
        for key in sorted(rounded)
        if rounded[key].pico
    )


def postings_of(team: str, postings: Iterable[Posting]) -> tuple[Posting, ...]:
    """Return the postings that one team bears or passes on."""
    return tuple(
        posting
        for posting in postings
        if _bears(team, posting.entry.debit) or _bears(team, posting.entry.credit)
    )


def _bears(team: str, account: Account) -> bool:
    if account.kind is AccountKind.UNALLOCATED:
        return team == UNALLOCATED
    return account.kind in _OF_A_TEAM and account.name == team


def _sums(postings: Iterable[Posting]) -> dict[JournalKey, Money]:
    sums: dict[JournalKey, Money] = {}
    for posting in postings:
        amount = posting.amount
        for account, signed in ((posting.entry.debit, amount), (posting.entry.credit, -amount)):
            key = _key(posting.entry, account, amount.currency)
            sums[key] = sums.get(key, Money.zero(amount.currency)) + signed
    return sums


def _key(entry: Entry, account: Account, currency: str) -> JournalKey:
    key = JournalKey(currency, account, entry.origin_period, entry.reason)
    if account.kind is not AccountKind.PAYABLE:
        return key
    return JournalKey(
        currency, account, entry.origin_period, entry.reason, entry.invoice_issuer, entry.invoice
    )


def _number(kind: AccountKind, gl_accounts: Mapping[AccountKind, str]) -> str:
    if kind not in gl_accounts:
        raise InputError(
            f"there is no general ledger account for {kind}; set"
            f' journal_accounts = {{ {kind} = "..." }} in comptroller.toml'
        )
    return gl_accounts[kind]
