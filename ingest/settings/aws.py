"""The settings of what comes from AWS."""

from typing import Annotated, Literal

from pydantic import Field

from ingest.settings.base import MachineTypes, Month, Regions, SourceBase, fits

Bucket = Annotated[str, fits(r"[A-Za-z0-9._-]{1,255}", "the bucket's name only, as my-bucket")]


class _Aws(SourceBase):
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
    bucket: Bucket = Field(description="the bucket that AWS delivers into")
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
