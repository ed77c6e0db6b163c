"""Leases: one process at a time may write, and one that lost its lease finds out."""

from datetime import UTC, datetime, timedelta

from sqlalchemy import ColumnElement, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from service.domain.runs import Lease
from service.errors import LeaseLostError
from service.store.models import LeaseRow

_RELEASED = datetime(1970, 1, 1, tzinfo=UTC)


class Leases:
    """Who holds which lease."""

    def __init__(self, session: Session) -> None:
        """Read and write inside the session's transaction."""
        self._session = session

    def acquire(self, name: str, holder: str, ttl: timedelta, now: datetime) -> Lease | None:
        """Take the lease if it is free or has expired; its epoch grows each time."""
        fresh = insert(LeaseRow).values(name=name, holder=holder, epoch=1, expires_at=now + ttl)
        taken = fresh.on_conflict_do_update(
            index_elements=["name"],
            set_={"holder": holder, "epoch": LeaseRow.epoch + 1, "expires_at": now + ttl},
            where=LeaseRow.expires_at <= now,
        ).returning(LeaseRow.epoch)
        epoch = self._session.scalar(taken)
        return None if epoch is None else Lease(name, holder, epoch, now + ttl)

    def current(self, name: str) -> Lease | None:
        """Give the lease as it was last taken, expired or not, unless it was released."""
        query = select(LeaseRow).where(LeaseRow.name == name, LeaseRow.expires_at != _RELEASED)
        row = self._session.scalar(query)
        return None if row is None else Lease(row.name, row.holder, row.epoch, row.expires_at)

    def renew(self, lease: Lease, ttl: timedelta, now: datetime) -> Lease:
        """Prolong a lease that is still ours.

        Raises:
            LeaseLostError: When it has expired or another process took it.
        """
        change = (
            update(LeaseRow)
            .where(*_ours(lease), LeaseRow.expires_at > now)
            .values(expires_at=now + ttl)
            .returning(LeaseRow.epoch)
        )
        if self._session.scalar(change) is None:
            raise _lost(lease)
        return Lease(lease.name, lease.holder, lease.epoch, now + ttl)

    def check(self, lease: Lease, now: datetime) -> None:
        """Keep others from taking the lease until this transaction ends.

        Raises:
            LeaseLostError: When it has expired or another process took it.
        """
        query = select(LeaseRow.epoch).where(*_ours(lease), LeaseRow.expires_at > now)
        if self._session.scalar(query.with_for_update(read=True)) is None:
            raise _lost(lease)

    def release(self, lease: Lease) -> None:
        """Give the lease back; nothing happens if another process has it by now."""
        freed = update(LeaseRow).where(*_ours(lease)).values(expires_at=_RELEASED)
        self._session.execute(freed)


def _ours(lease: Lease) -> tuple[ColumnElement[bool], ...]:
    return (
        LeaseRow.name == lease.name,
        LeaseRow.holder == lease.holder,
        LeaseRow.epoch == lease.epoch,
    )


def _lost(lease: Lease) -> LeaseLostError:
    return LeaseLostError(
        f"the lease {lease.name} (epoch {lease.epoch}) of {lease.holder} expired or was taken over"
    )
