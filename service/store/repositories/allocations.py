"""Allocation runs: runs over a period whose proof are totals."""

from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from service.domain.records import ALLOCATED, AllocationRun, CostTotals, CurrencyTotals, PeriodRun
from service.store.models import AllocationTotalRow
from service.store.repositories.period_runs import PeriodRuns


class Allocations:
    """Every allocation that was made, with the totals that prove it."""

    def __init__(self, session: Session) -> None:
        """Read and write inside the session's transaction."""
        self._session = session
        self._runs = PeriodRuns(session)

    def add(self, run: AllocationRun) -> None:
        """Store an allocation run for good."""
        self._runs.add(
            PeriodRun(
                id=run.id,
                kind=ALLOCATED,
                period=run.period,
                policy_version=run.policy_version,
                at=run.at,
                snapshots=run.snapshots,
                written={"allocation": run.allocation_snapshot},
                rows=run.rows,
            )
        )
        for total in run.totals:
            self._session.add_all(_sides(run.id, total))
        self._session.flush()

    def by_id(self, run_id: UUID) -> AllocationRun | None:
        """Give one allocation run."""
        return self._with_totals(self._runs.by_id(run_id))

    def latest(self, period: str) -> AllocationRun | None:
        """Give the allocation of ``period`` that was made last."""
        return self._with_totals(self._runs.latest(ALLOCATED, period))

    def _with_totals(self, run: PeriodRun | None) -> AllocationRun | None:
        if run is None or run.kind != ALLOCATED:
            return None
        query = select(AllocationTotalRow).where(AllocationTotalRow.run_id == run.id)
        found = {
            (total.currency, total.side): _costs(total) for total in self._session.scalars(query)
        }
        totals = (
            CurrencyTotals(
                currency,
                bills=found[currency, "bills"],
                allocations=found[currency, "allocations"],
                difference=found[currency, "difference"],
            )
            for currency in sorted({currency for currency, _ in found})
        )
        return AllocationRun.of(run, tuple(totals))


def _sides(run_id: UUID, total: CurrencyTotals) -> list[AllocationTotalRow]:
    sides = {
        "bills": total.bills,
        "allocations": total.allocations,
        "difference": total.difference,
    }
    return [
        AllocationTotalRow(
            run_id=run_id,
            currency=total.currency,
            side=side,
            billed_cost=costs.billed_cost,
            effective_cost=costs.effective_cost,
            contracted_cost=costs.contracted_cost,
            list_cost=costs.list_cost,
        )
        for side, costs in sides.items()
    ]


def _costs(row: AllocationTotalRow) -> CostTotals:
    return CostTotals(row.billed_cost, row.effective_cost, row.contracted_cost, row.list_cost)
