"""What a plan refuses to say."""

import pytest

from optimizer import InvalidPlan, Plan, Status


def test_the_gap_is_the_share_of_the_cost_that_is_not_proven() -> None:
    """Cost 200 and bound 150 leave (200 - 150) / 200 = 0.25."""
    plan = Plan(Status.FEASIBLE, 200, 150, (), ())

    assert plan.gap == 0.25
    assert plan.claim.gap == 0.25


def test_the_gap_of_a_free_plan_is_zero() -> None:
    """Cost 0 and bound 0 are equal, so nothing is divided by nothing."""
    assert Plan(Status.OPTIMAL, 0, 0, (), ()).gap == 0.0


@pytest.mark.parametrize(
    ("status", "cost", "bound", "sentence"),
    [
        (Status.FEASIBLE, 10, 11, "bound 11 must lie between 0 and the cost 10"),
        (Status.FEASIBLE, 10, -1, "bound -1 must lie between 0 and the cost 10"),
        (Status.OPTIMAL, 10, 9, "status optimal contradicts cost 10 and bound 9"),
        (Status.FEASIBLE, 10, 10, "status feasible contradicts cost 10 and bound 10"),
    ],
)
def test_a_plan_whose_numbers_contradict_each_other_is_refused(
    status: Status, cost: int, bound: int, sentence: str
) -> None:
    """Optimal means cost = bound, and no bound is above its cost."""
    with pytest.raises(InvalidPlan, match=sentence):
        Plan(status, cost, bound, (), ())
