"""What people write in ``[[sources]]``: one form for each type of source."""

import re
from typing import Annotated, Any, Literal

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Discriminator,
    Field,
    SecretStr,
    Tag,
)
from pydantic_core import PydanticCustomError

DataKind = Literal["focus", "prices", "usage", "jobs", "nodes", "availability"]


def _fits(pattern: str, accepted: str) -> AfterValidator:
    """Refuse what does not fit, with what is ``accepted`` in words."""

    def checked(value: str) -> str:
        if not re.fullmatch(pattern, value):
            raise PydanticCustomError(
                "form", "{value} is not accepted; accepted is {accepted}",
                {"value": repr(value), "accepted": accepted},
            )  # fmt: skip
        return value

    return AfterValidator(checked)


Month = Annotated[str, _fits(r"\d{4}-(0[1-9]|1[0-2])", "a month, as 2026-01")]
Currency = Annotated[str, _fits("[A-Z]{3}", "a code of three letters, as USD")]
Table = Annotated[str, _fits(r"[^.`\s]+\.[^.`\s]+\.[^.`\s]+", "project.dataset.table")]


Regions = Annotated[
    list[str], Field(min_length=1, description="the regions to ask about, by the provider's names")
]
MachineTypes = Annotated[
    tuple[str, ...],
    Field(description="the machine types to ask about; every one of the reference if left out"),
]


class _Source(BaseModel):
    """What every source has."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str = Field(min_length=1, description="the x_SourceId of its rows")


class FilesSettings(_Source):
    """Files on a disk."""

    type: Literal["files"] = "files"
    kind: DataKind | None = Field(
        None, description="what it delivers; recognised from the columns where it is not said"
    )
    path: str = Field(min_length=1, description="a file or a glob pattern")


class _Aws(_Source):
    """How AWS is reached; credentials come from boto3's own chain."""

    profile: str | None = Field(None, description="a profile of the AWS configuration")
    role_arn: str | None = Field(None, description="a role to assume")
    external_id: str | None = Field(None, description="what the role's trust policy asks for")
    endpoint_url: str | None = Field(
        None, description="another address of the AWS APIs, as of a private endpoint"
    )


class AwsExportSettings(_Aws):
    """A bill in S3: a Data Export (FOCUS 1.0 or 1.2, CUR 2.0), or a legacy CUR 1.0."""

    type: Literal["aws-export"]
    bucket: str = Field(min_length=1, description="the bucket that AWS delivers into")
    prefix: str = Field("", description="the prefix set in the export")
    export: str = Field(min_length=1, description="the name of the export or report")
    layout: Literal["data-export", "cur"] = Field(
        "data-export", description="cur for the legacy Cost and Usage Report"
    )
    region: str = Field("us-east-1", description="the region of the bucket")
    since: Month = Field(description="the first billing period to load, as 2026-01")


class AwsAccountSettings(_Aws):
    """Prices, spot history, capacity and commitments, asked from AWS itself."""

    type: Literal["aws-account"]
    regions: Regions
    machine_types: MachineTypes = ()
    cache_hours: int = Field(
        24, ge=1, le=744, description="how long an answer of Cost Explorer is used again (hours)"
    )


class _Azure(_Source):
    """How Azure is reached; credentials come from azure-identity's own chain."""

    authority: str | None = Field(
        None, description="another sign-in address, as of a sovereign cloud"
    )
    endpoint: str = Field(
        "https://management.azure.com", description="the address of the management API"
    )
    ca_file: str | None = Field(None, description="certificates to trust, as of a company proxy")


class AzureExportSettings(_Azure):
    """A cost export in Blob storage: FocusCost, ActualCost or AmortizedCost."""

    type: Literal["azure-export"]
    container_url: str = Field(
        min_length=1, description="as https://account.blob.core.windows.net/container"
    )
    root_folder: str = Field("", description="the directory set in the export")
    export: str = Field(min_length=1, description="the name of the export")
    scope: str | None = Field(
        None, description="as subscriptions/…; needed to create, trigger and check the export"
    )
    connection_string: SecretStr | None = Field(
        None, description="of the storage account, where no Azure identity may read it"
    )
    since: Month = Field(description="the first billing period to load, as 2026-01")


class AzureDetailsSettings(_Azure):
    """Cost-details reports, where no export can be set up."""

    type: Literal["azure-details"]
    scope: str = Field(min_length=1, description="as subscriptions/…")
    metric: Literal["ActualCost", "AmortizedCost"] = Field(
        "AmortizedCost", description="which cost: AmortizedCost, or ActualCost"
    )
    since: Month = Field(description="the first billing period to load, as 2026-01")


class AzureAccountSettings(_Azure):
    """Retail prices, reservations and savings plans, asked from Azure itself."""

    type: Literal["azure-account"]
    regions: Regions
    machine_types: MachineTypes = ()
    currency: Currency = Field("USD", description="the currency of the prices")
    prices_url: str = Field(
        "https://prices.azure.com/api/retail/prices", description="the address of the price list"
    )
    scope: str | None = Field(
        None, description="whose reservations and savings plans; left out: prices only"
    )


class _Google(_Source):
    """How Google Cloud is reached; credentials come from Application Default Credentials."""

    project: str = Field(min_length=1, description="the project that pays for the queries")
    endpoint: str | None = Field(None, description="another address of the API, as of a proxy")


class GoogleBillingSettings(_Google):
    """A billing export in BigQuery: detailed usage cost, or the FOCUS table."""

    type: Literal["google-billing"]
    table: Table = Field(description="project.dataset.table of the export")
    location: str = Field("US", description="the location of the dataset")
    since: Month = Field(description="the first invoice month to load, as 2026-01")


class GoogleAccountSettings(_Google):
    """List prices from the Cloud Billing catalog."""

    type: Literal["google-account"]
    regions: Regions
    machine_types: MachineTypes = ()
    currency: Currency = Field("USD", description="the currency of the prices")


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
    | Annotated[GoogleAccountSettings, Tag("google-account")],
    Discriminator(
        _type_of,
        custom_error_type="source_type",
        custom_error_message=(
            "its type must be files, aws-export, aws-account, azure-export, azure-details,"
            " azure-account, google-billing or google-account"
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


AllSourceSettings = Annotated[list[SourceSettings], AfterValidator(_own_names)]
"""Everything that the nightly run loads from."""
