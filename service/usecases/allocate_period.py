"""Allocates one billing period and stores the run: facts in the lake, proof in the store."""

from __future__ import annotations

from typing import TYPE_CHECKING

from service.domain.records import AllocationRun, AuditEntry
from service.usecases.allocate import Allocation, allocate
from service.usecases.run_period import Attempt, Runner, no_guard, numbered
from service.usecases.stale_periods import ALLOCATION

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime
    from uuid import UUID

    from service.domain.periods import Period
    from service.store.store import Store
    from warehouse.lake import Lake
    from warehouse.port import Engine, Guard


def allocate_period(  # noqa: PLR0913  (every long-lived part comes by name)
    period: Period,
    *,
    lake: Lake,
    engine: Engine,
    store: Store,
    new_id: Callable[[], UUID],
    clock: Callable[[], datetime],
    guard: Guard = no_guard,
) -> AllocationRun:
    """Charge every cost line of ``period`` to someone by the policy in effect, and keep the run.

    Bills that are loaded meanwhile make it begin again, so that the newest bills win.

    Raises:
        AllocationDiffersError: When parts and bills differ; nothing is stored then.
        FactsChangedError: When the bills changed at every try.
    """
    runner = Runner(ALLOCATION, period, lake, engine, store, new_id, clock, guard)

    def once(attempt: Attempt) -> AllocationRun:
        allocation = allocate(period, attempt.policy, attempt.reader)
        written = runner.write(attempt, {"allocation": numbered(allocation.rows)})
        run = AllocationRun.of(written, allocation.totals)
        _record(run, allocation, store)
        return run

    return runner.until_settled(once)


def _record(run: AllocationRun, allocation: Allocation, store: Store) -> None:
    """Keep the run; what was odd about its facts goes to the audit trail beside it."""
    with store.work() as work:
        work.allocations.add(run)
        if allocation.findings:
            odd = [f"{one.rule}: {one.column}, {one.rows}" for one in allocation.findings]
            detail = {"run": str(run.id), "findings": odd}
            subject = f"period {run.period}"
            entry = AuditEntry(run.at, ALLOCATION.name, "allocate.findings", subject, detail)
            work.audit.add(entry)
