"""Allocates one billing period and stores the run: facts in the lake, proof in the store."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import pyarrow as pa

from service.domain.records import AllocationRun, AuditEntry
from service.errors import ComptrollerError
from service.usecases.allocate import Allocation, allocate
from service.usecases.charge_owners import Reader
from service.usecases.stale_periods import INPUTS, READS, SOURCE, inputs_of
from service.usecases.stored_documents import policy_in_effect
from warehouse.commit import commit
from warehouse.errors import OlderDelivery
from warehouse.port import Engine, Guard, Partition, Question, View

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import datetime
    from uuid import UUID

    from service.domain.periods import Period
    from service.store.store import Store
    from warehouse.lake import Lake

_TRIES = 5


class BillsChangedError(ComptrollerError):
    """The bills of the period changed while they were being allocated, again and again."""

    status = 409
    code = "bills-changed"


def no_guard() -> None:
    """Let everybody write, where there is no lease to lose."""


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
        BillsChangedError: When the bills changed at every try.
    """
    allocator = _Allocator(period, lake, engine, store, guard)
    for _ in range(_TRIES):
        try:
            return allocator.run(new_id(), clock())
        except (BillsChangedError, OlderDelivery):
            continue
    raise BillsChangedError(f"the bills of {period} change all the time; allocate them later")


@dataclass(frozen=True, slots=True)
class _Allocator:
    """One period, and the parts that it takes to allocate it."""

    period: Period
    lake: Lake
    engine: Engine
    store: Store
    guard: Guard

    def run(self, run_id: UUID, began: datetime) -> AllocationRun:
        """Allocate once; the snapshots that are read here are all that is known."""
        found = policy_in_effect(self.store, self.period.first_day)
        version = found.version if found else None
        # The fingerprint is older than the view: what changes in between makes it stale.
        inputs = inputs_of(self.period, lake=self.lake, policy_version=version)
        reader = Reader(self.engine, self.lake.view(READS))
        allocation = allocate(self.period, found.policy if found else None, reader)
        run = AllocationRun(
            id=run_id,
            period=str(self.period),
            policy_version=version,
            at=began,
            snapshots=reader.view.snapshots,
            allocation_snapshot=self._commit(allocation, run_id, began, version, inputs),
            totals=allocation.totals,
            rows=allocation.rows.num_rows,
        )
        self._record(run, allocation)
        return run

    def _commit(
        self,
        allocation: Allocation,
        run_id: UUID,
        began: datetime,
        version: int | None,
        inputs: str,
    ) -> int:
        partition = Partition("allocation", SOURCE, str(self.period))
        question = Question("ask/allocation_rows", inputs={"part": _traced(allocation, run_id)})

        def nothing_changed() -> None:
            self.guard()
            if inputs_of(self.period, lake=self.lake, policy_version=version) != inputs:
                raise BillsChangedError(f"the bills of {self.period} changed meanwhile")

        folder = self.lake.folder(run_id)
        try:
            return commit(
                self.lake,
                partition.table,
                partitions=[partition],
                files=self.engine.write(question, View({}), partition, folder),
                load_id=run_id,
                version=int(began.timestamp() * 1000),
                delivered={inputs: INPUTS},
                guard=nothing_changed,
            )
        finally:
            self.lake.close_load(run_id)

    def _record(self, run: AllocationRun, allocation: Allocation) -> None:
        """Keep the run; what was odd about its facts goes to the audit trail beside it."""
        with self.store.work() as work:
            work.allocations.add(run)
            if allocation.findings:
                odd = [f"{one.rule}: {one.column}, {one.rows}" for one in allocation.findings]
                detail = {"run": str(run.id), "findings": odd}
                subject = f"period {run.period}"
                work.audit.add(AuditEntry(run.at, SOURCE, "allocate.findings", subject, detail))


def _traced(allocation: Allocation, run_id: UUID) -> pa.Table:
    rows, count = allocation.rows, allocation.rows.num_rows
    columns: Mapping[str, pa.Array] = {
        "run_id": pa.array([str(run_id)] * count, pa.string()),
        "x_LoadId": pa.array([str(run_id)] * count, pa.string()),
        "x_FileId": pa.nulls(count, pa.string()),
        "x_RecordNumber": pa.array(range(1, count + 1), pa.int64()),
    }
    for name, values in columns.items():
        rows = rows.append_column(name, values)
    return rows
