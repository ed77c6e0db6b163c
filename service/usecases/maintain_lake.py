"""Keep the lake small, and say what is in it."""

from collections.abc import Callable
from datetime import datetime

from warehouse.lake import Lake
from warehouse.maintain import Maintained, maintain
from warehouse.status import TableStatus, table_statuses


def maintain_lake(lake: Lake, *, clock: Callable[[], datetime], keep_days: int) -> Maintained:
    """Expire snapshots older than ``keep_days``; delete the files that nothing refers to."""
    return maintain(lake, now=clock(), keep_days=keep_days)


def lake_status(lake: Lake) -> list[TableStatus]:
    """What each table of the lake holds now."""
    return table_statuses(lake)
