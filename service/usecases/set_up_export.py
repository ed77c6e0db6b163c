"""Sets up and runs the export that a source is to deliver from, where the provider lets us."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ingest.registry import exports_of
from service.usecases.check_sources import named

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from datetime import datetime

    from ingest.settings import SourceSettings
    from ingest.sources.azure.exports_api import AzureExports, BillType, ExportRunInfo


def create_export(
    name: str,
    settings: Sequence[SourceSettings],
    *,
    clock: Callable[[], datetime],
    storage_account_id: str | None,
    bill: BillType,
) -> str:
    """Make the daily export of a configured source; returns the provider's id of it.

    Raises:
        UnknownSource: When no source of that name is configured.
        SourceError: When there is one already, or it may not be made.
    """
    exports = _exports(name, settings, clock)
    return exports.create(storage_account_id=storage_account_id, type=bill)


def trigger_export(
    name: str,
    settings: Sequence[SourceSettings],
    *,
    clock: Callable[[], datetime],
    period: str | None,
) -> None:
    """Let the provider run the export now, for a billing period or for what it is set to.

    Raises:
        UnknownSource: When no source of that name is configured.
        SourceError: When it may not be run.
    """
    _exports(name, settings, clock).trigger(period)


def export_runs(
    name: str, settings: Sequence[SourceSettings], *, clock: Callable[[], datetime]
) -> list[ExportRunInfo]:
    """Return the last runs of the export, newest first.

    Raises:
        UnknownSource: When no source of that name is configured.
        SourceError: When the provider cannot be asked.
    """
    return _exports(name, settings, clock).history()


def _exports(
    name: str, settings: Sequence[SourceSettings], clock: Callable[[], datetime]
) -> AzureExports:
    [setting] = named(settings, [name])
    return exports_of(setting, clock=clock)
