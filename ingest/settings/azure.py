"""The settings of what comes from Azure."""

from typing import Literal

from pydantic import Field, SecretStr

from ingest.settings.base import Currency, MachineTypes, Month, Regions, SourceBase


class _Azure(SourceBase):
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
