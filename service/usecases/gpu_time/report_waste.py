"""Answers what was paid for and not used, by class and owner, from the stored accounts."""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from uuid import UUID

from service.domain.breakdowns import WasteBy
from service.domain.gpu_accounts import CONTRACTED, HELD, UNEXPLAINED, WASTE, Kind
from service.domain.money import Money, money_sums, sum_money
from service.domain.rightsizing import OVER_SIZED, Recommendation
from service.usecases.gpu_time.reading import cost_of, stored_accounts
from service.usecases.report_costs import NONE

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from service.domain.periods import Period
    from service.store.store import Store
    from warehouse.lake import Lake
    from warehouse.port import Engine

LOST_IN = HELD
"""The classes that contain work that was thrown away."""

OVER_SIZED_KIND = "over_sized"
"""The class of time in which work held more than it needs; all of it is in other classes, too."""

OVER_SIZED_IN = (Kind.UTILISED, Kind.UNUSED, Kind.UNOBSERVED)
"""The classes that contain over-sized time: it was held, with a process."""


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

    ``lost`` is work that was thrown away: a part of the time that was held. ``over_sized`` is time
    in which work held more than it needs, with what that cost beyond what suffices: a part of it
    as well, by the same judgement as right-sizing and without what was dismissed there; ``None``
    where the period was not judged yet.

    The bases are of the whole period, or of the teams that may be seen: what was held by contract,
    whether its GPUs were seen or not, what was held of it, and what was at work.
    """

    period: Period
    run: str
    by: str
    rows: tuple[WasteRow, ...]
    unexplained: tuple[WasteRow, ...]
    lost: tuple[WasteRow, ...]
    over_sized: tuple[WasteRow, ...] | None
    reserved: Basis
    allocated: Basis
    utilised: Basis


def report_waste(  # noqa: PLR0913 - a report has this many parts, most by name
    period: Period,
    by: str = WasteBy.TEAM,
    *,
    lake: Lake,
    engine: Engine,
    store: Store,
    teams: frozenset[str] | None = None,
) -> WasteReport:
    """Return a row for each ``by``, class and owner, the dearest first.

    Raises:
        InputError: When ``by`` is none of ``WasteBy``.
        NotFoundError: When nothing is known of the period.
        ConflictError: When it is not accounted.
    """
    stored = stored_accounts(period, by, WasteBy, lake=lake, engine=engine, teams=teams)
    rows = [_row(row) for row in stored.ask("gpu_accounts_by")]
    with store.work(teams) as work:
        judged = work.recommendations.of_accounts(UUID(stored.run))
        dismissed = work.recommendations.dismissed()
    over_sized = None
    if judged is not None:
        known = [one for one in judged.recommendations if one.id not in dismissed]
        over_sized = _dearest(_over_sized(known, by))
    return WasteReport(
        period=period,
        run=stored.run,
        by=stored.by,
        rows=_dearest(row for row in rows if row.kind in set(WASTE)),
        unexplained=_dearest(row for row in rows if row.kind in set(UNEXPLAINED)),
        lost=_dearest(_row(row) for row in stored.ask("lost_work_by")),
        over_sized=over_sized,
        reserved=_basis(rows, CONTRACTED),
        allocated=_basis(rows, HELD),
        utilised=_basis(rows, (Kind.UTILISED,)),
    )


def _over_sized(found: Iterable[Recommendation], by: str) -> Iterator[WasteRow]:
    """Put together by team what is said of its kinds of work; a kind of work is in no one pool."""
    groups: defaultdict[tuple[str, str, str], list[Recommendation]] = defaultdict(list)
    for one in found:
        if one.rule in OVER_SIZED:
            keys = {
                WasteBy.TEAM: one.work.team,
                WasteBy.KIND: OVER_SIZED_KIND,
                WasteBy.JOB: one.work.name,
                WasteBy.POOL: NONE,
            }
            key = keys[WasteBy(by)] or NONE
            groups[key, one.work.team, one.excess.cost.currency].append(one)
    for (key, team, currency), of in groups.items():
        gpu_ms = sum(one.excess.gpu_ms for one in of)
        cost = sum_money((one.excess.cost for one in of), currency)
        yield WasteRow(key, OVER_SIZED_KIND, team, gpu_ms, cost)


def _row(row: Mapping[str, Any]) -> WasteRow:
    return WasteRow(row["key"], row["kind"], row["team"], row["gpu_ms"] or 0, cost_of(row))


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
