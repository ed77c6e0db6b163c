"""Costs on the wire."""

from datetime import datetime
from typing import Self
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from service.api.schemas.amounts import Amount, written
from service.usecases.report_costs import By, CostReport, CostRow
from service.usecases.total_costs import CostTotal, total_costs


class CostRowOut(BaseModel):
    """What one team (or service, account ...) bears in one currency.

    Its first field bears the name of the question: ``team`` where costs are asked for by team.
    """

    model_config = ConfigDict(extra="allow")

    currency: str
    billed_cost: Amount
    effective_cost: Amount = Field(
        description="direct + shared + idle + unused_commitment + distributed + unallocated"
    )
    contracted_cost: Amount | None = Field(description="null where no bill says it")
    list_cost: Amount | None = Field(description="null where no bill says it")
    direct: Amount
    shared: Amount
    idle: Amount
    unused_commitment: Amount = Field(description="paid to be there and not used")
    distributed: Amount = Field(description="passed on to other teams; not more than 0 of a charge")
    unallocated: Amount

    @classmethod
    def of(cls, row: CostRow, by: str) -> Self:
        """Write it for the wire."""
        named = {by: row.key}
        return cls(
            **named,
            currency=row.currency,
            billed_cost=row.billed_cost.text(),
            effective_cost=row.effective_cost.text(),
            contracted_cost=written(row.contracted_cost),
            list_cost=written(row.list_cost),
            direct=row.direct.text(),
            shared=row.shared.text(),
            idle=row.idle.text(),
            unused_commitment=row.unused_commitment.text(),
            distributed=row.distributed.text(),
            unallocated=row.unallocated.text(),
        )


class CostTotalOut(BaseModel):
    """The sums of the rows in one currency."""

    currency: str
    billed_cost: Amount
    effective_cost: Amount
    direct: Amount
    shared: Amount
    idle: Amount
    unused_commitment: Amount = Field(description="paid to be there and not used")
    distributed: Amount = Field(description="passed on to other teams; not more than 0 of a charge")
    unallocated: Amount
    difference: Amount | None = Field(
        description="bills less allocations in effective cost; null for a team's token"
    )

    @classmethod
    def of(cls, total: CostTotal) -> Self:
        """Write it for the wire."""
        return cls(
            currency=total.currency,
            billed_cost=total.billed_cost.text(),
            effective_cost=total.effective_cost.text(),
            direct=total.direct.text(),
            shared=total.shared.text(),
            idle=total.idle.text(),
            unused_commitment=total.unused_commitment.text(),
            distributed=total.distributed.text(),
            unallocated=total.unallocated.text(),
            difference=written(total.difference),
        )


class CostsOut(BaseModel):
    """The costs of one period, as one stored allocation run has them."""

    period: str = Field(examples=["2026-10"])
    run: UUID = Field(description="the allocation run that says so")
    allocated_at: datetime
    policy_version: int | None = Field(description="null where no policy was in effect")
    by: By
    rows: list[CostRowOut]
    totals: list[CostTotalOut] = Field(description="one per currency")

    @classmethod
    def of(cls, report: CostReport, *, whole: bool) -> Self:
        """Write it for the wire; only a reader of the ``whole`` sees how it compares to bills."""
        return cls(
            period=str(report.period),
            run=report.run.id,
            allocated_at=report.run.at,
            policy_version=report.run.policy_version,
            by=report.by,
            rows=[CostRowOut.of(row, report.by) for row in report.rows],
            totals=[CostTotalOut.of(total) for total in total_costs(report, whole=whole)],
        )
