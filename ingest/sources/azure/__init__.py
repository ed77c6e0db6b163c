"""Microsoft Azure as a source: bills from exports or reports, prices and commitments."""

from collections.abc import Callable
from datetime import datetime

from ingest.port import Source
from ingest.settings import AzureAccountSettings, AzureDetailsSettings, AzureExportSettings


def azure_source(
    setting: AzureExportSettings | AzureDetailsSettings | AzureAccountSettings,
    *,
    clock: Callable[[], datetime],
) -> Source:
    """Return the source that a setting describes; nothing is asked of Azure yet."""
    if isinstance(setting, AzureExportSettings):
        from ingest.sources.azure.export import AzureExport

        return AzureExport(setting, clock=clock)
    if isinstance(setting, AzureDetailsSettings):
        from ingest.sources.azure.details import AzureDetails

        return AzureDetails(setting, clock=clock)
    from ingest.sources.azure.account import AzureAccount

    return AzureAccount(setting, clock=clock)
