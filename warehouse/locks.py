"""Advisory locks in PostgreSQL: one writer per partition, and signs of life of open loads.

A lock belongs to a database session, so the death of a process, even by ``kill -9``, frees it.
"""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from hashlib import sha256
from threading import Lock
from uuid import UUID

import psycopg
from psycopg.errors import LockNotAvailable

from warehouse.errors import CommitConflict
from warehouse.port import Partition

WAIT_S = 600
"""How long a writer waits for another one in the same partition."""


def lock_key(*words: str) -> int:
    """A signed 64-bit number for what is locked; the words cannot run into each other."""
    digest = sha256("\x00".join(words).encode()).digest()
    return int.from_bytes(digest[:8], "big", signed=True)


@contextmanager
def partition_locks(url: str, partitions: Iterable[Partition]) -> Iterator[None]:
    """Hold the locks of all ``partitions``, taken in sorted order so that no two writers deadlock.

    Raises:
        CommitConflict: When another writer keeps one of them for too long.
    """
    keys = [lock_key("partition", p.table, p.source, p.period) for p in sorted(set(partitions))]
    with held(url, keys):
        yield


@contextmanager
def held(url: str, keys: Iterable[int], wait_s: int = WAIT_S) -> Iterator[None]:
    """Hold the locks ``keys`` in a session of their own.

    Raises:
        CommitConflict: When one is not free within ``wait_s`` seconds.
    """
    with psycopg.connect(url, autocommit=True) as session:
        session.execute("SELECT set_config('lock_timeout', %s, false)", (f"{wait_s}s",))
        try:
            for key in keys:
                session.execute("SELECT pg_advisory_lock(%s)", (key,))
        except LockNotAvailable as error:
            raise CommitConflict("the partition", 1) from error
        yield


class OpenLoads:
    """The loads that this process has open; other processes can see which are still alive."""

    def __init__(self, url: str) -> None:
        """Connect at the first load only."""
        self._url = url
        self._session: psycopg.Connection[tuple[object, ...]] | None = None
        self._open: set[UUID] = set()
        self._guard = Lock()

    def open(self, load_id: UUID) -> None:
        """Show the load as alive until it is closed or this process ends."""
        with self._guard:
            new = {load_id} - self._open
            self._open.add(load_id)
            try:
                self._lock(new)
            except psycopg.OperationalError:
                # The server was restarted meanwhile: the signs of all loads have to be set anew.
                self._session = None
                self._lock(self._open)

    def close(self, load_id: UUID) -> None:
        """Show the load as ended; closing it twice does no harm."""
        with self._guard:
            if load_id in self._open and self._session is not None and not self._session.closed:
                self._session.execute("SELECT pg_advisory_unlock(%s)", (_load_key(str(load_id)),))
            self._open.discard(load_id)

    def close_all(self) -> None:
        """End the session, and with it every sign of life."""
        with self._guard:
            if self._session is not None:
                self._session.close()
            self._session = None
            self._open = set()

    def _lock(self, loads: Iterable[UUID]) -> None:
        if self._session is None:
            self._session = psycopg.connect(self._url, autocommit=True)
        for load in loads:
            self._session.execute("SELECT pg_advisory_lock(%s)", (_load_key(str(load)),))


def alive(url: str, load_ids: Iterable[str]) -> set[str]:
    """Those of ``load_ids`` that some process still has open."""
    with psycopg.connect(url, autocommit=True) as session:
        return {name for name in load_ids if _is_taken(session, _load_key(name))}


def _is_taken(session: psycopg.Connection[tuple[object, ...]], key: int) -> bool:
    row = session.execute("SELECT pg_try_advisory_lock(%s)", (key,)).fetchone()
    if row is not None and row[0]:
        session.execute("SELECT pg_advisory_unlock(%s)", (key,))
        return False
    return True


def _load_key(load_id: str) -> int:
    return lock_key("load", load_id)
