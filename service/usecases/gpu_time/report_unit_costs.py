"""Answers what a unit of GPU work costs, from the stored accounts."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeAlias

from service.domain import unit_costs as domain
from service.domain.breakdowns import UnitCostBy
from service.domain.gpu_accounts import KWH_J
from service.domain.money import Money
from service.domain.unit_costs import HeldTime, Runs, UnitCost, UsefulTime
from service.usecases.gpu_time.reading import stored_accounts
from service.usecases.gpu_time.run_history import run_history
from service.usecases.report_costs import NONE

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from service.domain.periods import Period
    from warehouse.lake import Lake
    from warehouse.port import Engine

_GRAMS = 1000

Rows: TypeAlias = "Sequence[Mapping[str, Any]]"
"""Rows of an answer."""


@dataclass(frozen=True, slots=True)
class UnitCostRow:
    """The unit costs of one team (project ...) in one currency, and what they rest on.

    ``known_by`` says of a workload whether it is known by its id in the queue (``workload``), its
    ``job``, or its ``namespace`` alone. ``currency`` is ``None`` where no cost is known at all;
    ``energy_kwh`` and ``carbon_kg`` (of CO2 equivalent) are those of the held time, ``None`` where
    nothing tells them. ``finished`` are the jobs that ended in the period, with their cost in all
    months; ``running`` were at work in it and had not ended, with their cost so far.
    """

    key: str
    known_by: str | None
    currency: str | None
    held: HeldTime
    tokens: int
    energy_kwh: float | None
    carbon_kg: float | None
    useful: UsefulTime
    finished: Runs
    running: Runs
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
    by: str = UnitCostBy.TEAM,
    *,
    lake: Lake,
    engine: Engine,
    teams: frozenset[str] | None = None,
) -> UnitCostReport:
    """Return a row for each ``by`` and currency.

    Raises:
        InputError: When ``by`` is none of ``UnitCostBy``.
        NotFoundError: When nothing is known of the period.
        ConflictError: When it is not accounted.
    """
    stored = stored_accounts(period, by, UnitCostBy, lake=lake, engine=engine, teams=teams)
    window = {"begin": period.start, "until": period.end}
    history = run_history(period, lake=lake, engine=engine)
    answers = (
        stored.ask("held_time_by"),
        stored.ask("useful_time_by"),
        stored.ask("runs_by", window, **history),
    )
    found = [_by_key(rows) for rows in answers]
    keys = sorted({key for one in found for key in one}, key=lambda key: (key[0] == NONE, *key))
    rows = (_rows_of(key, *(one.get(key, []) for one in found)) for key in keys)
    return UnitCostReport(period, stored.run, stored.by, tuple(row for of in rows for row in of))


def _by_key(rows: Iterable[Mapping[str, Any]]) -> dict[tuple[str, str], list[Mapping[str, Any]]]:
    found: defaultdict[tuple[str, str], list[Mapping[str, Any]]] = defaultdict(list)
    for row in rows:
        found[row["key"], row["known_by"] or ""].append(row)
    return dict(found)


def _rows_of(key: tuple[str, str], times: Rows, useful: Rows, runs: Rows) -> Iterator[UnitCostRow]:
    told = {row["currency"] for row in (*times, *useful, *runs)} - {None}
    for currency in sorted(told) or [None]:
        yield _row(key, currency, times, useful, runs)


def _row(
    key: tuple[str, str], currency: str | None, times: Rows, jobs: Rows, runs: Rows
) -> UnitCostRow:
    held, serving = _held(times, currency), _held(times, currency, "serving_")
    useful, tokens = _useful(jobs, currency), _sum(times, "tokens")
    finished = _runs(runs, currency, "finished")
    return UnitCostRow(
        key=key[0],
        known_by=key[1] or None,
        currency=currency,
        held=held,
        tokens=tokens,
        energy_kwh=_measured(times, "energy", KWH_J),
        carbon_kg=_measured(times, "carbon", _GRAMS),
        useful=useful,
        finished=finished,
        running=_runs(runs, currency, "running"),
        gpu_hour=domain.per_gpu_hour(held),
        utilised_hour=domain.per_utilised_hour(held),
        run=domain.per_run(finished),
        million_tokens=domain.per_million_tokens(serving, tokens),
        million_tokens_used=domain.per_million_tokens_used(serving, tokens),
        useful_hour=domain.per_useful_hour(useful),
    )


def _held(rows: Rows, currency: str | None, prefix: str = "") -> HeldTime:
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


def _useful(rows: Rows, currency: str | None) -> UsefulTime:
    paid = _paid(rows, currency)
    return UsefulTime(
        jobs=_sum(paid, "jobs"),
        without_cost=_sum(paid, "without_cost"),
        gpu_ms=_sum(paid, "gpu_ms"),
        lost_ms=_sum(paid, "lost_ms"),
        cost=_cost(paid, "cost", currency),
    )


def _runs(rows: Rows, currency: str | None, state: str) -> Runs:
    paid = [row for row in _paid(rows, currency) if row["state"] == state]
    return Runs(
        jobs=_sum(paid, "jobs"),
        without_cost=_sum(paid, "without_cost"),
        cost=_cost(paid, "cost", currency),
        gaps=tuple(sorted({row["gap"] for row in paid} - {None})),
    )


def _paid(rows: Rows, currency: str | None) -> Rows:
    """Put jobs together: those that were paid in another currency are not asked for."""
    return [row for row in rows if row["currency"] in (currency, None)]


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
