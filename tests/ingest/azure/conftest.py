"""What the tests of Azure share: the peer, signed in to, and settings that lead to it."""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from ingest.settings import AzureAccountSettings, AzureDetailsSettings, AzureExportSettings
from ingest.sources.azure.account import AzureAccount
from ingest.sources.azure.details import AzureDetails
from ingest.sources.azure.export import AzureExport
from tests.peers.azure import ENVIRONMENT, SUBSCRIPTION, FakeAzure, fake_azure

NOW = datetime(2026, 11, 21, 2, 30, tzinfo=UTC)


@pytest.fixture
def peer(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[FakeAzure]:
    """Azure, with a service principal in the environment."""
    for name, value in ENVIRONMENT.items():
        monkeypatch.setenv(name, value)
    with fake_azure(tmp_path) as found:
        yield found


@pytest.fixture
def exporting(peer: FakeAzure) -> AzureExportSettings:
    """An export called daily below the directory exports."""
    return AzureExportSettings(
        name="azure",
        type="azure-export",
        container_url=peer.container_url,
        root_folder="exports",
        export="daily",
        since="2026-09",
        authority=peer.url,
        endpoint=peer.url,
        ca_file=peer.ca_file,
    )


@pytest.fixture
def export(exporting: AzureExportSettings) -> AzureExport:
    """The source over the export."""
    return AzureExport(exporting, clock=lambda: NOW)


@pytest.fixture
def detailing(peer: FakeAzure) -> AzureDetailsSettings:
    """Amortised cost details since October."""
    return AzureDetailsSettings(
        name="azure",
        type="azure-details",
        scope=SUBSCRIPTION,
        since="2026-10",
        authority=peer.url,
        endpoint=peer.url,
        ca_file=peer.ca_file,
    )


@pytest.fixture
def details(detailing: AzureDetailsSettings) -> AzureDetails:
    """The source over the reports."""
    return AzureDetails(detailing, clock=lambda: NOW)


@pytest.fixture
def accounting(peer: FakeAzure) -> AzureAccountSettings:
    """Prices of the H100 machine in East US, and contracts of the subscription."""
    return AzureAccountSettings(
        name="azure-prices",
        type="azure-account",
        regions=["eastus"],
        machine_types=["Standard_ND96isr_H100_v5"],
        prices_url=f"{peer.url}/api/retail/prices",
        scope=SUBSCRIPTION,
        authority=peer.url,
        endpoint=peer.url,
        ca_file=peer.ca_file,
    )


@pytest.fixture
def account(accounting: AzureAccountSettings) -> AzureAccount:
    """The source over prices and contracts."""
    return AzureAccount(accounting, clock=lambda: NOW)
