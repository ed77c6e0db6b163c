"""Plans in the store."""

from dataclasses import replace
from uuid import UUID

import pytest

from service.errors import ConflictError
from service.store.store import Store
from tests.service.store.values import NOW, placed, plan, workload


def test_a_plan_comes_back_as_it_was_stored(store: Store) -> None:
    """Amounts, baselines, stale inputs and the order of its placements are the same."""
    second, first = workload(2), workload(1)
    left_out = replace(placed(first), offer=None, start=None, end=None)
    made = plan(9, placed(second), left_out)

    with store.work() as work:
        work.workloads.add_all([first, second])
        work.plans.add(made)
    with store.work() as work:
        found = work.plans.latest()

    assert found == made


def test_the_latest_plan_is_the_one_made_last(store: Store) -> None:
    """Plan 2 was made a microsecond after plan 1; the order of storing does not matter."""
    with store.work() as work:
        work.plans.add(plan(2))
        work.plans.add(plan(1))
        latest = work.plans.latest()

    assert latest == plan(2)


def test_before_the_first_plan_there_is_none(store: Store) -> None:
    """Neither a latest plan nor one of a run."""
    with store.work() as work:
        found = (work.plans.latest(), work.plans.of_run(UUID(int=1)))

    assert found == (None, None)


def test_a_run_has_one_plan(store: Store) -> None:
    """A second plan of the same run is refused; the first stays."""
    run_id = UUID(int=7)
    with store.work() as work:
        work.runs.open("nightly", NOW, run_id, NOW)
        work.plans.add(plan(1, run_id=run_id))

    with pytest.raises(ConflictError, match="uq_plan_run_id"), store.work() as work:
        work.plans.add(plan(2, run_id=run_id))

    with store.work() as work:
        assert work.plans.of_run(run_id) == plan(1, run_id=run_id)


def test_a_plan_cannot_cost_less_than_its_bound(store: Store) -> None:
    """A cost of 10.99 below a bound of 11 would be a wrong bound; the database refuses it."""
    wrong = replace(plan(1), cost_micros=10_990_000)

    with pytest.raises(ConflictError, match="ck_plan_bound_below_cost"), store.work() as work:
        work.plans.add(wrong)


def test_a_plan_names_workloads_that_exist_only(store: Store) -> None:
    """A placement of a workload that was never submitted is refused."""
    unknown = placed(workload(1))

    with pytest.raises(ConflictError, match="fk_placement_workload_id"), store.work() as work:
        work.plans.add(plan(1, unknown))
