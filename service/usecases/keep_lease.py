"""Hold a lease while a long job runs, and know at once when it is lost."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Self

from service.domain.runs import Lease
from service.errors import ComptrollerError, ConflictError, LeaseLostError
from service.store.store import Store, UnitOfWork

TTL = timedelta(seconds=30)
"""How long a lease lives without a sign of life; three missed renewals lose it."""


class LeaseHeldError(ConflictError):
    """Somebody else is at work."""

    code = "lease-held"


class HeldLease:
    """A lease that a background thread keeps alive; ``guard`` raises once it is not ours."""

    def __init__(self, lease: Lease, store: Store, clock: Callable[[], datetime]) -> None:
        """Start with a lease that was just acquired."""
        self._lease, self._store, self._clock = lease, store, clock
        self._stop, self._lost = threading.Event(), threading.Event()
        self._thread = threading.Thread(target=self._keep, name=f"lease-{lease.name}", daemon=True)

    def guard(self) -> None:
        """Ask the database whether the epoch is still ours.

        Raises:
            LeaseLostError: When another process took over.
        """
        with self._store.work() as uow:
            self.check_in(uow)

    def check_in(self, uow: UnitOfWork) -> None:
        """Check inside a transaction, so that what it writes stands or falls with the lease.

        Raises:
            LeaseLostError: When another process took over.
        """
        if self._lost.is_set():
            raise LeaseLostError(f"the lease {self._lease.name} was taken over; nothing is written")
        uow.leases.check(self._lease, self._clock())

    def __enter__(self) -> Self:
        """Begin to renew."""
        self._thread.start()
        return self

    def __exit__(self, *exc: object) -> None:
        """Stop renewing and give the lease back, unless it is lost already."""
        self._stop.set()
        self._thread.join()
        if not self._lost.is_set():
            with self._store.work() as uow:
                uow.leases.release(self._lease)

    def _keep(self) -> None:
        """Renew three times per lifetime; a database that is away for a moment is no loss."""
        while not self._stop.wait(TTL.total_seconds() / 3):
            try:
                with self._store.work() as uow:
                    self._lease = uow.leases.renew(self._lease, TTL, self._clock())
            except LeaseLostError:
                self._lost.set()
                return
            except ComptrollerError:
                continue


@contextmanager
def keep_lease(
    name: str,
    holder: str,
    *,
    store: Store,
    clock: Callable[[], datetime],
    holder_is_gone: Callable[[str], bool],
) -> Iterator[HeldLease]:
    """Hold the lease ``name`` inside the block; a holder that is provably dead is replaced at once.

    Raises:
        LeaseHeldError: When a living process holds it.
    """
    with store.work() as uow:
        current = uow.leases.current(name)
        if current is not None and holder_is_gone(current.holder):
            uow.leases.release(current)
        lease = uow.leases.acquire(name, holder, TTL, clock())
    if lease is None:
        until = f"{current.expires_at:%H:%M:%S} UTC" if current else "soon"
        raise LeaseHeldError(
            f"another {name} run is at work ({current.holder if current else 'unknown'}); "
            f"its lease is good until {until}"
        )
    with HeldLease(lease, store, clock) as held:
        yield held
