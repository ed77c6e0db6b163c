"""Holds a delivery against what the lake has of its source: a repetition, or a loss of rows?"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from service.errors import ConflictError
from warehouse.load_state import Held, held_rows
from warehouse.load_write import TABLES
from warehouse.port import Partition

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from ingest.port import Delivery
    from warehouse.lake import Lake
    from warehouse.load import Staged
    from warehouse.port import Engine, PartitionState


class WouldDropRows(ConflictError):
    """Rows that came from other files would be replaced by nothing."""

    code = "would-drop-rows"


class ChangedFileError(ConflictError):
    """A file is to be appended that has been loaded before with other content."""

    code = "changed-file"


@dataclass(frozen=True, slots=True)
class Known:
    """What the lake holds of a source: who filled each partition, and rows by period and file."""

    states: Mapping[Partition, PartitionState]
    quarantine: Mapping[Partition, PartitionState]
    rows: Sequence[Held]

    def is_current(self, load_id: str, periods: Collection[str]) -> bool:
        """Say whether a load is still the last one of all its periods."""
        last = {partition.period: state.load_id for partition, state in self.states.items()}
        return all(last.get(period) == load_id for period in periods)


def known(delivery: Delivery, *, lake: Lake, engine: Engine) -> Known:
    """Look up what the lake holds of the delivery's source and kind."""
    table = TABLES[delivery.kind.value]
    return Known(
        lake.states(table, delivery.source),
        lake.states("quarantine", f"{delivery.source}:{delivery.kind.value}"),
        held_rows(table, delivery.source, lake=lake, engine=engine),
    )


def repeated(delivery: Delivery, held: Known) -> str | None:
    """Return the load that brought the same files, of which it may have been the last words.

    Raises:
        ChangedFileError: When a file to append is known by name with other content.
    """
    new = {file.file_id for file in delivery.files}
    if delivery.period is not None:
        place = Partition(TABLES[delivery.kind.value], delivery.source, delivery.period)
        state = held.states.get(place)
        return state.load_id if state and set(state.files) == new else None
    if delivery.complete:
        same = [state for state in held.states.values() if set(state.files) == new]
        return max(same, key=lambda state: state.version).load_id if same else None
    _refuse_changed(delivery, held)
    states = (*held.states.values(), *held.quarantine.values())
    return next((state.load_id for state in states if new & set(state.files)), None)


def _refuse_changed(delivery: Delivery, held: Known) -> None:
    ids = {one.file_name: one.file_id for one in held.rows}
    for file in delivery.files:
        if ids.get(file.name, file.file_id) != file.file_id:
            raise ChangedFileError(
                f"{file.name}: {delivery.source} has rows of an earlier content of this file; "
                "load it with --replace, together with the other files of its periods"
            )


def emptied(delivery: Delivery, held: Known, staged: Staged) -> tuple[str, ...]:
    """Return the periods that all came from files which are here again, without rows for them."""
    if not delivery.complete or delivery.period is not None:
        return ()
    again = {file.name for file in delivery.files}
    names: dict[str, set[str]] = {}
    for one in held.rows:
        names.setdefault(one.period, set()).add(one.file_name)
    return tuple(
        period
        for period, files in sorted(names.items())
        if period not in staged.periods and files <= again
    )


def refuse_drops(
    delivery: Delivery, held: Known, staged: Staged, gone: Collection[str], *, replace: bool
) -> None:
    """Refuse a delivery that would take away rows of files that it does not bring again.

    A delivery without a single row would take away everything, so it is refused as well; not so
    one that says itself which period it replaces.

    Raises:
        WouldDropRows: When that is so; names files and rows, and offers the two ways out.
    """
    if replace or not delivery.complete or delivery.period is not None:
        return
    again = {file.name for file in delivery.files}
    lost: dict[str, int] = {}
    for one in held.rows:
        alien = one.period in staged.periods and one.file_name not in again
        if alien or (one.period in gone and not staged.rows):
            lost[one.file_name] = lost.get(one.file_name, 0) + one.rows
    if lost:
        files = ", ".join(f"{rows} rows of {name}" for name, rows in sorted(lost.items()))
        touched = ", ".join(sorted({*staged.periods, *gone}))
        raise WouldDropRows(
            f"{delivery.source} holds {files} in {touched}, which this load would drop; "
            "--replace drops them, --append keeps them and adds the new rows"
        )
