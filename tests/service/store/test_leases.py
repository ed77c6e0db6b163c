"""Leases: one writer at a time, and an epoch that tells who it is."""

from datetime import timedelta
from threading import Barrier, Thread

import pytest
from sqlalchemy import make_url

from service.domain.runs import Lease
from service.errors import LeaseLostError, UnavailableError
from service.store.roles import Logins
from service.store.store import Store
from tests.service.store.values import NOW

TTL = timedelta(seconds=30)
SECOND = timedelta(seconds=1)


@pytest.fixture
def lease(store: Store) -> Lease:
    """The lease "nightly", taken by a at half past two for 30 seconds."""
    with store.work() as work:
        taken = work.leases.acquire("nightly", "a", TTL, NOW)
    assert taken is not None
    return taken


def acquire(store: Store, holder: str, at_s: int) -> Lease | None:
    """Try to take the lease some seconds after half past two."""
    with store.work() as work:
        return work.leases.acquire("nightly", holder, TTL, NOW + at_s * SECOND)


def test_a_free_lease_is_taken_with_epoch_one(lease: Lease) -> None:
    """The first holder gets epoch 1 and 30 seconds."""
    taken = (lease.holder, lease.epoch, lease.expires_at)

    assert taken == ("a", 1, NOW + TTL)


@pytest.mark.usefixtures("lease")
def test_a_lease_is_free_again_when_it_expires_not_before(store: Store) -> None:
    """After 29 s b is refused, after 30 s it gets the lease with epoch 2."""
    early, late = acquire(store, "b", 29), acquire(store, "b", 30)

    assert early is None
    assert late is not None
    assert (late.holder, late.epoch) == ("b", 2)


def test_a_renewed_lease_lasts_longer(store: Store, lease: Lease) -> None:
    """Renewed after 20 s it ends after 50, so b is refused at 40; the epoch stays 1."""
    with store.work() as work:
        renewed = work.leases.renew(lease, TTL, NOW + 20 * SECOND)

    refused = acquire(store, "b", 40)

    assert (renewed.epoch, renewed.expires_at) == (1, NOW + 50 * SECOND)
    assert refused is None


def test_who_lost_the_lease_can_neither_renew_nor_write(store: Store, lease: Lease) -> None:
    """Holder b has epoch 2; a with epoch 1 is told at renewal and at every check."""
    acquire(store, "b", 30)

    with pytest.raises(LeaseLostError, match=r"nightly \(epoch 1\) of a"), store.work() as work:
        work.leases.renew(lease, TTL, NOW + 31 * SECOND)
    with pytest.raises(LeaseLostError), store.work() as work:
        work.leases.check(lease, NOW + 31 * SECOND)


def test_an_expired_lease_is_lost_even_if_nobody_took_it(store: Store, lease: Lease) -> None:
    """At 29 s the check passes, at 30 s it does not."""
    with store.work() as work:
        work.leases.check(lease, NOW + 29 * SECOND)

    with pytest.raises(LeaseLostError), store.work() as work:
        work.leases.check(lease, NOW + 30 * SECOND)


def test_a_released_lease_can_be_taken_at_once(store: Store, lease: Lease) -> None:
    """Nobody holds it after the release; b gets it with the next epoch."""
    with store.work() as work:
        work.leases.release(lease)
        free = work.leases.current("nightly")

    taken = acquire(store, "b", 1)

    assert free is None
    assert taken is not None
    assert taken.epoch == 2


def test_a_late_release_does_not_take_the_lease_from_the_next(store: Store, lease: Lease) -> None:
    """Holder a comes back after b has taken over; b keeps the lease."""
    acquire(store, "b", 30)

    with store.work() as work:
        work.leases.release(lease)
        current = work.leases.current("nightly")

    assert current is not None
    assert current.holder == "b"


def test_of_two_that_try_at_once_one_gets_the_lease(store: Store) -> None:
    """Both transactions are open when they try; the second waits and is refused."""
    ready, results = Barrier(2), []

    def take(holder: str) -> None:
        with store.work() as work:
            ready.wait()
            results.append(work.leases.acquire("nightly", holder, TTL, NOW))

    threads = [Thread(target=take, args=[holder]) for holder in ("a", "b")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sorted(result is None for result in results) == [False, True]


def test_a_checked_lease_cannot_be_taken_until_the_transaction_ends(
    store: Store, lease: Lease, database: Logins
) -> None:
    """While a's transaction is open, b, which does not wait, is refused by the row's lock."""
    url = make_url(database.app).update_query_dict({"options": "-clock_timeout=100"})
    impatient = Store(url.render_as_string(hide_password=False))
    with store.work() as work:
        work.leases.check(lease, NOW)

        with pytest.raises(UnavailableError, match="lock timeout"):
            acquire(impatient, "b", 30)
    after = acquire(impatient, "b", 30)
    impatient.close()

    assert after is not None
