"""Runs and steps in the store."""

from datetime import timedelta
from uuid import UUID

import pytest

from service.domain.runs import Run, RunState
from service.errors import ConflictError, NotFoundError
from service.store.store import Store
from tests.service.store.values import NOW

LATER = NOW + timedelta(minutes=5)
RUN = UUID(int=1)


@pytest.fixture
def run(store: Store) -> Run:
    """A nightly run that has begun."""
    with store.work() as work:
        return work.runs.open("nightly", NOW, RUN, NOW)


def test_a_job_has_one_run_for_each_scheduled_moment(store: Store, run: Run) -> None:
    """Opening it again under another id gives the first run, as it was begun."""
    with store.work() as work:
        again = work.runs.open("nightly", NOW, UUID(int=2), LATER)
        other_day = work.runs.open("nightly", NOW + timedelta(days=1), UUID(int=3), LATER)

    assert again == run
    assert other_day.id == UUID(int=3)


@pytest.mark.usefixtures("run")
def test_a_finished_run_can_be_opened_for_another_try(store: Store) -> None:
    """Failed with an end; reopened it is running and has none."""
    with store.work() as work:
        failed = work.runs.finish(RUN, RunState.FAILED, LATER)
        again = work.runs.reopen(RUN)

    assert (failed.state, failed.ended_at) == (RunState.FAILED, LATER)
    assert (again.state, again.ended_at) == (RunState.RUNNING, None)


@pytest.mark.usefixtures("run")
def test_the_latest_runs_are_those_scheduled_last(store: Store) -> None:
    """Of two nights the second comes first; another job's run is not among them."""
    with store.work() as work:
        work.runs.open("nightly", NOW + timedelta(days=1), UUID(int=2), LATER)
        work.runs.open("digest", NOW, UUID(int=3), LATER)
        both = [found.id.int for found in work.runs.latest("nightly", 5)]
        last = [found.id.int for found in work.runs.latest("nightly")]

    assert (both, last) == ([2, 1], [2])


@pytest.mark.usefixtures("run")
def test_a_step_that_failed_is_tried_again_from_a_clean_start(store: Store) -> None:
    """The second attempt has no error and no end; then it succeeds with its result."""
    with store.work() as work:
        work.runs.start_step(RUN, "load", NOW)
        failed = work.runs.fail_step(RUN, "load", "the bucket did not answer", LATER)
    with store.work() as work:
        again = work.runs.start_step(RUN, "load", LATER)
        work.runs.end_step(RUN, "load", {"rows": 12}, LATER)
    with store.work() as work:
        steps = work.runs.steps(RUN)

    assert (failed.attempt, failed.state, failed.error) == (
        1,
        RunState.FAILED,
        "the bucket did not answer",
    )
    assert (again.attempt, again.error, again.ended_at) == (2, None, None)
    assert [(step.name, step.state, dict(step.result)) for step in steps] == [
        ("load", RunState.SUCCEEDED, {"rows": 12})
    ]


@pytest.mark.usefixtures("run")
def test_a_step_that_was_killed_is_started_again(store: Store) -> None:
    """It still counts as running when the second process comes; the attempt becomes 2."""
    with store.work() as work:
        work.runs.start_step(RUN, "load", NOW)
    with store.work() as work:
        again = work.runs.start_step(RUN, "load", LATER)

    assert (again.attempt, again.started_at) == (2, LATER)


@pytest.mark.usefixtures("run")
def test_a_step_that_succeeded_is_not_done_again(store: Store) -> None:
    """Starting it once more is a conflict, so nothing is counted twice."""
    with store.work() as work:
        work.runs.start_step(RUN, "plan", NOW)
        work.runs.end_step(RUN, "plan", {}, LATER)

    with pytest.raises(ConflictError, match="has succeeded already"), store.work() as work:
        work.runs.start_step(RUN, "plan", LATER)


@pytest.mark.usefixtures("run")
def test_only_a_running_step_can_end(store: Store) -> None:
    """A step that was never started has no result."""
    with pytest.raises(ConflictError, match="is not running"), store.work() as work:
        work.runs.end_step(RUN, "plan", {}, LATER)


def test_a_run_that_does_not_exist_cannot_end(store: Store) -> None:
    """The refusal names the id."""
    with pytest.raises(NotFoundError, match=str(RUN)), store.work() as work:
        work.runs.finish(RUN, RunState.SUCCEEDED, LATER)
