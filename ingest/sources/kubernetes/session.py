"""Reaches the API of a cluster, and says in plain words why that failed."""

from __future__ import annotations

from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from kubernetes.client import ApiClient, Configuration
from kubernetes.client.exceptions import ApiException
from kubernetes.config import ConfigException, load_incluster_config, new_client_from_config
from urllib3.exceptions import HTTPError, SSLError
from yaml import YAMLError

from ingest.port import RejectedSourceError, SourceError, TransientSourceError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ingest.settings import KubernetesSettings

_UNKNOWN, _FORBIDDEN, _MISSING = 401, 403, 404
_BUSY = (408, 425, 429)
_SERVER_ERRORS = 500


def connect(setting: KubernetesSettings) -> ApiClient:
    """Return a client of the cluster that the settings name; nothing is asked yet.

    Raises:
        RejectedSourceError: When kubeconfig, token or certificates cannot be read.
    """
    try:
        if setting.kubeconfig is not None:
            client: ApiClient = new_client_from_config(  # type: ignore[no-untyped-call]
                config_file=setting.kubeconfig, context=setting.context, persist_config=False
            )
            return client
        found = Configuration()
        if setting.server is None:
            load_incluster_config(found)  # type: ignore[no-untyped-call]
            return ApiClient(found)
        found.host = setting.server.rstrip("/")
        if setting.ca_file is not None:
            found.ssl_ca_cert = setting.ca_file
        if setting.token_file is not None:
            token = Path(setting.token_file).read_text(encoding="utf-8").strip()
            found.api_key["BearerToken"] = f"Bearer {token}"
        return ApiClient(found)
    except (ConfigException, YAMLError, OSError, ValueError) as problem:
        raise RejectedSourceError(
            f"{setting.name}: there is no way into the cluster ({problem}); set kubeconfig, or "
            "server with token_file and ca_file, or run as a pod in it"
        ) from problem


@contextmanager
def plain_errors(what: str) -> Iterator[None]:
    """Turn errors of doing ``what`` (as ``listing pods``) into a source's.

    Raises:
        TransientSourceError: When another try may help.
        RejectedSourceError: When somebody has to change something first; says what.
    """
    try:
        yield
    except ApiException as problem:
        raise _of_answer(problem, what) from problem
    except HTTPError as problem:
        raise _of_no_answer(problem, what) from problem


def _of_answer(problem: ApiException, what: str) -> SourceError:
    status = int(problem.status or 0)
    if status in _BUSY or status >= _SERVER_ERRORS:
        return TransientSourceError(f"{what}: the cluster is busy ({status}); try again later")
    meaning = {
        _UNKNOWN: "the cluster does not know who asks; renew the token or the kubeconfig",
        _FORBIDDEN: "this may not be listed; bind the ClusterRole of docs/connect/kubernetes.md to "
        "who asks",
        _MISSING: "there is no such thing; look at server, it must be the address of the API",
    }
    told = meaning.get(status, "the cluster refuses it")
    return RejectedSourceError(f"{what}: {told} (it says {status} {problem.reason})")


def _of_no_answer(problem: HTTPError, what: str) -> SourceError:
    reason = getattr(problem, "reason", None) or problem
    if isinstance(reason, SSLError):
        return RejectedSourceError(
            f"{what}: the certificate is not trusted; set ca_file to the cluster's ({reason})"
        )
    return TransientSourceError(
        f"{what}: the cluster cannot be reached; look at the network and try again later ({reason})"
    )
