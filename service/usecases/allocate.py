"""Computes the allocation of one billing period in memory; storing it is another matter."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.compute as pc

from service.domain.policy import UNUSED, Policy
from service.domain.pools import UNALLOCATED, Line, Method
from service.domain.records import CostTotals, CurrencyTotals, Finding
from service.errors import ComptrollerError
from service.usecases.allocation_table import MONEY, in_order, shaped
from service.usecases.charge_owners import Reader, charge_groups
from service.usecases.distribute_costs import distribute_costs
from service.usecases.driver_use import driver_use
from service.usecases.pool_shares import use_findings, use_of_pools
from service.usecases.split_origins import Signals, split_findings, split_origins

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from service.domain.periods import Period

_MEASURES = ("billed", "effective", "contracted", "list")


class AllocationDiffersError(ComptrollerError):
    """The parts do not add up to the bills; nothing was stored."""

    code = "allocation-differs"


@dataclass(frozen=True, slots=True)
class Allocation:
    """Who bears what of a period: rows in a fixed order, and the proof that they add up."""

    rows: pa.Table
    totals: tuple[CurrencyTotals, ...]
    findings: tuple[Finding, ...]


def allocate(period: Period, policy: Policy | None, reader: Reader) -> Allocation:
    """Charge every cost line of ``period`` to a team, by ``policy`` or to nobody without one.

    Raises:
        AllocationDiffersError: When parts and bills differ in any of the four costs.
    """
    policy = policy or Policy(effective_from=period.first_day, teams=frozenset())
    machine = reader.ask("machine_times")
    groups = charge_groups(period, policy, machine, reader)
    shared = groups.filter(pc.is_valid(groups["pool"]))
    use = use_of_pools(shared, policy, machine, reader)
    signals = Signals(use, driver_use(shared, policy, machine, reader))
    direct = _direct(groups.filter(pc.is_null(groups["pool"])))
    parts = split_origins(shared, policy, signals, direct)
    rows, kept = distribute_costs(pa.concat_tables([direct, parts]), policy)
    rows = in_order(rows)
    checked = reader.ask("allocation_check", {"period": str(period)}, part=rows).to_pylist()
    return Allocation(
        rows,
        tuple(_totals(period, row) for row in checked),
        (*use_findings(use, parts), *split_findings(parts), *kept, *_unknown_costs(checked)),
    )


def _direct(groups: pa.Table) -> pa.Table:
    team = pc.fill_null(groups["team"], UNALLOCATED)
    nobody = pc.equal(team, UNALLOCATED)
    unused = pc.fill_null(pc.equal(groups["commitment_status"], UNUSED), False)  # noqa: FBT003  (positional only)
    one = pa.array([Decimal(1)] * groups.num_rows, MONEY)
    columns = {
        "line": _one_of(nobody, Line.UNALLOCATED, unused, Line.UNUSED_COMMITMENT, Line.DIRECT),
        "method_id": _one_of(
            nobody, Method.UNALLOCATED, unused, Method.UNUSED_COMMITMENT, Method.DIRECT
        ),
        "allocated_ratio": one,
    }
    groups = groups.set_column(groups.schema.get_field_index("team"), "team", team)
    for name, values in columns.items():
        groups = groups.append_column(name, values)
    return shaped(groups)


def _one_of(first: pa.Array, one: str, second: pa.Array, two: str, other: str) -> pa.Array:
    """Say ``one`` where ``first`` holds, else ``two`` where ``second`` does, else ``other``."""
    return pc.if_else(first, str(one), pc.if_else(second, str(two), str(other)))


def _totals(period: Period, row: Mapping[str, object]) -> CurrencyTotals:
    bills, allocations = _costs(row, "bills"), _costs(row, "allocations")
    zero = CostTotals(*[Decimal(0)] * len(_MEASURES))
    if bills != allocations or row["lines_bills"] != row["lines_allocations"]:
        raise AllocationDiffersError(
            f"allocation of {period}: bills in {row['currency']} are {bills} from"
            f" {row['lines_bills']} lines, but {allocations} from {row['lines_allocations']} were"
            " allocated; nothing was stored"
        )
    return CurrencyTotals(str(row["currency"]), bills, allocations, zero)


def _costs(row: Mapping[str, object], side: str) -> CostTotals:
    return CostTotals(*(_amount(row[f"{measure}_{side}"]) for measure in _MEASURES))


def _amount(value: object) -> Decimal:
    return value if isinstance(value, Decimal) else Decimal(0)


def _unknown_costs(checked: list[dict[str, object]]) -> Iterator[Finding]:
    for column in ("ContractedCost", "ListCost"):
        key = f"{column.removesuffix('Cost').lower()}_unknown"
        rows = sum(int(str(row[key] or 0)) for row in checked)
        if rows:
            yield Finding("the cost is not known and is left out of its sum", column, rows)
