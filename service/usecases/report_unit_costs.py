"""Answers what a unit of GPU work costs, from the stored accounts."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, get_args

from service.domain import unit_costs as domain
from service.domain.gpu_accounts import KWH_J
from service.domain.money import Money
from service.domain.unit_costs import HeldTime, Runs, UnitCost
from service.errors import InputError
from service.usecases.account_reading import stored_accounts
from service.usecases.report_costs import NONE

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from service.domain.periods import Period
    from warehouse.lake import Lake
    from warehouse.port import Engine

By = Literal["team", "project", "workload", "model"]

BY: tuple[str, ...] = get_args(By)
"""What unit costs can be reported by."""

_GRAMS = 1000


@dataclass(frozen=True, slots=True)
class UnitCostRow:
    """The unit costs of one team (project ...) in one currency, and what they rest on.

    ``currency`` is ``None`` where no cost is known at all; ``energy_kwh`` and ``carbon_kg`` (of CO2
    equivalent) are those of the held time, ``None`` where nothing tells them.
    """

    key: str
    currency: str | None
    held: HeldTime
    tokens: int
    energy_kwh: float | None
    carbon_kg: float | None
    runs: Runs
    gpu_hour: UnitCost
    utilised_hour: UnitCost
    run: UnitCost
    million_tokens: UnitCost
    million_tokens_used: UnitCost
    useful_hour: UnitCost


@dataclass(frozen=True, slots=True)
class UnitCostReport:
    """The unit costs of a period by one property."""

    period: Period
    run: str
    by: str
    rows: tuple[UnitCostRow, ...]


def report_unit_costs(
    period: Period,
    by: str = "team",
    *,
    lake: Lake,
    engine: Engine,
    teams: frozenset[str] | None = None,
) -> UnitCostReport:
    """Return a row for each ``by`` and currency.

    Raises:
        InputError: When ``by`` is none of the properties in ``BY``.
        NotFoundError: When nothing is known of the period.
        ConflictError: When it is not accounted.
    """
    if by not in BY:
        raise InputError(f"unit costs cannot be shown by {by!r}; accepted are {', '.join(BY)}")
    stored = stored_accounts(period, lake=lake, engine=engine, teams=teams)
    held, runs = _by_key(stored.ask("held_time_by", by)), _by_key(stored.ask("runs_by", by))
    rows = tuple(
        _row(key, currency, held.get(key, ()), runs.get(key, ()))
        for key in sorted({*held, *runs}, key=lambda key: (key == NONE, key))
        for currency in _currencies([*held.get(key, ()), *runs.get(key, ())])
    )
    return UnitCostReport(period, stored.run, by, rows)


def _by_key(rows: Iterable[Mapping[str, Any]]) -> dict[str, list[Mapping[str, Any]]]:
    found: defaultdict[str, list[Mapping[str, Any]]] = defaultdict(list)
    for row in rows:
        found[NONE if row["key"] is None else row["key"]].append(row)
    return dict(found)


def _currencies(rows: Iterable[Mapping[str, Any]]) -> Iterator[str | None]:
    known = sorted({row["currency"] for row in rows if row["currency"] is not None})
    yield from known or [None]


def _row(
    key: str,
    currency: str | None,
    times: Sequence[Mapping[str, Any]],
    jobs: Sequence[Mapping[str, Any]],
) -> UnitCostRow:
    held, serving = _held(times, currency), _held(times, currency, "serving_")
    runs, tokens = _runs(jobs, currency), _sum(times, "tokens")
    return UnitCostRow(
        key=key,
        currency=currency,
        held=held,
        tokens=tokens,
        energy_kwh=_measured(times, "energy", KWH_J),
        carbon_kg=_measured(times, "carbon", _GRAMS),
        runs=runs,
        gpu_hour=domain.per_gpu_hour(held),
        utilised_hour=domain.per_utilised_hour(held),
        run=domain.per_run(runs),
        million_tokens=domain.per_million_tokens(serving, tokens),
        million_tokens_used=domain.per_million_tokens_used(serving, tokens),
        useful_hour=domain.per_useful_hour(runs),
    )


def _held(rows: Sequence[Mapping[str, Any]], currency: str | None, prefix: str = "") -> HeldTime:
    """Put time together: all of it counts, of the costs only those in the currency."""
    paid = [row for row in rows if row["currency"] == currency]
    return HeldTime(
        allocated_ms=_sum(rows, f"{prefix}allocated_ms"),
        priced_ms=_sum(paid, f"{prefix}priced_ms"),
        observed_ms=_sum(rows, f"{prefix}observed_ms"),
        utilised_ms=_sum(rows, f"{prefix}utilised_ms"),
        cost=_cost(paid, f"{prefix}cost", currency),
        gpu_cost=_cost(paid, f"{prefix}gpu_cost", currency),
    )


def _runs(rows: Sequence[Mapping[str, Any]], currency: str | None) -> Runs:
    """Put jobs together: those that were paid in another currency are not asked for."""
    paid = [row for row in rows if row["currency"] in (currency, None)]
    return Runs(
        jobs=_sum(paid, "jobs"),
        without_cost=_sum(paid, "without_cost"),
        gpu_ms=_sum(paid, "gpu_ms"),
        lost_ms=_sum(paid, "lost_ms"),
        cost=_cost(paid, "cost", currency),
    )


def _sum(rows: Iterable[Mapping[str, Any]], name: str) -> int:
    return sum(row[name] or 0 for row in rows)


def _measured(rows: Iterable[Mapping[str, Any]], name: str, unit: int) -> float | None:
    known = [row[name] for row in rows if row[name] is not None]
    return sum(known) / unit if known else None


def _cost(rows: Iterable[Mapping[str, Any]], name: str, currency: str | None) -> Money:
    known = (row[name] for row in rows if row[name] is not None)
    total = Money.zero(currency or "")
    for amount in known:
        total += Money.parse(amount, currency or "")
    return total
