"""Which sources there are, and how a setting becomes one."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from ingest.port import Kind, RejectedSourceError, Source
from ingest.settings import (
    AwsAccountSettings,
    AwsExportSettings,
    AzureAccountSettings,
    AzureDetailsSettings,
    AzureExportSettings,
    FilesSettings,
    GoogleAccountSettings,
    GoogleBillingSettings,
    KubernetesSettings,
    KubeStateSettings,
    PrometheusSettings,
    SlurmSettings,
    SourceSettings,
)
from ingest.sources.files import FilesSource

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from datetime import datetime

    from ingest.sources.azure.exports_api import AzureExports

CloudSettings = (
    AwsExportSettings
    | AwsAccountSettings
    | AzureExportSettings
    | AzureDetailsSettings
    | AzureAccountSettings
    | GoogleBillingSettings
    | GoogleAccountSettings
)
"""What a cloud's source is set up with."""

_NAME = re.compile(r"[a-z0-9][a-z0-9._-]{0,62}")


def source_of(setting: SourceSettings, *, clock: Callable[[], datetime]) -> Source:
    """Return the source that a setting describes; its cloud's library is imported only then.

    Raises:
        RejectedSourceError: When the name or the kind is none.
    """
    checked_name(setting.name)
    if isinstance(setting, FilesSettings):
        return files_source(setting.name, [setting.path], setting.kind)
    if isinstance(setting, PrometheusSettings):
        from ingest.sources.prometheus import prometheus_source

        return prometheus_source(setting, clock=clock)
    if isinstance(setting, SlurmSettings):
        from ingest.sources.slurm import slurm_source

        return slurm_source(setting)
    if isinstance(setting, KubernetesSettings):
        from ingest.sources.kubernetes import kubernetes_source

        return kubernetes_source(setting, clock=clock)
    if isinstance(setting, KubeStateSettings):
        from ingest.sources.kube_state import kube_state_source

        return kube_state_source(setting, clock=clock)
    return _cloud_source(setting, clock=clock)


def _cloud_source(setting: CloudSettings, *, clock: Callable[[], datetime]) -> Source:
    """Return the source of a cloud's bills, prices and capacity."""
    if isinstance(setting, AwsExportSettings | AwsAccountSettings):
        from ingest.sources.aws import aws_source

        return aws_source(setting, clock=clock)
    if isinstance(setting, AzureExportSettings | AzureDetailsSettings | AzureAccountSettings):
        from ingest.sources.azure import azure_source

        return azure_source(setting, clock=clock)
    from ingest.sources.google import google_source

    return google_source(setting, clock=clock)


def exports_of(setting: SourceSettings, *, clock: Callable[[], datetime]) -> AzureExports:
    """Return what sets up and runs the export of a source; only Azure's can be reached from here.

    Raises:
        RejectedSourceError: When the source is another, or says no scope.
    """
    if not isinstance(setting, AzureExportSettings):
        raise RejectedSourceError(
            f"{setting.name} is of type {setting.type}; only exports of type azure-export are set "
            "up and run from here, docs/connect has a page for each of the others"
        )
    from ingest.sources.azure.exports_api import AzureExports

    return AzureExports(setting, clock=clock)


def files_source(
    name: str, paths: Sequence[str], kind: str | None = None, *, complete: bool = True
) -> FilesSource:
    """Return a source of files; not ``complete`` where they only add to what is there.

    Raises:
        RejectedSourceError: When the name or the kind is none.
    """
    return FilesSource(checked_name(name), paths, kind=checked_kind(kind), complete=complete)


def checked_name(name: str) -> str:
    """Return a source's name when it is one.

    Raises:
        RejectedSourceError: When it is not; says what is accepted.
    """
    if not _NAME.fullmatch(name):
        raise RejectedSourceError(
            f"{name!r} is no source name; accepted are 1 to 63 of a-z, 0-9, '.', '_' and '-', "
            "the first a letter or digit"
        )
    return name


def checked_kind(kind: str | None) -> Kind | None:
    """Return the kind that a word names.

    Raises:
        RejectedSourceError: When it names none; says which there are.
    """
    if kind is None:
        return None
    try:
        return Kind(kind)
    except ValueError as problem:
        known = ", ".join(Kind)
        raise RejectedSourceError(f"{kind!r} is no kind of file; accepted are {known}") from problem
