"""Holds bills, ledger and statements of one period against each other, level by level."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

from service.domain.ledger import AccountKind, Reason
from service.domain.money import Money, sum_money
from service.domain.policy import CostBasis
from service.domain.posting_rules import BEARERS, UNATTRIBUTED, bearer

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from service.domain.ledger import Account, Charge, Entry, Sums
    from service.domain.statements import StatementLine

NO_INVOICE = "(no invoice yet)"
"""Where an invoice is named, what is billed and on no invoice."""

_BRANCHES = ("billed", "prepaid", "cost", "borne", "variance", "clearing")

Path: TypeAlias = tuple[str, ...]
Amounts: TypeAlias = Mapping[Path, Money]


@dataclass(frozen=True, slots=True)
class Level:
    """What bills or statements say of something, what the ledger holds, and its parts."""

    name: str
    expected: Money
    booked: Money
    parts: tuple[Level, ...] = ()

    @property
    def difference(self) -> Money:
        """What the ledger has more; 0 where all is right."""
        return self.booked - self.expected

    def differing(self) -> Iterator[Path]:
        """Give the paths, from here downwards, at which there is a difference."""
        if self.difference.pico:
            yield (self.name,)
        for part in self.parts:
            for path in part.differing():
                yield (self.name, *path)


def reconcile(
    charges: Iterable[Charge],
    posted: Sums,
    lines: Iterable[StatementLine],
    basis: CostBasis = CostBasis.EFFECTIVE,
) -> tuple[Level, ...]:
    """Return a tree for each currency, from what is billed to who bears it.

    The root holds effective cost of the bills against all that is borne. Below it: ``billed`` by
    issuer and invoice against what is payable, ``prepaid`` by commitment (billed less effective),
    ``cost`` by issuer and invoice, ``borne`` by kind of account and team against the statements,
    ``variance`` between basis and cost, and ``clearing``, which must be 0.

    Args:
        charges: What the bills of the period say.
        posted: What the ledger holds of it, in whichever period: its ``origin_period`` is this.
        lines: Its statement lines, all restatements and adjustments of it included.
        basis: The cost that the lines are charged by.
    """
    expected, booked = _Sums(), _Sums()
    for charge in charges:
        _bill(expected, charge)
    for line in lines:
        _charge(expected, line, basis)
    for (entry, _), amount in posted.items():
        _book(booked, entry, entry.debit, amount)
        _book(booked, entry, entry.credit, -amount)
    currencies = sorted({*expected.by_currency, *booked.by_currency})
    return tuple(
        _tree(currency, expected.of(currency), booked.of(currency)) for currency in currencies
    )


def invoice_differences(trees: Iterable[Level]) -> tuple[tuple[str, Money], ...]:
    """Return the invoices, by issuer and number, whose bill the ledger does not hold exactly."""
    return tuple(
        (f"{issuer.name} {invoice.name}", invoice.difference)
        for tree in trees
        for branch in tree.parts
        if branch.name == "billed"
        for issuer in branch.parts
        for invoice in issuer.parts
        if invoice.difference.pico
    )


class _Sums:
    """Adds up amounts by currency and path."""

    def __init__(self) -> None:
        self.by_currency: dict[str, dict[Path, Money]] = {}

    def add(self, amount: Money, *path: str) -> None:
        found = self.by_currency.setdefault(amount.currency, {})
        found[path] = found[path] + amount if path in found else amount

    def of(self, currency: str) -> Amounts:
        return self.by_currency.get(currency, {})


def _bill(expected: _Sums, charge: Charge) -> None:
    invoice = (charge.invoice_issuer, charge.invoice or NO_INVOICE)
    expected.add(charge.billed, "billed", *invoice)
    expected.add(charge.effective, "cost", *invoice)
    prepaid = charge.billed - charge.effective
    if prepaid.pico:
        expected.add(prepaid, "prepaid", charge.commitment or UNATTRIBUTED.name)


def _charge(expected: _Sums, line: StatementLine, basis: CostBasis) -> None:
    account = bearer(line.line, line.team)
    expected.add(line.charged, "borne", account.kind, account.name)
    variance = line.effective - line.charged
    if variance.pico:
        expected.add(variance, "variance", basis)


def _book(booked: _Sums, entry: Entry, account: Account, amount: Money) -> None:
    kind, name = account.kind, account.name
    invoice = (entry.invoice_issuer, entry.invoice or NO_INVOICE)
    if kind is AccountKind.PAYABLE:
        booked.add(-amount, "billed", *invoice)
    elif kind is AccountKind.PREPAID:
        booked.add(amount, "prepaid", name)
    elif kind is AccountKind.RATE_VARIANCE:
        booked.add(amount, "variance", name)
    elif kind in BEARERS:
        booked.add(amount, "borne", kind, name)
    else:
        booked.add(amount, "clearing", str(account))
        if entry.reason in {Reason.BILL, Reason.AMORTISATION}:
            booked.add(amount, "cost", *invoice)


def _tree(currency: str, expected: Amounts, booked: Amounts) -> Level:
    parts = _parts(currency, expected, booked)
    cost = (part.expected for part in parts if part.name == "cost")
    borne = (part.booked for part in parts if part.name in {"borne", "variance"})
    return Level(
        currency,
        sum_money(cost, currency),
        sum_money(borne, currency),
        tuple(sorted(parts, key=lambda part: _BRANCHES.index(part.name))),
    )


def _parts(currency: str, expected: Amounts, booked: Amounts) -> tuple[Level, ...]:
    below: dict[str, tuple[dict[Path, Money], dict[Path, Money]]] = {}
    for side, amounts in enumerate((expected, booked)):
        for path, amount in amounts.items():
            if path:
                below.setdefault(path[0], ({}, {}))[side][path[1:]] = amount
    return tuple(_level(name, currency, *below[name]) for name in sorted(below))


def _level(name: str, currency: str, expected: Amounts, booked: Amounts) -> Level:
    return Level(
        name,
        sum_money(expected.values(), currency),
        sum_money(booked.values(), currency),
        _parts(currency, expected, booked),
    )
