"""Answers who bears what of a period, by its newest run or the one that it was closed on."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal, get_args

import pyarrow as pa

from service.domain.money import Money
from service.domain.periods import Period
from service.errors import ConflictError, InputError, NotFoundError
from service.usecases.lake_runs import stored_run
from service.usecases.stale_periods import ALLOCATION, loaded_periods
from warehouse.errors import UnknownTable
from warehouse.port import Engine, Question, View

if TYPE_CHECKING:
    from service.domain.records import AllocationRun
    from service.store.store import Store, UnitOfWork
    from warehouse.lake import Lake

By = Literal["team", "provider", "service", "account", "pool", "charge_category"]

BY: tuple[str, ...] = get_args(By)
"""What costs can be reported by."""

NONE = "(none)"
"""The key of costs that lack the property that they are reported by."""


@dataclass(frozen=True, slots=True)
class CostRow:
    """What one team (service, account ...) bears in one currency.

    ``direct``, ``shared``, ``idle``, ``unused_commitment``, ``distributed`` (what it passed on,
    less than 0) and ``unallocated`` add up to ``effective_cost``.
    ``contracted_cost`` and ``list_cost`` are ``None`` where no bill says them.
    """

    key: str
    currency: str
    billed_cost: Money
    effective_cost: Money
    contracted_cost: Money | None
    list_cost: Money | None
    direct: Money
    shared: Money
    idle: Money
    unused_commitment: Money
    distributed: Money
    unallocated: Money


@dataclass(frozen=True, slots=True)
class CostReport:
    """The costs of a period by one property, and the stored run that says so."""

    period: Period
    run: AllocationRun
    by: str
    rows: tuple[CostRow, ...]


def report_costs(  # noqa: PLR0913  (every long-lived part comes by name)
    period: Period,
    by: str = "team",
    *,
    lake: Lake,
    engine: Engine,
    store: Store,
    teams: frozenset[str] | None = None,
) -> CostReport:
    """Return one row per ``by`` and currency, of ``teams`` or of all.

    Raises:
        InputError: When ``by`` is none of the properties in ``BY``.
        NotFoundError: When there are no bills of the period; the message names periods that are.
        ConflictError: When its bills are loaded and not allocated yet.
    """
    if by not in BY:
        raise InputError(f"costs cannot be shown by {by!r}; accepted are {', '.join(BY)}")
    run, answer = ask_newest_run(
        "costs_by", period, by, lake=lake, engine=engine, store=store, teams=teams
    )
    return CostReport(period, run, by, tuple(_row(row) for row in answer.to_pylist()))


def ask_newest_run(  # noqa: PLR0913  (every long-lived part comes by name)
    name: str,
    period: Period,
    by: str,
    *,
    lake: Lake,
    engine: Engine,
    store: Store,
    teams: frozenset[str] | None,
) -> tuple[AllocationRun, pa.Table]:
    """Ask a question about the newest stored allocation run of a period, by one property.

    Raises:
        NotFoundError: When there are no bills of the period; the message names periods that are.
        ConflictError: When its bills are loaded and not allocated yet.
    """
    with store.work() as work:
        run = told_run(period, work)
        is_closed = work.closes.of(str(period)) is not None
    if run is not None and not run.rows and is_closed:
        return run, pa.table({})
    if run is None or run.allocation_snapshot is None or not run.rows:
        raise _missing(period, lake)
    params = {"run": str(run.id), "period": str(period), "by": by}
    return run, _ask(Question(f"ask/{name}", params), run, lake, engine, teams)


def told_run(period: Period, work: UnitOfWork) -> AllocationRun | None:
    """Return the run whose figures are told: a closed period keeps the one that it was closed on.

    Its snapshot is then the one that was sealed, which maintenance never takes away.
    """
    close = work.closes.of(str(period))
    if close is None:
        return work.allocations.latest(str(period))
    run = work.allocations.by_id(close.allocation_run)
    return run and replace(run, allocation_snapshot=close.snapshots["allocation"])


def _ask(
    question: Question,
    run: AllocationRun,
    lake: Lake,
    engine: Engine,
    teams: frozenset[str] | None,
) -> pa.Table:
    """Ask the newest snapshot if it holds the run, else the run's own: a commit may be too new."""
    newest = lake.view(["allocation"], teams)
    if stored_run(ALLOCATION, Period(run.period), lake) == str(run.id):
        return engine.query(question, newest)
    try:
        return engine.query(question, View({"allocation": run.allocation_snapshot}, teams))
    except UnknownTable as error:
        raise ConflictError(
            f"the newest allocation of {run.period} was not finished; allocate it again by"
            " applying the policy or loading a bill of the period"
        ) from error


def _missing(period: Period, lake: Lake) -> NotFoundError | ConflictError:
    periods = loaded_periods(lake)
    if period in periods:
        return ConflictError(
            f"the bills of {period} are loaded and not allocated yet, or have no valid row;"
            " load them again or run comptroller nightly"
        )
    known = ", ".join(map(str, periods)) or "none yet; load a bill first"
    return NotFoundError(f"no bill of {period} was loaded (periods with bills: {known})")


def _row(row: dict[str, object]) -> CostRow:
    currency = str(row["currency"] or "")

    def known(name: str) -> Money | None:
        value = row[name]
        return None if value is None else Money.parse(str(value), currency)

    def amount(name: str) -> Money:
        return known(name) or Money.zero(currency)

    return CostRow(
        key=NONE if row["key"] is None else str(row["key"]),
        currency=currency,
        billed_cost=amount("billed_cost"),
        effective_cost=amount("effective_cost"),
        contracted_cost=known("contracted_cost"),
        list_cost=known("list_cost"),
        direct=amount("direct"),
        shared=amount("shared"),
        idle=amount("idle"),
        unused_commitment=amount("unused_commitment"),
        distributed=amount("distributed"),
        unallocated=amount("unallocated"),
    )
