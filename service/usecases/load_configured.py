"""Loads configured sources one after the other; one that cannot be asked stops no other."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ingest.port import SourceError
from ingest.registry import source_of
from service.usecases.load_source import Loaded, load_source
from warehouse.errors import WarehouseError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from datetime import datetime
    from pathlib import Path
    from uuid import UUID

    from ingest.settings import SourceSettings
    from service.store.store import Store
    from warehouse.lake import Lake
    from warehouse.port import Engine


def load_configured(  # noqa: PLR0913  (every long-lived part comes by name)
    settings: Iterable[SourceSettings],
    *,
    periods: frozenset[str] | None,
    temp_folder: Path,
    lake: Lake,
    engine: Engine,
    store: Store,
    new_id: Callable[[], UUID],
    clock: Callable[[], datetime],
) -> list[Loaded]:
    """Load every one of ``settings``, of some ``periods`` or all of them."""
    done: list[Loaded] = []
    for setting in settings:
        try:
            done += load_source(
                source_of(setting, clock=clock),
                lake=lake,
                engine=engine,
                store=store,
                new_id=new_id,
                clock=clock,
                temp_folder=temp_folder,
                periods=periods,
            )
        except (SourceError, WarehouseError) as fault:
            done.append(Loaded(setting.name, "", None, "failed", 0.0, reason=str(fault)))
    return done
