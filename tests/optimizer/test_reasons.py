"""Each job's reason: one sentence with the numbers of this plan."""

import pytest
from hypothesis import given, settings

from optimizer import Instance, Job, Offer, Option, Placement, Solution, explain, solve
from tests.optimizer.weeks import flat, instances, plan_of, two_jobs_one_machine


def reasons(
    instance: Instance, placements: list[Placement], unplaced: list[str]
) -> dict[str, tuple[str, str]]:
    """Code and text per job of a plan made by hand."""
    solution = Solution(plan_of(instance, placements, unplaced), {}, 0.0)
    return {reason.job: (reason.code, reason.text) for reason in explain(instance, solution)}


def test_the_job_that_had_to_give_way_is_told_from_the_one_that_did_not() -> None:
    """The dear machine costs 30 instead of 20, as the cheap one is taken in both slots."""
    week = two_jobs_one_machine()

    told = reasons(week, [Placement("a", "cheap", 0), Placement("b", "dear", 0)], [])

    assert told["a"] == (
        "cheapest",
        (
            "a runs on cheap in slots [0, 2) for 20; the best other offer, dear, costs 10 more at "
            "its cheapest; nothing costs less, even alone"
        ),
    )
    assert told["b"] == (
        "displaced",
        (
            "b runs on dear in slots [0, 2) for 30; the best other offer, cheap, costs 10 less at "
            "its cheapest; cheap in slots [0, 2) would cost 10 less, but cheap has 0 of 1 machines "
            "left in slot 0 (short in 2 of 2 slots)"
        ),
    )


def test_a_job_with_one_offer_has_no_second_best() -> None:
    """Nothing but offer o can run it."""
    week = Instance(2, 60, (flat("o", 1, 1, 2),), (Job("a", 0, 2, 1, 9, (Option("o", 2),)),))

    told = reasons(week, [Placement("a", "o", 0)], [])

    assert told["a"][1] == (
        "a runs on o in slots [0, 2) for 2; no other offer can run it; nothing costs less, "
        "even alone"
    )


def test_a_full_offer_is_named_as_the_cause() -> None:
    """Job b would cost 20, less than 50, but job a holds the machine in slots 0 and 1."""
    jobs = tuple(Job(name, 0, 2, 1, 50, (Option("o", 2),)) for name in "ab")
    week = Instance(2, 60, (flat("o", 10, 1, 2),), jobs)

    told = reasons(week, [Placement("a", "o", 0)], ["b"])

    assert told["b"] == (
        "capacity_full",
        (
            "b is left out: every window that costs less than 50 meets a full offer: "
            "o has 0 of 1 machines left in slot 0 (short in 2 of 2 slots)"
        ),
    )


def test_amounts_are_written_as_the_caller_wants_them() -> None:
    """The optimizer knows no currency: 30, 10 and 10 in crowns, and no slot or machine is one."""
    week = two_jobs_one_machine()
    solution = Solution(
        plan_of(week, [Placement("a", "cheap", 0), Placement("b", "dear", 0)], []), {}, 0.0
    )

    told = explain(week, solution, amount=lambda millionths: f"{millionths} crowns")

    assert told[1].text == (
        "b runs on dear in slots [0, 2) for 30 crowns; the best other offer, cheap, costs "
        "10 crowns less at its cheapest; cheap in slots [0, 2) would cost 10 crowns less, but "
        "cheap has 0 of 1 machines left in slot 0 (short in 2 of 2 slots)"
    )


CAUSES = {
    "no_option": (Job("j", 0, 4, 1, 50, ()), "j is left out: it has no option"),
    "gang_exceeds_capacity": (
        Job("j", 0, 4, 5, 50, (Option("o", 1),)),
        "j is left out: its gang is 5, the largest capacity that it may use in time is 3",
    ),
    "window_too_short": (
        Job("j", 1, 3, 1, 50, (Option("o", 3),)),
        "j is left out: its shortest option takes 3 slots, its window [1, 3) has 2",
    ),
    "cheaper_unplaced": (
        Job("j", 0, 4, 1, 15, (Option("o", 2),)),
        "j is left out: that costs 15, its cheapest window, o in slots [0, 2), costs 20",
    ),
}


@pytest.mark.parametrize("code", CAUSES)
def test_the_binding_cause_is_named(code: str) -> None:
    """Three machines at 10 in four slots, and a job that cannot or should not use them."""
    job, text = CAUSES[code]
    week = Instance(4, 60, (flat("o", 10, 3, 4),), (job,))

    assert reasons(week, [], ["j"])["j"] == (code, text)


def test_capacity_that_comes_and_goes_makes_a_window_too_short() -> None:
    """Two slots in a row are needed; capacity is there in slots 0 and 2 only."""
    offer = Offer("o", (1, 1, 1), (1, 0, 1))
    week = Instance(3, 60, (offer,), (Job("j", 0, 3, 1, 50, (Option("o", 2),)),))

    assert reasons(week, [], ["j"])["j"] == (
        "window_too_short",
        (
            "j is left out: no option has capacity for its gang of 1 in enough slots in a row of "
            "its window [0, 3)"
        ),
    )


def test_a_plan_that_leaves_a_cheaper_window_free_is_told_so() -> None:
    """By hand: job a pays 30 although 20 is free, job b is left out for 1000 instead of 20."""
    week = two_jobs_one_machine()

    told = reasons(week, [Placement("a", "dear", 0)], ["b"])

    assert told["a"] == ("improvable", "a could move to cheap in slots [0, 2) for 10 less")
    assert told["b"] == ("improvable", "b could move to cheap in slots [0, 2) for 980 less")


@settings(deadline=None, max_examples=40)
@given(instances())
def test_every_job_has_one_reason_and_no_solved_plan_is_improvable(week: Instance) -> None:
    """Placed jobs are cheapest or displaced, unplaced ones have a cause."""
    solution = solve(week, time_limit_s=10)

    told = explain(week, solution)

    placed = {placement.job for placement in solution.plan.placements}
    assert [reason.job for reason in told] == [job.id for job in week.jobs]
    assert all(
        (reason.code in {"cheapest", "displaced"}) == (reason.job in placed) for reason in told
    )
    assert "improvable" not in {reason.code for reason in told}
