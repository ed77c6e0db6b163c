"""Submitting: all or none, once per key, audited."""

from collections.abc import Callable
from datetime import datetime
from uuid import UUID

import pytest

from service.domain.workloads import WorkloadState
from service.errors import ConflictError
from service.store.store import Store
from service.usecases.submit_workloads import UnknownAccelerator, submit
from tests.service.planning import workload

Clock = Callable[[], datetime]
NewId = Callable[[], UUID]


def test_a_workload_waits_in_the_queue_as_it_was_written(
    store: Store, clock: Clock, new_id: NewId
) -> None:
    """Its form is stored with defaults filled in, its time is the clock's."""
    document = workload(name="a", user="ana", project="p")

    (made,) = submit([document], store=store, clock=clock, new_id=new_id, actor="cli:ana")

    with store.work() as work:
        assert work.workloads.queued() == [made]
    assert (made.name, made.user, made.project) == ("a", "ana", "p")
    assert made.state is WorkloadState.QUEUED
    assert made.submitted_at == clock()
    assert made.document == document.model_dump(mode="json", by_alias=True)


def test_the_same_key_again_changes_nothing(store: Store, clock: Clock, new_id: NewId) -> None:
    """Twice the same body under one key is one workload."""
    document = workload(idempotency_key="k")

    first = submit([document], store=store, clock=clock, new_id=new_id, actor="cli:ana")
    again = submit([document], store=store, clock=clock, new_id=new_id, actor="cli:ana")

    assert first == again
    with store.work() as work:
        assert work.workloads.count_by_state() == {WorkloadState.QUEUED: 1}


def test_the_same_key_with_another_body_is_refused_and_nothing_is_stored(
    store: Store, clock: Clock, new_id: NewId
) -> None:
    """All or none: the other workload of the call does not come in either."""
    submit(
        [workload(idempotency_key="k")], store=store, clock=clock, new_id=new_id, actor="cli:ana"
    )
    changed = workload(idempotency_key="k", nodes=2)

    with pytest.raises(ConflictError, match="idempotency key k of team research"):
        submit(
            [workload(name="b"), changed], store=store, clock=clock, new_id=new_id, actor="cli:ana"
        )

    with store.work() as work:
        assert work.workloads.count_by_state() == {WorkloadState.QUEUED: 1}


def test_an_accelerator_that_nobody_has_is_refused(
    store: Store, clock: Clock, new_id: NewId
) -> None:
    """A slip of the pen is answered with what was probably meant."""
    slip = workload(accelerators=[{"model": "h10O", "count_per_node": 1}])
    foreign = workload(name="b", work={"accelerator_hours": 3, "reference_model": "abacus"})

    with pytest.raises(UnknownAccelerator) as refusal:
        submit([slip, foreign], store=store, clock=clock, new_id=new_id, actor="cli:ana")

    first, second = str(refusal.value).splitlines()
    assert first.startswith("workload w: accelerator h10O is not known; did you mean H100? ")
    assert second.startswith("workload b: accelerator abacus is not known; accepted are A10, ")


def test_nothing_to_submit_is_no_work(store: Store, clock: Clock, new_id: NewId) -> None:
    """An empty list gives an empty list."""
    assert submit([], store=store, clock=clock, new_id=new_id, actor="cli:ana") == []
