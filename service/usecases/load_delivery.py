"""Loads one delivery into the lake: all of it, once, or nothing.

Order of what is written: set-aside rows, then the rows (one commit for all periods), then the
record in the store. A process that dies in between leaves the old rows or the new ones, and the
next try of the same delivery finds no record, so it does the rest again under the same load id.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from pathlib import Path
from typing import TYPE_CHECKING
from uuid import UUID

from ingest.port import TransientSourceError
from ingest.reference_tables import reference_tables
from service.domain.records import DeliveryRecord, Finding, Restatement
from service.errors import ConflictError, InputError
from service.usecases.check_delivery import Known, emptied, known, refuse_drops, repeated
from warehouse.commit import commit, renew_mark
from warehouse.load import Staged, stage
from warehouse.load_reader import LoadFile
from warehouse.load_state import other_quarantine
from warehouse.load_write import TABLES, Load
from warehouse.port import Partition
from warehouse.restatement import restated
from warehouse.tables import spec_of

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from datetime import datetime
    from decimal import Decimal

    from ingest.port import Delivery
    from service.store.store import Store
    from warehouse.lake import Lake
    from warehouse.load import Rejected
    from warehouse.port import Engine, Guard, StagedFile


_CHANGES = tuple(one.name for one in fields(Restatement))


class DuplicateLoad(ConflictError):
    """The same content is what the lake holds already; nothing was done."""

    code = "duplicate-load"


class NothingReadableError(InputError):
    """Not one row of a delivery could be read; nothing was loaded."""

    code = "nothing-readable"


@dataclass(frozen=True, slots=True)
class LoadResult:
    """What a load brought; money is exact, by currency (XXX where it could not be read).

    ``periods`` are those whose rows were replaced or extended; ``rejected`` are the first of the
    rows that were set aside.
    """

    load_id: UUID
    source: str
    kind: str
    dialect: str
    periods: tuple[str, ...]
    rows: int
    quarantined: int
    quarantined_money: Mapping[str, Decimal]
    rounding: Mapping[str, Decimal]
    findings: tuple[Finding, ...]
    rejected: tuple[Rejected, ...]
    restated: tuple[Restatement, ...]
    files: tuple[str, ...]
    seconds: float


def no_guard() -> None:
    """Let everybody write, where there is no lease to lose."""


def load_delivery(  # noqa: PLR0913  (every long-lived part comes by name)
    delivery: Delivery,
    *,
    lake: Lake,
    engine: Engine,
    store: Store,
    new_id: Callable[[], UUID],
    clock: Callable[[], datetime],
    replace: bool = False,
    guard: Guard = no_guard,
) -> LoadResult:
    """Stage ``delivery``, commit it, and keep its record.

    Raises:
        DuplicateLoad: When the lake holds exactly this already.
        WouldDropRows: When rows of other files would go; not with ``replace``.
        NothingReadableError: When every row would have to be set aside.
    """
    began = clock()
    held = known(delivery, lake=lake, engine=engine)
    _renew_mark(delivery, held, lake, guard)
    unfinished = _unfinished(delivery, held, store)
    load = _load(delivery, unfinished or new_id())
    folder = lake.folder(load.load_id)
    try:
        staged = stage(load, engine=engine, folder=folder)
        _refuse_changed_files(delivery)
        if staged.quarantined and not staged.rows:
            raise NothingReadableError(_nothing_readable(staged))
        gone = emptied(delivery, held, staged)
        refuse_drops(delivery, held, staged, gone, replace=replace)
        periods = (*staged.periods, *gone)
        # What is only added restates nothing.
        changes = _restated(load, staged, periods, lake, engine) if delivery.complete else ()
        loader = _Loader(delivery, load, staged, periods, lake, engine, guard, changes)
        loader.commit_quarantine(folder)
        loader.commit_rows()
    finally:
        lake.close_load(load.load_id)
    seconds = (clock() - began).total_seconds()
    if loader.periods:
        with store.work() as work:
            work.deliveries.add(_record(delivery, loader, clock(), seconds))
    return _result(delivery, loader, seconds)


def _unfinished(delivery: Delivery, held: Known, store: Store) -> UUID | None:
    """Return the load that brought this delivery and died before its record was written.

    Raises:
        DuplicateLoad: When the load has its record, so that nothing is left to do.
    """
    load_id = repeated(delivery, held)
    if load_id is None:
        return None
    with store.work() as work:
        record = work.deliveries.by_id(UUID(load_id))
    if record is None:
        return UUID(load_id)
    if not delivery.complete or held.is_current(load_id, record.periods):
        names = ", ".join(file.name for file in delivery.files)
        raise DuplicateLoad(
            f"{names}: {delivery.source} has exactly this content already, loaded at "
            f"{record.loaded_at:%Y-%m-%d %H:%M} UTC as {load_id}; nothing was done"
        )
    return None


def _load(delivery: Delivery, load_id: UUID) -> Load:
    files = tuple(
        LoadFile(file.uri, file.name, file.file_id, file.format.value, file.columns)
        for file in delivery.files
    )
    return Load(
        delivery.source,
        delivery.kind.value,
        delivery.dialect,
        load_id,
        files,
        period=delivery.period,
        references=reference_tables(),
    )


def _renew_mark(delivery: Delivery, held: Known, lake: Lake, guard: Guard) -> None:
    """Keep the new name of a content that the lake holds already, so that it is left alone."""
    if delivery.period is None or repeated(delivery, held) is None:
        return
    partition = Partition(TABLES[delivery.kind.value], delivery.source, delivery.period)
    state = held.states[partition]
    if state.mark != delivery.mark:
        renew_mark(lake, partition, delivery.mark, version=delivery.version, guard=guard)


def _restated(
    load: Load, staged: Staged, periods: Sequence[str], lake: Lake, engine: Engine
) -> tuple[Restatement, ...]:
    """Say what a bill changes of what the lake holds; of other kinds nothing is said."""
    if load.kind != "focus":
        return ()
    found = restated(load, staged.files, periods, lake=lake, engine=engine)
    return tuple(Restatement(**{one: getattr(row, one) for one in _CHANGES}) for row in found)


def _refuse_changed_files(delivery: Delivery) -> None:
    """Make sure that what was staged is what was looked at.

    Raises:
        TransientSourceError: When a file has another size now.
    """
    for file in delivery.files:
        path = Path(file.uri)
        if not path.is_file() or path.stat().st_size != file.size_bytes:
            raise TransientSourceError(f"{file.name}: the file changed while it was loaded")


def _nothing_readable(staged: Staged) -> str:
    first = staged.rejected[0]
    return (
        f"{first.file_name}, record {first.record_number}: {first.reason}; none of the "
        f"{staged.quarantined} records could be read, so nothing was loaded"
    )


@dataclass(frozen=True, slots=True)
class _Loader:
    """A staged delivery on its way into the lake."""

    delivery: Delivery
    load: Load
    staged: Staged
    periods: tuple[str, ...]
    lake: Lake
    engine: Engine
    guard: Guard
    restated: tuple[Restatement, ...]

    def commit_rows(self) -> None:
        """Replace or extend the periods, all in one commit."""
        self._commit(
            self.load.table,
            [Partition(self.load.table, self.load.source, period) for period in self.periods],
            self.staged.files,
        )

    def commit_quarantine(self, folder: Path) -> None:
        """Keep what was set aside; rows set aside by an earlier load of the periods go."""
        source = self.load.quarantine_source
        earlier = self.lake.states("quarantine", source)
        unknown = Partition("quarantine", source, "")
        wanted = {file.partition for file in self.staged.quarantine_files}
        if self.delivery.complete:
            places = {Partition("quarantine", source, period) for period in self.periods}
            wanted |= (places | {unknown}) & set(earlier)
        files = [*self.staged.quarantine_files]
        if self.delivery.complete and unknown in wanted:
            names = {file.name for file in self.delivery.files}
            files += other_quarantine(unknown, names, folder, lake=self.lake, engine=self.engine)
        self._commit("quarantine", sorted(wanted), files)

    def _commit(
        self, table: str, partitions: Sequence[Partition], files: Sequence[StagedFile]
    ) -> None:
        if not partitions:
            return
        commit(
            self.lake,
            spec_of(table).name,
            partitions=partitions,
            files=files,
            load_id=self.load.load_id,
            version=self.delivery.version,
            delivered={file.file_id: file.name for file in self.delivery.files},
            complete=self.delivery.complete,
            guard=self.guard,
            mark=self.delivery.mark,
        )


def _findings(staged: Staged) -> tuple[Finding, ...]:
    return tuple(Finding(one.rule, one.column, one.rows) for one in staged.findings)


def _record(
    delivery: Delivery, loader: _Loader, loaded_at: datetime, seconds: float
) -> DeliveryRecord:
    staged = loader.staged
    return DeliveryRecord(
        id=loader.load.load_id,
        source=delivery.source,
        kind=delivery.kind.value,
        dialect=delivery.dialect,
        version=delivery.version,
        complete=delivery.complete,
        files=tuple((file.name, file.sha256) for file in delivery.files),
        periods=tuple(sorted(loader.periods)),
        rows=staged.rows,
        quarantined=staged.quarantined,
        loaded_at=loaded_at,
        seconds=seconds,
        quarantined_cost=staged.quarantined_cost,
        rounding=staged.rounding if delivery.kind.value == "focus" else {},
        findings=_findings(staged),
        mark=delivery.mark,
        restated=loader.restated,
    )


def _result(delivery: Delivery, loader: _Loader, seconds: float) -> LoadResult:
    staged = loader.staged
    return LoadResult(
        load_id=loader.load.load_id,
        source=delivery.source,
        kind=delivery.kind.value,
        dialect=delivery.dialect,
        periods=tuple(sorted(loader.periods)),
        rows=staged.rows,
        quarantined=staged.quarantined,
        quarantined_money=staged.quarantined_cost,
        rounding=staged.rounding if delivery.kind.value == "focus" else {},
        findings=_findings(staged),
        rejected=staged.rejected,
        restated=loader.restated,
        files=tuple(file.name for file in delivery.files),
        seconds=seconds,
    )
