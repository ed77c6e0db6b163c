"""Keep the lake small and fast, and say what is in it."""

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any, Self
from uuid import UUID

from warehouse.compact import Compacted, compact
from warehouse.lake import Lake
from warehouse.load_state import loader
from warehouse.maintain import Maintained, maintain
from warehouse.port import Engine, Guard
from warehouse.status import TableStatus, table_statuses


@dataclass(frozen=True, slots=True)
class LakeMaintenance:
    """What one maintenance put together and took away; ``keep_days`` is how long snapshots stay."""

    keep_days: int
    compacted: Compacted
    maintained: Maintained

    @property
    def found_work(self) -> bool:
        """Whether there was anything to put together or to take away."""
        return (self.compacted, self.maintained) != (Compacted(), Maintained(0, 0, 0))

    def as_json(self) -> dict[str, Any]:
        """Numbers by name, for the record of a run."""
        return asdict(self)

    @classmethod
    def of(cls, record: Mapping[str, Any]) -> Self:
        """Read what ``as_json`` wrote."""
        compacted, maintained = record["compacted"], record["maintained"]
        return cls(record["keep_days"], Compacted(**compacted), Maintained(**maintained))


def maintain_lake(  # noqa: PLR0913  (every long-lived part comes by name)
    lake: Lake,
    engine: Engine,
    *,
    clock: Callable[[], datetime],
    new_id: Callable[[], UUID],
    keep_days: int,
    guard: Guard = lambda: None,
) -> LakeMaintenance:
    """Put small files together, expire snapshots over ``keep_days`` old, delete unused files."""
    lake.ensure_tables()
    compacted = compact(lake, loader(engine), new_id=new_id, guard=guard)
    maintained = maintain(lake, now=clock(), keep_days=keep_days, guard=guard)
    return LakeMaintenance(keep_days, compacted, maintained)


def lake_status(lake: Lake) -> list[TableStatus]:
    """What each table of the lake holds now."""
    return table_statuses(lake)
