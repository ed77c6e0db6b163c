"""Keep the lake small and fast, and say what is in it."""

from collections.abc import Callable
from datetime import datetime
from uuid import UUID

from warehouse.compact import Compacted, compact
from warehouse.lake import Lake
from warehouse.load_state import loader
from warehouse.maintain import Maintained, maintain
from warehouse.port import Engine
from warehouse.status import TableStatus, table_statuses


def maintain_lake(
    lake: Lake,
    engine: Engine,
    *,
    clock: Callable[[], datetime],
    new_id: Callable[[], UUID],
    keep_days: int,
) -> tuple[Compacted, Maintained]:
    """Put small files together, expire snapshots over ``keep_days`` old, delete unused files."""
    lake.ensure_tables()
    compacted = compact(lake, loader(engine), new_id=new_id)
    return compacted, maintain(lake, now=clock(), keep_days=keep_days)


def lake_status(lake: Lake) -> list[TableStatus]:
    """What each table of the lake holds now."""
    return table_statuses(lake)
