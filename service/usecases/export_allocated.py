"""Exports the cost lines of a period as they were charged: FOCUS 1.4 with split cost allocation."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from service.domain.money import Money
from service.domain.policy import Policy
from service.errors import ConflictError
from service.usecases.allocate import AllocationDiffersError
from service.usecases.allocation_table import COSTS
from service.usecases.charge_owners import Reader, owned_charges
from service.usecases.export_focus import no_cost_line, refuse_bad_target
from service.usecases.ledger.books import READS, current_run
from service.usecases.split_pieces import split_pieces
from service.usecases.stored_documents import policy_of
from warehouse.export import Exported, Target, export_allocated
from warehouse.port import View

if TYPE_CHECKING:
    from pathlib import Path
    from uuid import UUID

    import pyarrow as pa

    from service.domain.periods import Period
    from service.store.store import Store
    from warehouse.lake import Lake
    from warehouse.port import Engine


@dataclass(frozen=True, slots=True)
class AllocatedExport:
    """What was written, the allocation run that says who bears it, and the head of its close."""

    written: Exported
    run: UUID
    head: str | None


def export_allocated_period(  # noqa: PLR0913  (every long-lived part comes by name)
    period: Period,
    target: Path,
    *,
    lake: Lake,
    engine: Engine,
    store: Store,
    source: str | None = None,
    custom_columns: bool = False,
    force: bool = False,
) -> AllocatedExport:
    """Write who bears each cost line of ``period`` to ``target``; a closed one as it was closed.

    Raises:
        InputError: When the file's name tells no form, or its folder is not there.
        FileExistsAlreadyError: When it is there already; not with ``force``.
        NotFoundError: When there is no such cost line; names what there is.
        ConflictError: When the facts of an open period changed since it was allocated.
        AllocationDiffersError: When the rows are not what the allocation says; nothing is written.
        UnwritableFile: When its folder takes no file, or has no room; nothing is left behind.
    """
    refuse_bad_target(target, force=force)
    run, head, view = _found(period, lake, store)
    reader = Reader(engine, view)
    rows = reader.ask("allocated_rows", {"run": str(run), "period": str(period)})
    stored = policy_of(store, period)
    policy = stored.policy if stored else Policy(period.first_day, teams=frozenset())
    machine = reader.ask("machine_times")
    charges = owned_charges(period, policy, machine, reader, "export/focus_allocated")
    told = {
        "comptroller.period": str(period),
        "comptroller.allocation_run": str(run),
        "comptroller.state": "provisional" if head is None else "closed",
        **({} if head is None else {"comptroller.head": head}),
    }
    written = export_allocated(
        replace(charges, inputs={**charges.inputs, **split_pieces(rows, policy)}),
        source or "",
        Target(target.absolute(), custom_columns, told),
        view=view,
        engine=engine,
        proof=lambda borne: _prove(period, rows, borne),
    )
    if not written.rows:
        raise no_cost_line(period, source, lake)
    return AllocatedExport(written, run, head)


def _found(period: Period, lake: Lake, store: Store) -> tuple[UUID, str | None, View]:
    """Return the run of a period, the head of its close, and the snapshots that the run is of."""
    with store.work() as work:
        close = work.closes.of(str(period))
    if close is not None:
        return close.allocation_run, close.head, View(close.snapshots)
    run, view = current_run(period, lake=lake, store=store), lake.view(READS)
    if run != current_run(period, lake=lake, store=store):
        raise ConflictError(f"the bills of {period} changed meanwhile; try again")
    return run.id, None, view


def _prove(period: Period, rows: pa.Table, borne: pa.Table) -> None:
    """Refuse rows that are not what the allocation says, by team and currency.

    Raises:
        AllocationDiffersError: When any of the four costs differs.
    """
    wanted, found = _borne(rows), _borne(borne)
    for key in sorted({*wanted, *found}):
        if wanted.get(key) != found.get(key):
            raise AllocationDiffersError(
                f"export of {period}: {' in '.join(key)} bears {wanted.get(key)} by the allocation"
                f" and {found.get(key)} in the rows; nothing was written"
            )


def _borne(rows: pa.Table) -> dict[tuple[str, str], tuple[str, ...]]:
    """Return the four costs by team and currency; who passed all of it on bears nothing."""
    sums: dict[tuple[str, str], list[Money]] = {}
    names = ("team", "currency", *COSTS)
    for team, currency, *costs in zip(*(rows[name].to_pylist() for name in names), strict=True):
        known = currency or ""
        amounts = [Money.parse(cost or "0", known) for cost in costs]
        before = sums.get((team, known), [Money.zero(known)] * len(COSTS))
        sums[team, known] = [one + two for one, two in zip(before, amounts, strict=True)]
    return {
        key: tuple(amount.text() for amount in four)
        for key, four in sums.items()
        if any(amount.pico for amount in four)
    }
