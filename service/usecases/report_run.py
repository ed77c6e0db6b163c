"""The nightly report: what was loaded, who pays, and what was planned, as one stored answer."""

from collections import Counter
from collections.abc import Callable, Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any

from service.domain.closing import PeriodClose
from service.domain.money import Money, money_sums, sum_money
from service.domain.periods import Period
from service.domain.plans import StoredPlan
from service.domain.records import AllocationRun
from service.usecases.gpu_time.report_waste import WasteReport
from service.usecases.report_costs import CostReport, CostRow

PICO_PER_MICRO = 10**6

Ask = Callable[[Period, str], CostReport]
"""Costs of a period by a property, from the stored allocation run."""

AskUsage = Callable[[Period], WasteReport | None]
"""GPU time of a period by kind, from the stored accounts; ``None`` where there are none."""


def report_run(  # noqa: PLR0913  (one night has this many parts, all by name)
    *,
    scheduled_at: datetime,
    loads: list[dict[str, Any]],
    runs: Mapping[Period, AllocationRun],
    plan: StoredPlan | None,
    failed: Mapping[str, str],
    ask: Ask,
    usage: AskUsage,
    books: Mapping[str, Any] | None = None,
) -> dict[str, Any]:
    """Put together what the night brought; amounts are exact decimal strings."""
    periods = sorted(runs)
    return {
        "scheduled_at": scheduled_at.isoformat(),
        "loads": loads,
        "failed": dict(failed),
        "periods": [row for period in periods for row in _totals(runs[period])],
        "providers": _providers([ask(period, "provider") for period in periods]),
        "teams": _teams(ask(_settled(periods, scheduled_at), "team")) if periods else None,
        "usage": _usage(usage(_settled(periods, scheduled_at))) if periods else None,
        "books": books,
        "plan": None if plan is None else plan_summary(plan),
    }


def books_of_night(
    posted: Mapping[str, Any], closed: Mapping[str, str], newest: PeriodClose | None
) -> dict[str, Any]:
    """Write what the night did to the books, and the head to keep.

    Args:
        posted: By period what was posted, and the closed periods that it restates.
        closed: The head of each period that was closed tonight.
        newest: The last close there is, whenever it was made.
    """
    return {
        "posted": dict(posted),
        "closed": dict(closed),
        "newest": None if newest is None else {"period": newest.period, "head": newest.head},
    }


def _settled(periods: list[Period], at: datetime) -> Period:
    """The newest period that was over at ``at``, else the newest there is."""
    over = [period for period in periods if period.end <= at]
    return (over or periods)[-1]


def _totals(run: AllocationRun) -> list[dict[str, str]]:
    """One row per currency: bills, allocations and their difference, effective and billed."""
    return [
        {
            "period": run.period,
            "run": str(run.id),
            "currency": totals.currency,
            "bills": _text(totals.bills.effective_cost, totals.currency),
            "allocated": _text(totals.allocations.effective_cost, totals.currency),
            "difference": _text(totals.difference.effective_cost, totals.currency),
            "billed": _text(totals.bills.billed_cost, totals.currency),
            "billed_allocated": _text(totals.allocations.billed_cost, totals.currency),
            "billed_difference": _text(totals.difference.billed_cost, totals.currency),
        }
        for totals in run.totals
    ]


def _providers(reports: list[CostReport]) -> list[dict[str, Any]]:
    """Effective cost per provider and currency, period by period and in all."""
    costs: dict[tuple[str, str], dict[str, Money]] = {}
    for report in reports:
        for row in report.rows:
            costs.setdefault((row.key, row.currency), {})[str(report.period)] = row.effective_cost
    return [
        {
            "provider": provider,
            "currency": currency,
            "periods": {period: cost.text() for period, cost in by_period.items()},
            "effective_cost": sum_money(by_period.values(), currency).text(),
        }
        for (provider, currency), by_period in sorted(costs.items())
    ]


def _teams(report: CostReport) -> dict[str, Any]:
    """Cost by team of one period, with what it consists of."""
    rows = sorted(report.rows, key=lambda row: (row.currency, -row.effective_cost.pico))
    return {
        "period": str(report.period),
        "run": str(report.run.id),
        "rows": [_team(row) for row in rows],
    }


def _team(row: CostRow) -> dict[str, str]:
    amounts = {
        "effective_cost": row.effective_cost,
        "direct": row.direct,
        "shared": row.shared,
        "idle": row.idle,
        "unused_commitment": row.unused_commitment,
        "distributed": row.distributed,
        "unallocated": row.unallocated,
        "billed_cost": row.billed_cost,
    }
    return {
        "team": row.key,
        "currency": row.currency,
        **{name: amount.text() for name, amount in amounts.items()},
    }


def _usage(report: WasteReport | None) -> dict[str, Any] | None:
    """GPU time of one period and its cost by kind, whoever owns it; what was used comes first."""
    if report is None or not report.reserved.gpu_ms:
        return None
    time: Counter[str] = Counter()
    cost: dict[str, list[Money]] = {}
    for row in (*report.rows, *report.unexplained):
        time[row.kind] += row.gpu_ms
        cost.setdefault(row.kind, []).extend([] if row.cost is None else [row.cost])
    used = _kind("utilised", report.utilised.gpu_ms, report.utilised.cost)
    rest = (_kind(kind, time[kind], money_sums(cost[kind])) for kind in sorted(time))
    return {"period": str(report.period), "run": report.run, "rows": [used, *rest]}


def _kind(kind: str, gpu_ms: int, cost: Mapping[str, Money]) -> dict[str, Any]:
    return {
        "kind": kind,
        "gpu_ms": gpu_ms,
        "effective_cost": {currency: amount.text() for currency, amount in cost.items()},
    }


def plan_summary(plan: StoredPlan) -> dict[str, Any]:
    """What a plan costs, how good it is proven to be, and why some work has no place."""
    unplaced = [p for p in plan.placements if p.offer is None]
    reasons: dict[str, list[str]] = {}
    for placement in unplaced:
        reasons.setdefault(placement.reason_code, []).append(placement.reason)
    return {
        "id": str(plan.id),
        "status": plan.status,
        "currency": plan.currency,
        "spend": _micros(plan.spend_micros, plan),
        "left_out": _micros(plan.left_out_micros, plan),
        "cost": _micros(plan.cost_micros, plan),
        "bound": _micros(plan.bound_micros, plan),
        "gap": plan.gap,
        "placed": len(plan.placements) - len(unplaced),
        "unplaced": len(unplaced),
        "reasons": {
            code: {"workloads": len(texts), "example": texts[0]} for code, texts in reasons.items()
        },
        "baselines": baseline_amounts(plan),
        "stale_inputs": list(plan.stale_inputs),
    }


def baseline_amounts(plan: StoredPlan) -> dict[str, dict[str, Any]]:
    """What the other ways to plan the queue come to, by name."""
    return {
        name: {
            "spend": _micros(one.spend_micros, plan),
            "cost": _micros(one.cost_micros, plan),
            "placed": one.placed,
            "unplaced": one.unplaced,
        }
        for name, one in plan.baselines.items()
    }


def _micros(micros: int, plan: StoredPlan) -> str:
    return Money(micros * PICO_PER_MICRO, plan.currency).text()


def _text(amount: Decimal, currency: str) -> str:
    return Money.parse(amount, currency).text()
