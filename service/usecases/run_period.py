"""Runs something over a billing period until its facts rest, and writes its rows to the lake."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar

import pyarrow as pa

from service.domain.records import PeriodRun
from service.errors import ComptrollerError
from service.usecases.charge_owners import Reader
from service.usecases.lake_runs import RunKind, as_closed, fingerprint
from service.usecases.stored_documents import policy_of
from warehouse.commit import commit
from warehouse.errors import OlderDelivery
from warehouse.port import Engine, Guard, Question, View

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from datetime import datetime
    from uuid import UUID

    from service.domain.periods import Period
    from service.domain.policy import Policy
    from service.store.store import Store
    from warehouse.lake import Lake
    from warehouse.port import Partition, StagedFile

_TRIES = 5
"""How often a run begins again because its facts changed."""

_INPUTS = "inputs"
"""What the fingerprint is called where a delivery would name its files."""

Outcome = TypeVar("Outcome")


class FactsChangedError(ComptrollerError):
    """The facts of the period changed while something ran over them, again and again."""

    status = 409
    code = "bills-changed"  # Codes stay as they were published; it was bills that changed first.


def no_guard() -> None:
    """Let everybody write, where there is no lease to lose."""


@dataclass(frozen=True, slots=True)
class Attempt:
    """One try at a run; what its reader and policy show is all that it knows."""

    id: UUID
    began: datetime
    policy_version: int | None
    policy: Policy | None
    inputs: str
    reader: Reader


@dataclass(frozen=True, slots=True)
class Runner:
    """One kind of run, its period, and the parts that it takes."""

    kind: RunKind
    period: Period
    lake: Lake
    engine: Engine
    store: Store
    new_id: Callable[[], UUID]
    clock: Callable[[], datetime]
    guard: Guard

    def until_settled(self, once: Callable[[Attempt], Outcome]) -> Outcome:
        """Do ``once``, and again while facts are loaded meanwhile, so that the newest ones win.

        Raises:
            FactsChangedError: When the facts changed at every try.
        """
        for _ in range(_TRIES):
            try:
                return once(self._attempt())
            except (FactsChangedError, OlderDelivery):
                continue
        raise FactsChangedError(
            f"the facts of {self.period} change all the time; {self.kind.verb} them later"
        )

    def write(
        self,
        attempt: Attempt,
        tables: Mapping[str, pa.Table],
        proof: Mapping[str, Any] | None = None,
    ) -> PeriodRun:
        """Replace the period's rows in each table of the kind; return the record to be stored.

        Each table goes through the question ``ask/<table>_rows``.

        Raises:
            FactsChangedError: When the facts are not those that the attempt has seen.
        """
        written: dict[str, int | None] = {}
        rows = 0
        folder = self.lake.folder(attempt.id)
        try:
            for partition in self.kind.partitions(self.period):
                part = {"part": tables[partition.table]}
                question = Question(f"ask/{partition.table}_rows", {"run": str(attempt.id)}, part)
                files = self.engine.write(question, View({}), partition, folder)
                written[partition.table] = self._commit(attempt, partition, files)
                rows += sum(file.rows for file in files)
        finally:
            self.lake.close_load(attempt.id)
        return PeriodRun(
            id=attempt.id,
            kind=self.kind.name,
            period=str(self.period),
            policy_version=attempt.policy_version,
            at=attempt.began,
            snapshots=attempt.reader.view.snapshots,
            written=written,
            rows=rows,
            proof=proof or {},
        )

    def _attempt(self) -> Attempt:
        run_id, began = self.new_id(), self.clock()
        found = policy_of(self.store, self.period)
        version = found.version if found else None
        # The fingerprint is older than the view: what changes in between makes it stale.
        inputs = self._inputs(version)
        reader = Reader(self.engine, self.lake.view(self.kind.reads))
        return Attempt(run_id, began, version, found.policy if found else None, inputs, reader)

    def _inputs(self, policy_version: int | None) -> str:
        kind = as_closed(self.kind, self.period, self.store)
        return fingerprint(kind, self.period, self.lake, policy_version)

    def _commit(self, attempt: Attempt, partition: Partition, files: Sequence[StagedFile]) -> int:
        def nothing_changed() -> None:
            self.guard()
            if self._inputs(attempt.policy_version) != attempt.inputs:
                raise FactsChangedError(f"the facts of {self.period} changed meanwhile")

        return commit(
            self.lake,
            partition.table,
            partitions=[partition],
            files=files,
            load_id=attempt.id,
            version=int(attempt.began.timestamp() * 1000),
            delivered={attempt.inputs: _INPUTS},
            guard=nothing_changed,
        )


def numbered(rows: pa.Table) -> pa.Table:
    """Number the rows of a run from 1, as they come."""
    numbers = pa.array(range(1, rows.num_rows + 1), pa.int64())
    return rows.append_column("x_RecordNumber", numbers)
