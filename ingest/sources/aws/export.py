"""Bills that AWS delivers into S3: Data Exports (FOCUS, CUR 2.0) and the legacy report."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import datetime
from pathlib import Path, PurePosixPath

from ingest.files import look_at
from ingest.port import (
    Announcement,
    Check,
    DeliveredFile,
    Delivery,
    Kind,
    Marks,
    RejectedSourceError,
    TransientSourceError,
)
from ingest.settings import AwsExportSettings
from ingest.sources.aws.bill_check import bill_checks
from ingest.sources.aws.bill_dialect import bill_dialect
from ingest.sources.aws.bucket import Bucket, S3Object
from ingest.sources.aws.manifest import Manifest, manifest_key, read_manifest
from ingest.sources.aws.session import AwsClients


class AwsExport:
    """One export: a billing period is what its manifest says, whole, each time it changes."""

    def __init__(self, setting: AwsExportSettings, *, clock: Callable[[], datetime]) -> None:
        """Keep the setting; AWS is asked when something is wanted of it."""
        self.name = setting.name
        self._setting = setting
        self._clock = clock
        self._clients = AwsClients(setting)
        self._bucket = Bucket(setting.bucket, self._clients, setting.region)

    def announced(self, known: Marks) -> Iterator[Announcement]:
        """Look at the manifest of every billing period: of past ones too, AWS restates them.

        Raises:
            SourceError: When AWS does not let them be looked at.
        """
        del known  # A look costs as much whether or not the lake holds the period.
        for period in self._periods():
            found = self._bucket.look(self._key(period))
            if found is not None:
                yield self._announcement(period, found)

    def fetch(self, announced: Announcement, folder: Path, version: int) -> Delivery:
        """Bring the files that the announced manifest names, each whole and unchanged.

        Raises:
            SourceError: When one is missing, damaged, doubled, or another delivery comes meanwhile.
        """
        period = str(announced.period)
        found = self._announced(announced, period)
        manifest = self._manifest(found, period)
        files = tuple(self._files(found, manifest, folder))
        self._bucket.refuse_change(found)
        return Delivery(
            source=self.name,
            kind=Kind.FOCUS,
            dialect=bill_dialect(files, manifest.columns, self._setting.layout),
            version=version if announced.version is None else announced.version,
            complete=True,
            files=files,
            period=period,
            mark=announced.mark,
        )

    def check(self) -> list[Check]:
        """Try the credentials, the bucket, a manifest and a data file."""
        return bill_checks(self._clients, self._bucket, self._latest)

    def _latest(self) -> tuple[S3Object, Manifest]:
        """Return the newest manifest of this month and the last.

        Raises:
            SourceError: When there is none, or it cannot be read.
        """
        periods = self._months()[-2:]
        for period in reversed(periods):
            found = self._bucket.look(self._key(period))
            if found is not None:
                return found, self._manifest(found, period)
        places = " nor ".join(self._bucket.place(self._key(one)) for one in reversed(periods))
        raise RejectedSourceError(
            f"there is no manifest at {places}; AWS writes the first within 24 hours after an "
            "export is created; later, look at prefix, export and layout in the source's settings"
        )

    def _announcement(self, period: str, found: S3Object) -> Announcement:
        return Announcement(
            kind=Kind.FOCUS,
            period=period,
            mark=found.etag,
            version=int(found.modified.timestamp() * 1000),
            place=self._bucket.place(found.key),
        )

    def _announced(self, announced: Announcement, period: str) -> S3Object:
        """Find the manifest that was announced.

        Raises:
            TransientSourceError: When there is another by now.
        """
        found = self._bucket.look(self._key(period))
        if found is None or found.etag != announced.mark:
            raise TransientSourceError(
                f"{announced.place}: was replaced since it was looked at; try again"
            )
        return found

    def _manifest(self, found: S3Object, period: str) -> Manifest:
        return read_manifest(
            self._bucket.content(found),
            place=self._bucket.place(found.key),
            bucket=self._bucket.name,
            period=period,
        )

    def _files(self, found: S3Object, manifest: Manifest, folder: Path) -> Iterator[DeliveredFile]:
        """Look at all the files before the first is fetched, so that a fault is found at once."""
        objects = [self._named(key, found) for key in manifest.keys]
        contents: dict[str, str] = {}
        for number, one in enumerate(objects):
            file = self._fetched(one, folder / f"{number:05}")
            twin = contents.setdefault(file.sha256, one.key)
            if twin != one.key:
                raise RejectedSourceError(
                    f"{self._bucket.place(found.key)}: names {twin} and {one.key}, which have the "
                    "same content; the charges would count twice"
                )
            yield file

    def _named(self, key: str, manifest: S3Object) -> S3Object:
        """Look at a file that the manifest names.

        Raises:
            TransientSourceError: When it is gone because a new delivery came.
            RejectedSourceError: When it is not there although the manifest still names it.
        """
        found = self._bucket.look(key)
        if found is None:
            self._bucket.refuse_change(manifest)
            raise RejectedSourceError(
                f"{self._bucket.place(manifest.key)}: names {key}, which is not there; if a "
                "lifecycle rule of the bucket removed it, let AWS deliver the period again"
            )
        return found

    def _fetched(self, found: S3Object, folder: Path) -> DeliveredFile:
        """Fetch a file into a folder of its own: two executions may use the same name."""
        name = PurePosixPath(found.key).name
        folder.mkdir()
        self._bucket.download(found, folder / name)
        return replace(look_at(folder / name), name=name)

    def _key(self, period: str) -> str:
        setting = self._setting
        return manifest_key(setting.layout, setting.prefix, setting.export, period)

    def _periods(self) -> list[str]:
        """Return the billing periods from the first wanted one to this month."""
        return [period for period in self._months() if period >= self._setting.since]

    def _months(self) -> list[str]:
        """Return the months up to the clock's: from the first wanted one, at least the last two."""
        now = self._clock()
        this = now.year * 12 + now.month - 1
        first = int(self._setting.since[:4]) * 12 + int(self._setting.since[5:]) - 1
        return [
            f"{month // 12:04}-{month % 12 + 1:02}"
            for month in range(min(first, this - 1), this + 1)
        ]
