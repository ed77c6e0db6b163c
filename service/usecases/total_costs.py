"""The sums of a cost report, and how the whole of it compares with the bills."""

from dataclasses import dataclass

from service.domain.money import Money, sum_money
from service.usecases.report_costs import CostReport, CostRow


@dataclass(frozen=True, slots=True)
class CostTotal:
    """What the rows of a report add up to in one currency.

    ``difference`` is bills less allocations in effective cost, as the run stored it; ``None`` for
    a reader who does not see every team.
    """

    currency: str
    billed_cost: Money
    effective_cost: Money
    direct: Money
    shared: Money
    idle: Money
    unused_commitment: Money
    distributed: Money
    unallocated: Money
    difference: Money | None


def total_costs(report: CostReport, *, whole: bool) -> tuple[CostTotal, ...]:
    """Return the sums for each currency, in its order; ``whole`` reports see the difference."""
    differences = {
        total.currency: Money.parse(total.difference.effective_cost, total.currency)
        for total in report.run.totals
        if whole
    }
    currencies = sorted({row.currency for row in report.rows})
    return tuple(
        _total([row for row in report.rows if row.currency == currency], currency, differences)
        for currency in currencies
    )


def _total(rows: list[CostRow], currency: str, differences: dict[str, Money]) -> CostTotal:
    return CostTotal(
        currency=currency,
        billed_cost=sum_money((row.billed_cost for row in rows), currency),
        effective_cost=sum_money((row.effective_cost for row in rows), currency),
        direct=sum_money((row.direct for row in rows), currency),
        shared=sum_money((row.shared for row in rows), currency),
        idle=sum_money((row.idle for row in rows), currency),
        unused_commitment=sum_money((row.unused_commitment for row in rows), currency),
        distributed=sum_money((row.distributed for row in rows), currency),
        unallocated=sum_money((row.unallocated for row in rows), currency),
        difference=differences.get(currency),
    )
