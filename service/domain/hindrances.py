"""What hinders the close of a period: figures that are wrong, and such that may still move."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from decimal import Decimal
from typing import TYPE_CHECKING

from service.domain.money import Money, percent
from service.domain.reporting import missing_rate

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping
    from datetime import date

    from service.domain.periods import Period
    from service.domain.reporting import RateKey


@dataclass(frozen=True, slots=True)
class ClosingRule:
    """When a period may be closed without anybody's word.

    ``unallocated_limit_percent`` is of the effective cost of each currency; ``settle_days`` is how
    long after its end late bills are waited for; ``tolerance`` is for each invoice.
    """

    unallocated_limit_percent: Decimal
    settle_days: int
    tolerance: Decimal = Decimal("0.01")


@dataclass(frozen=True, slots=True)
class ClosingFacts:
    """What is known of a period that is to be closed.

    ``open_invoices`` are those that are not final yet, by name. ``differences`` are what bills and
    ledger differ by, with the name of the invoice. ``unallocated`` has by currency the effective
    cost that nobody bears, and all of it. ``stale`` is an allocation that newer facts have
    overtaken, or none at all. ``earlier_open`` are earlier periods that are not closed.
    ``quarantined_corrections`` are quarantined rows by the closed period that it corrects.
    ``missing_rates`` are those that statements need to tell totals in the reporting currency.
    """

    period: Period
    today: date
    open_invoices: Collection[str] = ()
    quarantined_rows: int = 0
    quarantined_corrections: Mapping[str, int] = field(default_factory=dict)
    differences: Collection[tuple[str, Money]] = ()
    unallocated: Mapping[str, tuple[Money, Money]] = field(default_factory=dict)
    stale: bool = False
    earlier_open: Collection[str] = ()
    missing_rates: Collection[RateKey] = ()


def hindrances(
    facts: ClosingFacts, rule: ClosingRule, reason: str | None = None
) -> tuple[str, ...]:
    """Return what hinders a close, one sentence each; nothing means that it may be closed.

    Args:
        facts: What is known of the period.
        rule: The limits.
        reason: Why a person closes it nevertheless; it overrides bills that may still come and
            cost that nobody bears, never figures that are wrong.
    """
    found = _wrong(facts, rule)
    return tuple(found) if reason else (*found, *_unsettled(facts, rule))


def _wrong(facts: ClosingFacts, rule: ClosingRule) -> Iterator[str]:
    period = facts.period
    if facts.today < period.next.first_day:
        yield f"{period} is not over before {period.next.first_day}"
    if facts.earlier_open:
        yield f"earlier periods are not closed: {_listed(facts.earlier_open)}"
    if facts.stale:
        yield f"the allocation of {period} is older than its bills, usage or policy"
    if facts.quarantined_rows:
        yield f"{facts.quarantined_rows} rows of {period} are quarantined"
    for origin, rows in sorted(facts.quarantined_corrections.items()):
        yield f"{rows} rows of {origin}, which {period} corrects, are quarantined"
    for invoice, difference in facts.differences:
        if abs(difference) > Money.parse(rule.tolerance, difference.currency):
            yield (
                f"invoice {invoice} and the ledger differ by"
                f" {difference.text()} {difference.currency}"
            )
    yield from map(missing_rate, sorted(facts.missing_rates))


def _unsettled(facts: ClosingFacts, rule: ClosingRule) -> Iterator[str]:
    period = facts.period
    settled = period.next.first_day + timedelta(days=rule.settle_days)
    if facts.today < settled:
        yield f"bills of {period} are waited for until {settled}"
    if facts.open_invoices:
        yield f"invoices are not final: {_listed(facts.open_invoices)}"
    for currency, (unallocated, whole) in sorted(facts.unallocated.items()):
        share = percent(unallocated, whole)
        if share is None:
            share = Decimal(100) if unallocated.pico else Decimal(0)
        if share > rule.unallocated_limit_percent:
            yield (
                f"{share:.2f} % of the cost in {currency} is unallocated, more than"
                f" {rule.unallocated_limit_percent} %"
            )


def _listed(names: Collection[str]) -> str:
    return ", ".join(sorted(names))
