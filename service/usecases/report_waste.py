"""Answers what was paid for and not used, by class and owner, from the stored accounts."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, get_args

from service.domain.gpu_accounts import CONTRACTED, HELD, UNEXPLAINED, WASTE, Kind
from service.domain.money import Money, money_sums
from service.errors import InputError
from service.usecases.account_reading import stored_accounts
from service.usecases.report_costs import NONE

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from service.domain.periods import Period
    from warehouse.lake import Lake
    from warehouse.port import Engine

By = Literal["team", "kind", "job", "pool"]

BY: tuple[str, ...] = get_args(By)
"""What waste can be reported by."""


@dataclass(frozen=True, slots=True)
class WasteRow:
    """GPU time of one class and its owner; ``cost`` is ``None`` where it is not known."""

    key: str
    kind: str
    team: str
    gpu_ms: int
    cost: Money | None


@dataclass(frozen=True, slots=True)
class Basis:
    """One of the three bases of a period: GPU time and its cost by currency."""

    gpu_ms: int
    cost: Mapping[str, Money]


@dataclass(frozen=True, slots=True)
class WasteReport:
    """The waste of a period by one property, and what its facts do not explain.

    ``lost`` is work that was thrown away: a part of the time that was held.

    The bases are of the whole period, or of the teams that may be seen: what was held by contract,
    whether its GPUs were seen or not, what was held of it, and what was at work.
    """

    period: Period
    run: str
    by: str
    rows: tuple[WasteRow, ...]
    unexplained: tuple[WasteRow, ...]
    lost: tuple[WasteRow, ...]
    reserved: Basis
    allocated: Basis
    utilised: Basis


def report_waste(
    period: Period,
    by: str = "team",
    *,
    lake: Lake,
    engine: Engine,
    teams: frozenset[str] | None = None,
) -> WasteReport:
    """Return a row for each ``by``, class and owner, the dearest first.

    Raises:
        InputError: When ``by`` is none of the properties in ``BY``.
        NotFoundError: When nothing is known of the period.
        ConflictError: When it is not accounted.
    """
    if by not in BY:
        raise InputError(f"waste cannot be shown by {by!r}; accepted are {', '.join(BY)}")
    stored = stored_accounts(period, lake=lake, engine=engine, teams=teams)
    rows = [_row(row) for row in stored.ask("gpu_accounts_by", by)]
    return WasteReport(
        period=period,
        run=stored.run,
        by=by,
        rows=_dearest(row for row in rows if row.kind in set(WASTE)),
        unexplained=_dearest(row for row in rows if row.kind in set(UNEXPLAINED)),
        lost=_dearest(_row(row) for row in stored.ask("lost_work_by", by)),
        reserved=_basis(rows, CONTRACTED),
        allocated=_basis(rows, HELD),
        utilised=_basis(rows, (Kind.UTILISED,)),
    )


def _row(row: Mapping[str, Any]) -> WasteRow:
    cost = row["effective_cost"]
    return WasteRow(
        key=NONE if row["key"] is None else row["key"],
        kind=row["kind"],
        team=row["team"],
        gpu_ms=row["gpu_ms"] or 0,
        cost=None if cost is None else Money.parse(cost, row["currency"]),
    )


def _dearest(rows: Iterable[WasteRow]) -> tuple[WasteRow, ...]:
    """Order rows by the cost of all rows of their key, then by their own."""
    found = list(rows)
    whole: Counter[str] = Counter()
    for row in found:
        whole[row.key] += 0 if row.cost is None else row.cost.pico

    def order(row: WasteRow) -> tuple[object, ...]:
        own = 0 if row.cost is None else row.cost.pico
        return -whole[row.key], row.key, -own, -row.gpu_ms, row.kind, row.team

    return tuple(sorted(found, key=order))


def _basis(rows: Iterable[WasteRow], kinds: Iterable[Kind]) -> Basis:
    wanted = [row for row in rows if row.kind in set(kinds)]
    cost = money_sums(row.cost for row in wanted if row.cost is not None)
    return Basis(sum(row.gpu_ms for row in wanted), cost)
