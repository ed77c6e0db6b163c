"""Finds the manifests of an export's runs by their names."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from azure.storage.blob import ContainerClient

from ingest.settings import AzureExportSettings
from ingest.sources.azure.errors import plain_errors

_NAMES = ("manifest.json", "_manifest.json")
_RANGE = re.compile(r"/(\d{4})(\d{2})\d{2}-\d{8}/")
_LONGEST_RUN = timedelta(days=2)
"""A run ends sooner, so a manifest older than the newest by more was not submitted later."""


@dataclass(frozen=True, slots=True)
class FoundManifest:
    """A manifest's blob; ``month`` is told by the folder of days that it lies in, if it does."""

    name: str
    etag: str
    written: datetime
    month: str | None


def manifests_of(container: ContainerClient, setting: AzureExportSettings) -> list[FoundManifest]:
    """List the manifests below the export's folder that may be the newest of their month.

    A listing shows the names of data files as well; they are passed over.

    Raises:
        SourceError: When the container cannot be listed.
    """
    newest: dict[str, datetime] = {}
    found = list(_manifests(container, setting))
    for one in found:
        if one.month:
            newest[one.month] = max(one.written, newest.get(one.month, one.written))
    return [
        one
        for one in found
        if not one.month
        or (one.month >= setting.since and newest[one.month] - one.written <= _LONGEST_RUN)
    ]


def folder_of(setting: AzureExportSettings) -> str:
    """Return the folder that the export delivers into, as a prefix of names."""
    root = setting.root_folder.strip("/")
    return f"{root}/{setting.export}/" if root else f"{setting.export}/"


def _manifests(container: ContainerClient, setting: AzureExportSettings) -> Iterator[FoundManifest]:
    prefix = folder_of(setting)
    with plain_errors(f"listing {setting.container_url.rstrip('/')}/{prefix}"):
        for blob in container.list_blobs(name_starts_with=prefix):
            if blob.name.rpartition("/")[2] in _NAMES:
                days = _RANGE.search(blob.name[len(prefix) - 1 :])
                month = f"{days[1]}-{days[2]}" if days else None
                yield FoundManifest(blob.name, _quoted(blob.etag), blob.last_modified, month)


def _quoted(etag: str) -> str:
    """Listings give ETags without the quotes that conditions need."""
    return etag if etag.startswith('"') else f'"{etag}"'
