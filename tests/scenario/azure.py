"""The Azure of the scenario: a FocusCost export in azurite, with Azure's faults."""

from collections.abc import Sequence
from uuid import UUID

from tests.peers.azure import Azurite, Part, Run, deliver_azure_export
from tests.scenario.focus_files import focus_csv_gz
from tests.scenario.truth import Line

MOST = 1_000
"""The rows of one file."""


class Azure:
    """Delivers runs of an export; each is submitted an hour after the one before."""

    source = "azure"

    def __init__(self, peer: Azurite) -> None:
        """Take the storage account."""
        self._peer = peer
        self._runs = 0

    def setting(self, since: str) -> dict[str, str]:
        """What stands in the settings."""
        return {
            "type": "azure-export",
            "name": self.source,
            "container_url": self._peer.container_url,
            "connection_string": self._peer.connection_string,
            "root_folder": "exports",
            "export": "daily",
            "since": since,
        }

    def deliver(self, period: str, lines: Sequence[Line], *, hour: int | None = None) -> None:
        """Deliver a period whole; ``hour`` says when the run was submitted, if not last."""
        self._deliver(period, self._part(period, lines), hour)

    def deliver_cut(self, period: str, lines: Sequence[Line]) -> None:
        """Let the file end in the middle: the manifest knows better."""
        whole = self._part(period, lines)
        half = whole.data[: len(whole.data) // 2]
        self._deliver(period, Part(whole.name, half, len(lines), len(whole.data)), None)

    def deliver_too_few(self, period: str, lines: Sequence[Line]) -> None:
        """Let the manifest count more rows than the file has."""
        whole = self._part(period, lines)
        self._deliver(period, Part(whole.name, whole.data, len(lines) + 1), None)

    @staticmethod
    def _part(period: str, lines: Sequence[Line]) -> Part:
        return Part("part_0_0001.csv.gz", focus_csv_gz(lines, period), len(lines))

    def _deliver(self, period: str, part: Part, hour: int | None) -> None:
        self._runs += 1
        at = self._runs if hour is None else hour
        run = Run(
            month=period,
            submitted=f"2026-11-{1 + at // 24:02}T{at % 24:02}:00:00.0000000Z",
            run_id=str(UUID(int=self._runs)),
            data_version="1.0",
        )
        deliver_azure_export(self._peer, run, [part])
