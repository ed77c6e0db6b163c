"""What people write in ``[[sources]]``: one form for each type of source."""

from itertools import product
from typing import Annotated, Any

from pydantic import AfterValidator, Discriminator, Tag
from pydantic_core import PydanticCustomError

from ingest.settings.aws import AwsAccountSettings, AwsExportSettings
from ingest.settings.azure import AzureAccountSettings, AzureDetailsSettings, AzureExportSettings
from ingest.settings.base import DataKind
from ingest.settings.files import FilesSettings
from ingest.settings.google import GoogleAccountSettings, GoogleBillingSettings
from ingest.settings.kubernetes import ClusterWords, KubernetesSettings, KubeStateSettings
from ingest.settings.prometheus import PrometheusServer, PrometheusSettings
from ingest.settings.slurm import SlurmSettings

__all__ = [
    "AllSourceSettings",
    "AwsAccountSettings",
    "AwsExportSettings",
    "AzureAccountSettings",
    "AzureDetailsSettings",
    "AzureExportSettings",
    "ClusterWords",
    "DataKind",
    "FilesSettings",
    "GoogleAccountSettings",
    "GoogleBillingSettings",
    "KubeStateSettings",
    "KubernetesSettings",
    "PrometheusServer",
    "PrometheusSettings",
    "SlurmSettings",
    "SourceSettings",
]


def _type_of(value: Any) -> str:  # noqa: ANN401 - whatever stands in the settings file
    """A source without a type is one of files."""
    found = value.get("type") if isinstance(value, dict) else getattr(value, "type", None)
    return str(found or "files")


SourceSettings = Annotated[
    Annotated[FilesSettings, Tag("files")]
    | Annotated[AwsExportSettings, Tag("aws-export")]
    | Annotated[AwsAccountSettings, Tag("aws-account")]
    | Annotated[AzureExportSettings, Tag("azure-export")]
    | Annotated[AzureDetailsSettings, Tag("azure-details")]
    | Annotated[AzureAccountSettings, Tag("azure-account")]
    | Annotated[GoogleBillingSettings, Tag("google-billing")]
    | Annotated[GoogleAccountSettings, Tag("google-account")]
    | Annotated[PrometheusSettings, Tag("prometheus")]
    | Annotated[SlurmSettings, Tag("slurm")]
    | Annotated[KubernetesSettings, Tag("kubernetes")]
    | Annotated[KubeStateSettings, Tag("kube-state-metrics")],
    Discriminator(
        _type_of,
        custom_error_type="source_type",
        custom_error_message=(
            "its type must be files, aws-export, aws-account, azure-export, azure-details,"
            " azure-account, google-billing, google-account, prometheus, slurm, kubernetes or"
            " kube-state-metrics"
        ),
    ),
]
"""One place that the nightly run loads from."""


def _own_names(sources: list[SourceSettings]) -> list[SourceSettings]:
    """Two sources of one name would replace each other's periods, night after night."""
    names = [one.name for one in sources]
    if twice := sorted({name for name in names if names.count(name) > 1}):
        raise PydanticCustomError(
            "names", "{names} is the name of several; each source needs a name of its own",
            {"names": ", ".join(map(repr, twice))},
        )  # fmt: skip
    return sources


def _told_once(sources: list[SourceSettings]) -> list[SourceSettings]:
    """Pods of one cluster that its API and kube-state-metrics tell would be two jobs each."""
    telling = [one for one in sources if isinstance(one, ClusterWords) and "jobs" in one.kinds]
    metrics = [one for one in telling if isinstance(one, KubeStateSettings)]
    for one, other in product(metrics, telling):
        if one.type != other.type and (one.cluster is None or one.cluster == other.cluster):
            raise PydanticCustomError(
                "told_twice",
                "{one} and {other} may both tell of the pods of one cluster, which would count "
                'twice; leave jobs to one of them (kinds = ["nodes"] in the other), or give each '
                "the name of its cluster (cluster = ...)",
                {"one": one.name, "other": other.name},
            )
    return sources


AllSourceSettings = Annotated[
    list[SourceSettings], AfterValidator(_own_names), AfterValidator(_told_once)
]
"""Everything that the nightly run loads from."""
