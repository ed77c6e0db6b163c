"""Bills that Azure exports into Blob storage, read by the manifests of the export's runs.

Azure gives no address under which the newest manifest lies, so manifests are found by their names
below the export's folder. Only manifests are: which files a run has delivered is told by its
manifest alone, so that files of another run, or of one that is still writing, are never read.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from pathlib import Path

from azure.core import MatchConditions
from azure.storage.blob import ContainerClient

from ingest.port import (
    Announcement,
    Check,
    DeliveredFile,
    Delivery,
    Kind,
    Marks,
    RejectedSourceError,
    SourceError,
)
from ingest.recognise import dialect_of, kind_of
from ingest.settings import AzureExportSettings
from ingest.sources.azure.bill_columns import refuse_no_cost
from ingest.sources.azure.blobs import fetch_blob, own_name, refuse_same_content
from ingest.sources.azure.errors import plain_errors
from ingest.sources.azure.export_checks import check_export
from ingest.sources.azure.manifest import BILLS, Manifest, parse_manifest
from ingest.sources.azure.runs import FoundManifest, manifests_of
from ingest.sources.azure.session import AzureSession

_OLDEST_FOCUS = "1.0"


@dataclass(frozen=True, slots=True)
class _Run:
    """A manifest that was found; ``manifest`` is missing where it cannot be read."""

    found: FoundManifest
    manifest: Manifest | None

    @property
    def rank(self) -> tuple[bool, float]:
        """Runs that are a whole month first, then by when they were submitted."""
        if self.manifest is None:
            return True, self.found.written.timestamp()
        return self.manifest.is_whole_month, self.manifest.submitted.timestamp()


class AzureExport:
    """One export; a delivery is the newest run of one billing period."""

    def __init__(self, setting: AzureExportSettings, *, clock: Callable[[], datetime]) -> None:
        """Keep the setting; nothing is asked of Azure yet."""
        self.name = setting.name
        self._setting = setting
        self._session = AzureSession(setting)
        self._clock = clock

    def announced(self, known: Marks) -> list[Announcement]:
        """Say which run of each month is the newest.

        Raises:
            SourceError: When the container cannot be listed, or holds runs of several scopes.
        """
        del known  # The newest run may be one that was submitted before the one that is held.
        months: dict[str, list[_Run]] = {}
        for found in manifests_of(self._container, self._setting):
            run = self._run(found)
            month = run.manifest.month if run.manifest else found.month
            if month and month >= self._setting.since:
                months.setdefault(month, []).append(run)
        return [
            self._announcement(month, max(mine, key=lambda run: run.rank))
            for month, runs in sorted(months.items())
            if (mine := self._of_one_scope(runs))
        ]

    def fetch(self, announced: Announcement, folder: Path, version: int) -> Delivery:
        """Download what the manifest of a run names, and hold it against the manifest.

        Raises:
            SourceError: When something is missing, cut off or not what the manifest says.
        """
        etag = (announced.mark or "").rpartition("@")[2]
        manifest = self._manifest(announced.place, etag)
        self._refuse_unfit(manifest, announced.place)
        files = self._files(manifest, folder, announced.place)
        return Delivery(
            source=self.name,
            kind=Kind.FOCUS,
            dialect=_dialect(manifest, files),
            version=version if announced.version is None else announced.version,
            complete=True,
            files=tuple(files),
            period=announced.period,
            mark=announced.mark,
        )

    def check(self) -> Sequence[Check]:
        """Try the sign-in, the container, the manifests, and the export where a scope is set."""
        return check_export(lambda: self.announced({}), self._setting, clock=self._clock)

    @cached_property
    def _container(self) -> ContainerClient:
        secret = self._setting.connection_string
        return self._session.container(
            self._setting.container_url, secret.get_secret_value() if secret else None
        )

    def _run(self, found: FoundManifest) -> _Run:
        """Read a manifest; one that cannot be read stands for its month, whose fetch says why."""
        try:
            return _Run(found, self._manifest(found.name, found.etag))
        except SourceError:
            if not found.month:
                raise
            return _Run(found, None)

    def _manifest(self, name: str, etag: str) -> Manifest:
        place = f"{self._setting.container_url.rstrip('/')}/{name}"
        with plain_errors(f"reading {place}"):
            text = self._container.download_blob(
                name, etag=etag, match_condition=MatchConditions.IfNotModified
            ).readall()
        return parse_manifest(text, place)

    def _of_one_scope(self, runs: list[_Run]) -> list[_Run]:
        """Leave out runs of other scopes; where none is set there may be one only."""
        scope = (self._setting.scope or "").strip("/").lower()
        mine = [run for run in runs if run.manifest is None or run.manifest.is_of(scope)]
        exports = {run.manifest.resource_id.lower() for run in mine if run.manifest}
        if len(exports) > 1:
            raise RejectedSourceError(
                f"{self.name}: exports of several scopes deliver into the same folder "
                f"({', '.join(sorted(exports))}); set scope, or give each a directory of its own"
            )
        return mine

    def _announcement(self, month: str, run: _Run) -> Announcement:
        manifest = run.manifest
        return Announcement(
            Kind.FOCUS,
            month,
            f"{manifest.run_id if manifest else ''}@{run.found.etag}",
            manifest.version if manifest else None,
            run.found.name,
        )

    def _refuse_unfit(self, manifest: Manifest, place: str) -> None:
        """Refuse what is no bill, and what would replace a month by a part of it."""
        if manifest.type not in BILLS:
            raise RejectedSourceError(
                f"{place}: the export is of type {manifest.type}; accepted are {', '.join(BILLS)}"
            )
        if not manifest.is_whole_month:
            raise RejectedSourceError(
                f"{place}: the run covers {manifest.start:%Y-%m-%d} to {manifest.end:%Y-%m-%d}, "
                "which is no calendar month from its first day; let the export run for month to "
                "date or for the last month"
            )

    def _files(self, manifest: Manifest, folder: Path, place: str) -> list[DeliveredFile]:
        """Bring the files; a run of 0 rows has none, or one with nothing but a header."""
        if manifest.is_empty:
            return []
        files = [
            fetch_blob(
                self._container.get_blob_client(blob.name),
                folder / f"{number:04d}-{own_name(blob.name)}",
                name=own_name(blob.name),
                bytes_said=blob.byte_count,
                rows_said=blob.row_count,
            )
            for number, blob in enumerate(manifest.blobs)
        ]
        refuse_same_content(files, place)
        return files


def _dialect(manifest: Manifest, files: list[DeliveredFile]) -> str:
    """Name the dialect by the type and version of the export.

    Microsoft's FOCUS 1.0 has columns that FOCUS has since 1.2, so the columns tell the version
    only where the manifest does not.
    """
    dialect = BILLS[manifest.type]
    if dialect != "focus":
        for file in files:
            refuse_no_cost(file)
        return dialect
    for file in files:
        kind_of(file, Kind.FOCUS)
    if manifest.focus_version or not files:
        return f"focus-{manifest.focus_version or _OLDEST_FOCUS}"
    return dialect_of(Kind.FOCUS, files)
