"""Clients of Google's APIs: whose credentials, which address, how long to try."""

from dataclasses import dataclass, replace
from urllib.parse import urlsplit

import grpc  # type: ignore[import-untyped]
from google.api_core.exceptions import (
    GatewayTimeout,
    InternalServerError,
    ResourceExhausted,
    ServiceUnavailable,
)
from google.api_core.retry import Retry, if_exception_type
from google.auth.credentials import AnonymousCredentials
from google.cloud import bigquery, billing_v1
from google.cloud.bigquery.retry import DEFAULT_JOB_RETRY, DEFAULT_RETRY
from google.cloud.bigquery_storage_v1 import BigQueryReadClient
from google.cloud.billing_v1.services.cloud_catalog.transports import CloudCatalogGrpcTransport

from ingest.port import RejectedSourceError

_WAITING_S = 30.0
_HERE = frozenset({"localhost", "127.0.0.1", "::1"})


@dataclass(frozen=True, slots=True)
class Patience:
    """How long one call may take, how long it is tried again in all, and the first pause."""

    call_s: float = 120.0
    total_s: float = 300.0
    pause_s: float = 1.0

    def short(self) -> "Patience":
        """Return the patience of a person who waits for the answer."""
        return replace(
            self, call_s=min(self.call_s, _WAITING_S), total_s=min(self.total_s, _WAITING_S)
        )

    def catalog(self) -> Retry:
        """Try again what gRPC says is busy or broken."""
        return Retry(
            predicate=if_exception_type(
                ServiceUnavailable, InternalServerError, GatewayTimeout, ResourceExhausted
            ),
            initial=self.pause_s,
            maximum=60.0,
            timeout=self.total_s,
        )

    def bigquery(self) -> Retry:
        """Try again what BigQuery's own library holds worth it, for a bounded time."""
        return DEFAULT_RETRY.with_timeout(self.total_s).with_delay(initial=self.pause_s)

    def jobs(self) -> Retry:
        """Start a query again that failed on Google's side, for a bounded time."""
        return DEFAULT_JOB_RETRY.with_timeout(self.total_s).with_delay(initial=self.pause_s)


def is_here(endpoint: str | None) -> bool:
    """Say whether an address is plain HTTP on this machine, which asks for no credentials.

    Raises:
        RejectedSourceError: When it is plain HTTP elsewhere, or no address.
    """
    if endpoint is None:
        return False
    parts = urlsplit(endpoint)
    if parts.scheme == "https" and parts.hostname:
        return False
    if parts.scheme == "http" and parts.hostname in _HERE:
        return True
    raise RejectedSourceError(
        f"endpoint {endpoint!r} is not accepted; accepted are https addresses, and http on this "
        "machine, as http://127.0.0.1:9050"
    )


def bigquery_client(project: str, location: str, endpoint: str | None) -> bigquery.Client:
    """Return a client that runs queries in ``project``."""
    options = {"api_endpoint": endpoint} if endpoint else None
    credentials = AnonymousCredentials() if is_here(endpoint) else None  # type: ignore[no-untyped-call]
    return bigquery.Client(
        project=project, location=location, credentials=credentials, client_options=options
    )


def storage_client(endpoint: str | None) -> BigQueryReadClient | None:
    """Return a client of the Storage Read API; behind another address there is none."""
    return None if endpoint else BigQueryReadClient()  # type: ignore[no-untyped-call]


def catalog_client(endpoint: str | None) -> billing_v1.CloudCatalogClient:
    """Return a client of the Cloud Billing catalog."""
    if is_here(endpoint):
        channel = grpc.insecure_channel(urlsplit(str(endpoint)).netloc)
        return billing_v1.CloudCatalogClient(transport=CloudCatalogGrpcTransport(channel=channel))
    host = urlsplit(endpoint).netloc if endpoint else None
    return billing_v1.CloudCatalogClient(client_options={"api_endpoint": host} if host else None)
