"""How Azure is reached: sign-in, clients that time out and try again, and the patience they have.

Retries are the SDK's own: 408, 429 and 5xx, up to six times, with Retry-After honoured. Cost
Management also says in headers of its own how long to wait; those count as Retry-After. A sign-in
is given up after seconds: where it fails, it is the settings that are wrong, not the moment.
"""

import logging
import re
from functools import cached_property
from typing import Any

from azure.core.credentials import TokenCredential
from azure.core.exceptions import AzureError, ClientAuthenticationError
from azure.core.pipeline import PipelineResponse
from azure.identity import DefaultAzureCredential
from azure.mgmt.costmanagement import CostManagementClient
from azure.storage.blob import BlobClient, ContainerClient, ExponentialRetry

from ingest.port import RejectedSourceError
from ingest.settings import AzureAccountSettings, AzureDetailsSettings, AzureExportSettings

CONNECT_TIMEOUT_S = 10
READ_TIMEOUT_S = 60
RETRIES = 6
LONGEST_WAIT_S = 60
_SIGN_IN_TIMEOUT_S = 4
_SIGN_IN_RETRIES = 3
_MANAGEMENT = "https://management.azure.com"
_COST_WAITS = (
    "x-ms-ratelimit-microsoft.costmanagement-entity-retry-after",
    "x-ms-ratelimit-microsoft.costmanagement-tenant-retry-after",
    "x-ms-ratelimit-microsoft.costmanagement-clienttype-retry-after",
    "x-ms-ratelimit-microsoft.costmanagement-qpu-retry-after",
)

_CONTAINER = re.compile(r"https?://[^/]+/[^/]")
_PEOPLE_ONLY = {
    "exclude_visual_studio_code_credential": True,
    "exclude_broker_credential": True,
    "exclude_powershell_credential": True,
    "exclude_developer_cli_credential": True,
}
"""Ways to sign in at a desk: what they lack would hide what a server lacks."""

# What goes wrong at the sign-in is told as one sentence; without this, Python prints it as well.
logging.getLogger("azure").addHandler(logging.NullHandler())

AzureSettings = AzureExportSettings | AzureDetailsSettings | AzureAccountSettings


class AzureSession:
    """Makes clients for one setting; nothing is asked before the first call of one."""

    def __init__(self, setting: AzureSettings) -> None:
        """Keep the setting; credentials are looked for with the first call."""
        self._setting = setting

    @cached_property
    def credential(self) -> TokenCredential:
        """azure-identity's own chain: environment, workload or managed identity, Azure CLI ..."""
        options: dict[str, Any] = {
            "connection_timeout": _SIGN_IN_TIMEOUT_S,
            "read_timeout": _SIGN_IN_TIMEOUT_S,
            "retry_total": _SIGN_IN_RETRIES,
            "retry_connect": 1,
            "retry_read": 1,
            "retry_backoff_factor": 0.2,
        }
        if self._setting.authority:
            # Whoever runs a sign-in of his own is not in Microsoft's list of instances.
            options |= {"authority": self._setting.authority, "disable_instance_discovery": True}
        return DefaultAzureCredential(**options, **_PEOPLE_ONLY, **self._trust)

    @cached_property
    def costs(self) -> CostManagementClient:
        """The client of Cost Management; its ``send_request`` reaches the other management APIs."""
        endpoint = self._setting.endpoint.rstrip("/")
        return CostManagementClient(
            self.credential,
            base_url=endpoint,
            credential_scopes=[f"{_token_audience(endpoint)}/.default"],
            connection_timeout=CONNECT_TIMEOUT_S,
            read_timeout=READ_TIMEOUT_S,
            retry_total=RETRIES,
            retry_status=RETRIES,
            retry_backoff_max=LONGEST_WAIT_S,
            raw_response_hook=_with_retry_after,
            **self._trust,
        )

    def container(self, url: str, connection_string: str | None) -> ContainerClient:
        """Return the client of a container; the string is used where no identity may read it.

        Raises:
            RejectedSourceError: When the address or the string is none; says what is accepted.
        """
        place = url.rstrip("/")
        if not _CONTAINER.match(place):
            raise RejectedSourceError(
                f"container_url {url!r} is not accepted; accepted is an address as "
                "https://account.blob.core.windows.net/container"
            )
        if not connection_string:
            return ContainerClient.from_container_url(
                place, credential=self.credential, **self._blobs
            )
        try:
            return ContainerClient.from_connection_string(
                connection_string, container_name=place.rpartition("/")[2], **self._blobs
            )
        except ValueError as problem:
            raise RejectedSourceError(
                "connection_string cannot be read; accepted is one as the storage account shows "
                "it under Access keys, as DefaultEndpointsProtocol=https;AccountName=…"
            ) from problem

    def blob_at(self, link: str) -> BlobClient:
        """Return the client of a blob whose link carries its own permission."""
        return BlobClient.from_blob_url(link, **self._blobs)

    @cached_property
    def _trust(self) -> dict[str, Any]:
        return {"connection_verify": self._setting.ca_file} if self._setting.ca_file else {}

    @cached_property
    def _blobs(self) -> dict[str, Any]:
        return {
            "connection_timeout": CONNECT_TIMEOUT_S,
            "read_timeout": READ_TIMEOUT_S,
            "retry_policy": _BlobRetry(initial_backoff=1, increment_base=2, retry_total=4),
            **self._trust,
        }


class _BlobRetry(ExponentialRetry):
    """The retries of Blob storage, which would try a sign-in that is refused again and again."""

    def increment(
        self,
        settings: dict[str, Any],
        request: Any,  # noqa: ANN401 - the base class says so
        response: Any = None,  # noqa: ANN401 - the base class says so
        error: AzureError | None = None,
    ) -> bool:
        """Say whether there is another try: not where nobody could sign in."""
        if isinstance(error, ClientAuthenticationError):
            return False
        return super().increment(settings, request, response, error)


def _token_audience(endpoint: str) -> str:
    """Return whom a token is for: a sovereign cloud's own API, else the public one.

    A private address in front of the public API takes the public API's tokens.
    """
    sovereign = (".chinacloudapi.cn", ".usgovcloudapi.net")
    return endpoint if endpoint.endswith(sovereign) else _MANAGEMENT


def _with_retry_after(response: PipelineResponse[Any, Any]) -> None:
    """Let Cost Management's own waits count where Retry-After is not said."""
    headers = response.http_response.headers
    if "Retry-After" in headers:
        return
    waits = [wait for name in _COST_WAITS if (wait := _seconds(headers.get(name))) is not None]
    if waits:
        headers["Retry-After"] = str(max(waits))


def _seconds(text: str | None) -> float | None:
    """Read a header's number of seconds, if it is one."""
    try:
        return float(text or "")
    except ValueError:
        return None
