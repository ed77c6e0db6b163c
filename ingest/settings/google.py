"""The settings of what comes from Google Cloud."""

from typing import Annotated, Literal

from pydantic import Field

from ingest.settings.base import Currency, MachineTypes, Month, Regions, SourceBase, fits

Table = Annotated[str, fits(r"[^.`\s]+\.[^.`\s]+\.[^.`\s]+", "project.dataset.table")]


class _Google(SourceBase):
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
