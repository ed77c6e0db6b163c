"""The queue in the store."""

from collections.abc import Callable
from dataclasses import replace
from threading import Barrier, Thread
from uuid import UUID

import pytest

from service.domain.workloads import WorkloadState
from service.errors import ConflictError
from service.store.store import Store
from tests.service.store.values import workload


def test_a_workload_comes_back_as_it_was_submitted(store: Store) -> None:
    """Every field, the document and the moment included, is the same after a round trip."""
    submitted = workload(1, key="monday")

    with store.work() as work:
        work.workloads.add_all([submitted])
    with store.work() as work:
        found = work.workloads.get(submitted.id)

    assert found == submitted


def test_the_same_submission_twice_is_one_workload(store: Store) -> None:
    """The second has the same key and body and gets the first one's id, in either batch."""
    first = workload(1, key="monday")
    again = replace(first, id=UUID(int=2))

    with store.work() as work:
        stored = work.workloads.add_all([first, again])
    with store.work() as work:
        stored += work.workloads.add_all([again])
        count = len(work.workloads.queued())

    assert [found.id for found in stored] == [first.id] * 3
    assert count == 1


def test_the_same_key_for_another_workload_is_a_conflict(store: Store) -> None:
    """The bodies differ, so the second is refused and nothing of its batch is stored."""
    first = workload(1, key="monday")
    other = replace(workload(2, key="monday"), body_sha256="another")
    with store.work() as work:
        work.workloads.add_all([first])

    with pytest.raises(ConflictError, match=r"key monday .*train-1"), store.work() as work:
        work.workloads.add_all([workload(3), other])

    with store.work() as work:
        assert [found.id for found in work.workloads.queued()] == [first.id]


def test_each_team_has_keys_of_its_own(store: Store) -> None:
    """The key "monday" of vision and that of nlp name two workloads."""
    both = [workload(1, "vision", "monday"), workload(2, "nlp", "monday")]

    with store.work() as work:
        stored = work.workloads.add_all(both)

    assert stored == both


def test_without_a_key_every_submission_is_new(store: Store) -> None:
    """Two workloads that differ in their id only are both stored."""
    first = workload(1)

    with store.work() as work:
        work.workloads.add_all([first, replace(first, id=UUID(int=2))])
        count = work.workloads.count_by_state()

    assert count == {WorkloadState.QUEUED: 2}


def test_two_processes_that_submit_the_same_at_once_get_one_workload(store: Store) -> None:
    """Both transactions are open when the first inserts; the second waits and finds it."""
    ready, ids = Barrier(2), []

    def submit(number: int) -> None:
        mine = replace(workload(1, key="monday"), id=UUID(int=number))
        with store.work() as work:
            ready.wait()
            ids.append(work.workloads.add_all([mine])[0].id)

    threads = [Thread(target=submit, args=[number]) for number in (1, 2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len(ids) == 2
    assert len(set(ids)) == 1


def test_more_workloads_than_a_statement_takes_are_stored_in_order(
    store: Store, new_id: Callable[[], UUID]
) -> None:
    """1,001 with a key need two batches; what comes back is in the order of what went in."""
    many = [replace(workload(1), id=new_id(), idempotency_key=str(n)) for n in range(1_001)]

    with store.work() as work:
        stored = work.workloads.add_all(many)

    assert stored == many


def test_nothing_to_submit_is_no_error(store: Store) -> None:
    """An empty list gives an empty list."""
    with store.work() as work:
        stored = work.workloads.add_all([])

    assert stored == []


def test_the_queue_is_first_come_first_served(store: Store) -> None:
    """Workload 1 was submitted a second before 2; a limit of one gives the first alone."""
    with store.work() as work:
        work.workloads.add_all([workload(2), workload(1), workload(3)])
        numbers = [found.id.int for found in work.workloads.queued()]
        first = [found.id.int for found in work.workloads.queued(limit=1)]

    assert (numbers, first) == ([1, 2, 3], [1])


def test_a_workload_leaves_the_queue_when_its_state_changes(store: Store) -> None:
    """One of two is planned: one stays queued; an id that is not there is not counted."""
    with store.work() as work:
        work.workloads.add_all([workload(1), workload(2)])
        moved = work.workloads.set_state([UUID(int=1), UUID(int=9)], WorkloadState.PLANNED)
        queued = [found.id.int for found in work.workloads.queued()]
        planned = [found.id.int for found in work.workloads.in_states([WorkloadState.PLANNED])]

    assert (moved, queued, planned) == (1, [2], [1])


def test_a_teams_workloads_come_latest_first(store: Store) -> None:
    """Of vision's 1 and 3 the later one comes first; nlp's 2 is not among them."""
    with store.work() as work:
        work.workloads.add_all([workload(1), workload(2, "nlp"), workload(3)])
        numbers = [found.id.int for found in work.workloads.of_team("vision")]

    assert numbers == [3, 1]


def test_a_workload_that_does_not_exist_is_nothing(store: Store) -> None:
    """``get`` answers ``None`` for an unknown id."""
    with store.work() as work:
        found = work.workloads.get(UUID(int=1))

    assert found is None
