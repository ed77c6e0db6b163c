"""Allocation runs."""

from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from service.domain.records import AllocationRun, CostTotals, CurrencyTotals
from service.store.models import AllocationRunRow, AllocationTotalRow


class Allocations:
    """Every allocation that was made, with the totals that prove it."""

    def __init__(self, session: Session) -> None:
        """Read and write inside the session's transaction."""
        self._session = session

    def add(self, run: AllocationRun) -> None:
        """Store an allocation run for good."""
        self._session.add(
            AllocationRunRow(
                id=run.id,
                period=run.period,
                policy_version=run.policy_version,
                at=run.at,
                snapshots=dict(run.snapshots),
                allocation_snapshot=run.allocation_snapshot,
                rows=run.rows,
            )
        )
        self._session.flush()
        for total in run.totals:
            self._session.add_all(_sides(run.id, total))
        self._session.flush()

    def by_id(self, run_id: UUID) -> AllocationRun | None:
        """Give one allocation run."""
        return self._run(self._session.get(AllocationRunRow, run_id))

    def latest(self, period: str) -> AllocationRun | None:
        """Give the allocation of ``period`` that was made last."""
        query = (
            select(AllocationRunRow)
            .where(AllocationRunRow.period == period)
            .order_by(AllocationRunRow.at.desc(), AllocationRunRow.id)
            .limit(1)
        )
        return self._run(self._session.scalar(query))

    def _run(self, row: AllocationRunRow | None) -> AllocationRun | None:
        if row is None:
            return None
        query = select(AllocationTotalRow).where(AllocationTotalRow.run_id == row.id)
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
        return AllocationRun(
            id=row.id,
            period=row.period,
            policy_version=row.policy_version,
            at=row.at,
            snapshots=row.snapshots,
            allocation_snapshot=row.allocation_snapshot,
            totals=tuple(totals),
            rows=row.rows,
        )


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
