"""The two baselines: what they look at, and what they leave out."""

from optimizer import (
    Instance,
    Job,
    Option,
    Placement,
    Status,
    cheapest_first,
    earliest_deadline_first,
)
from tests.optimizer.weeks import flat

ONE = (flat("o", 10, 1, 4),)


def test_cheapest_first_serves_the_cheaper_job_first() -> None:
    """Job a costs 30 alone, job b 20: b takes slots 0 and 1, then a finds no three in a row."""
    jobs = (Job("a", 0, 4, 1, 90, (Option("o", 3),)), Job("b", 0, 4, 1, 80, (Option("o", 2),)))

    plan = cheapest_first(Instance(4, 60, ONE, jobs))

    assert plan.placements == (Placement("b", "o", 0),)
    assert (plan.cost, plan.bound, plan.status) == (110, 50, Status.FEASIBLE)


def test_earliest_deadline_first_serves_the_more_urgent_job_first() -> None:
    """Job a is due at 3 and runs in [0, 3); job b, cheaper but due at 4, is left out."""
    jobs = (Job("a", 0, 3, 1, 90, (Option("o", 3),)), Job("b", 0, 4, 1, 80, (Option("o", 2),)))

    plan = earliest_deadline_first(Instance(4, 60, ONE, jobs))

    assert plan.placements == (Placement("a", "o", 0),)
    assert (plan.cost, plan.unplaced) == (110, ("b",))


def test_a_greedy_plan_without_conflict_is_known_to_be_optimal() -> None:
    """Alone, the job costs 20, so no plan costs less."""
    week = Instance(4, 60, ONE, (Job("a", 0, 4, 1, 90, (Option("o", 2),)),))

    assert cheapest_first(week).status is Status.OPTIMAL
