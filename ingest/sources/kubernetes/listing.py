"""Lists pods and nodes, page by page, from the beginning again where the cluster forgot a page."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar

import orjson
from kubernetes.client import CoreV1Api
from kubernetes.client.exceptions import ApiException

from ingest.port import TransientSourceError
from ingest.sources.kubernetes.session import connect, plain_errors

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from ingest.settings import KubernetesSettings

    Json = Mapping[str, Any]
    Page = Callable[..., Any]

_GONE = 410
_TRIES = 3

Kept = TypeVar("Kept")


class Cluster:
    """The two lists of a cluster that matter."""

    def __init__(self, setting: KubernetesSettings) -> None:
        """Take the settings; nothing is asked yet.

        Raises:
            RejectedSourceError: When there is no way in.
        """
        self._setting = setting
        self._api = CoreV1Api(connect(setting))

    def pods(self, keep: Callable[[Json], Iterable[Kept]]) -> list[Kept]:
        """Return what ``keep`` makes of each pod of the namespaces, or of all.

        Raises:
            SourceError: When they cannot be listed.
        """
        if not self._setting.namespaces:
            return self._listed("listing pods", self._api.list_pod_for_all_namespaces, keep)
        found: list[Kept] = []
        for namespace in self._setting.namespaces:
            what = f"listing pods in {namespace}"
            found += self._listed(what, self._api.list_namespaced_pod, keep, namespace=namespace)
        return found

    def nodes(self, keep: Callable[[Json], Iterable[Kept]]) -> list[Kept]:
        """Return what ``keep`` makes of each node.

        Raises:
            SourceError: When they cannot be listed.
        """
        return self._listed("listing nodes", self._api.list_node, keep)

    def _listed(
        self, what: str, page: Page, keep: Callable[[Json], Iterable[Kept]], **where: str
    ) -> list[Kept]:
        what = f"{self._setting.name}, {what}"
        with plain_errors(what):
            for _ in range(_TRIES):
                try:
                    return self._pages(what, page, keep, where)
                except ApiException as problem:
                    if problem.status != _GONE:
                        raise
        raise TransientSourceError(
            f"{what}: the cluster forgot the list {_TRIES} times while it was read; try again "
            "later, or raise page_size"
        )

    def _pages(
        self,
        what: str,
        page: Page,
        keep: Callable[[Json], Iterable[Kept]],
        where: Mapping[str, str],
    ) -> list[Kept]:
        found: list[Kept] = []
        more: dict[str, str] = {}
        while True:
            # The client's own objects of 10,000 pods take minutes to make, so JSON it is.
            answer = page(
                **where,
                **more,
                limit=self._setting.page_size,
                _preload_content=False,
                _request_timeout=self._setting.timeout_s,
            )
            items, token = _read(what, answer.data)
            found += (kept for item in items for kept in keep(item))
            if not token:
                return found
            more = {"_continue": token}


def _read(what: str, data: bytes) -> tuple[list[Json], str | None]:
    """Return the items of a page, and the token of the next."""
    try:
        answer = orjson.loads(data)
        return list(answer["items"] or ()), (answer.get("metadata") or {}).get("continue")
    except (ValueError, TypeError, KeyError, AttributeError) as problem:
        raise TransientSourceError(
            f"{what}: the answer broke off or is none of a cluster's; try again later, and look at "
            "what stands between this machine and the cluster"
        ) from problem
