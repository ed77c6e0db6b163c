"""Exports in azurite, Microsoft's own emulator of Blob storage: the same outcomes as elsewhere."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from pydantic import SecretStr

from ingest.port import RejectedSourceError, Source, TransientSourceError
from ingest.settings import AzureExportSettings
from ingest.sources.azure.export import AzureExport
from tests.ingest.azure.conftest import NOW
from tests.ingest.source_contract import SourceContract
from tests.peers.azure import Azurite, Part, Run, azurite, deliver_azure_export

pytestmark = [pytest.mark.slow, pytest.mark.needs_peers]

HEADER = "BilledCost,EffectiveCost,BillingCurrency,BillingPeriodStart\n"
ONE = Part("part_0_0001.csv", (HEADER + "1.5,1.5,USD,2026-10-01T00:00:00Z\n").encode(), 1)
TWO = Part("part_0_0001.csv", (HEADER + "7,7,USD,2026-10-01T00:00:00Z\n").encode(), 1)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Azurite]:
    """An emulator of this test alone."""
    with azurite(tmp_path) as found:
        yield found


def over(store: Azurite, connection_string: str | None = None) -> AzureExport:
    """The source over the emulator's container."""
    setting = AzureExportSettings(
        name="azure",
        type="azure-export",
        container_url=store.container_url,
        root_folder="exports",
        export="daily",
        since="2026-09",
        connection_string=SecretStr(connection_string or store.connection_string),
    )
    return AzureExport(setting, clock=lambda: NOW)


class TestAzureExportInAzurite(SourceContract):
    @pytest.fixture
    def source(self, store: Azurite) -> Source:
        """Two months, one in a file of 9 MB that is fetched in parts."""
        long = replace(ONE, data=ONE.data + b"2,2,USD,2026-10-01T00:00:00Z\n" * 320_000)
        deliver_azure_export(store, Run(), [replace(long, rows_said=320_001)])
        deliver_azure_export(store, Run(month="2026-09"), [TWO])
        return over(store)


@pytest.mark.parametrize("overwrite", [True, False])
def test_the_newest_run_of_a_month_counts(
    store: Azurite, tmp_path: Path, *, overwrite: bool
) -> None:
    """The run of the 3rd takes the place of that of the 2nd, or stands beside it."""
    source = over(store)
    run = Run(overwrite=overwrite)
    deliver_azure_export(store, run, [ONE])
    [before] = source.announced({})
    deliver_azure_export(store, replace(run, submitted="2026-11-03T03:00:00Z", run_id="b"), [TWO])

    [after] = source.announced({})

    assert before.mark != after.mark
    assert source.fetch(after, tmp_path, 7).files[0].size_bytes == len(TWO.data)
    if overwrite:
        with pytest.raises(TransientSourceError, match="it was replaced while it was read"):
            source.fetch(before, tmp_path, 7)


def test_a_missing_blob_is_refused(store: Azurite, tmp_path: Path) -> None:
    """The manifest names a file that a lifecycle rule has deleted."""
    deliver_azure_export(store, Run(), [ONE])
    store.delete(f"{Run().folder}/{ONE.name}")
    [announced] = over(store).announced({})

    with pytest.raises(RejectedSourceError, match="the blob that the manifest names is not there"):
        over(store).fetch(announced, tmp_path, 7)


def test_a_wrong_key_and_a_wrong_container_are_told(store: Azurite) -> None:
    """Azurite refuses the signature as Azure does, and knows the container's name."""
    wrong = store.connection_string.replace("Eby8vdM02x", "AAAAAAAAAA")
    elsewhere = AzureExport(
        over(store)._setting.model_copy(update={"container_url": store.container_url + "2"}),
        clock=lambda: NOW,
    )

    [key] = over(store, wrong).check()
    [container] = elsewhere.check()

    assert (key.passed, "Azure says AuthorizationFailure" in key.advice) == (False, True)
    assert "there is no such container; look at container_url" in container.advice
