"""A cluster as it answers over the wire: kmock's emulator, with pages that it may forget."""

from __future__ import annotations

import asyncio
import threading
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import kmock

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

PODS = "v1/pods"
NODES = "v1/nodes"
_KINDS = (PODS, NODES)


@dataclass
class Asked:
    """One list that was asked for."""

    path: str
    params: Mapping[str, str]
    headers: Mapping[str, str]


@dataclass
class Faults:
    """What goes wrong: statuses by path, each once or for ever; one answer that is none."""

    once: list[tuple[str, int]] = field(default_factory=list)
    always: dict[str, int] = field(default_factory=dict)
    garbage: bool = False

    def of(self, path: str, *, later: bool) -> int | None:
        """The status that a list ends with; 410 comes on a later page only, as it does."""
        for number, (where, status) in enumerate(self.once):
            if where == path and (later or status != 410):
                del self.once[number]
                return status
        found = self.always.get(path)
        return found if found != 410 or later else None


class _Emulator(kmock.KubernetesEmulator):
    """The emulator with ``limit`` and ``continue``, which it lacks."""

    def __init__(self) -> None:
        super().__init__()
        self.faults = Faults()
        self.asked: list[Asked] = []

    async def _serve_list(self, request: kmock.Request) -> Any:  # noqa: ANN401 - kmock's payload
        path, first = request.url.path, int(request.params.get("continue", 0))
        self.asked.append(Asked(path, dict(request.params), dict(request.headers)))
        if status := self.faults.of(path, later=first > 0):
            raise _Refused(status)
        if self.faults.garbage:
            return b"<html>sign in first</html>"
        found: Any = await super()._serve_list(request)
        items = found["items"]
        until = first + int(request.params.get("limit", len(items)))
        more = {"continue": str(until)} if until < len(items) else {}
        return {"metadata": {"resourceVersion": "1", **more}, "items": items[first:until]}


class _Refused(kmock.KubernetesError):
    """A status that a cluster answers with."""

    def __init__(self, status: int) -> None:
        super().__init__(status=status, reason="Refused", message="as the test said", details={})


class FakeCluster:
    """What the cluster holds and was asked."""

    def __init__(self, emulator: _Emulator, url: str) -> None:
        """Take the emulator that answers at ``url``."""
        self._emulator = emulator
        self.url = url

    @property
    def faults(self) -> Faults:
        """What goes wrong."""
        return self._emulator.faults

    @property
    def asked(self) -> list[Asked]:
        """Every list that was asked for."""
        return self._emulator.asked

    def add(self, kind: str, *objects: Mapping[str, Any]) -> None:
        """Hold objects, in the place of those of the same name."""
        for one in objects:
            meta = one["metadata"]
            key = (kmock.resource(kind), meta.get("namespace"), meta["name"])
            self._emulator.objects[key] = one

    def remove(self, kind: str, namespace: str | None, name: str) -> None:
        """Forget an object, as a cluster forgets pods that are over."""
        del self._emulator.objects[kmock.resource(kind), namespace, name]


@contextmanager
def fake_cluster() -> Iterator[FakeCluster]:
    """Serve a cluster without pods and nodes from a thread of its own."""
    loop, ready = asyncio.new_event_loop(), threading.Event()
    emulator, stop, found = _Emulator(), asyncio.Event(), []
    for kind in _KINDS:
        emulator.resources[kind] = kmock.ResourceInfo()

    async def serve() -> None:
        async with emulator, kmock.Server(emulator) as server:
            found.append(str(server.url).rstrip("/"))
            ready.set()
            await stop.wait()

    thread = threading.Thread(target=lambda: loop.run_until_complete(serve()))
    thread.start()
    try:
        if not ready.wait(30):
            raise RuntimeError("the cluster did not begin to serve within 30 s")
        yield FakeCluster(emulator, found[0])
    finally:
        loop.call_soon_threadsafe(stop.set)
        thread.join(30)
        loop.close()
