"""Each rule of the format, broken once, is caught; what is valid passes."""

from dataclasses import replace

import pytest
from hypothesis import given, settings

from optimizer import Claim, Instance, Job, Option, Placement, cheapest_first, cost, violations
from tests.optimizer.weeks import flat, instances, plan_of, two_jobs_one_machine

WEEK = two_jobs_one_machine()
GOOD = [Placement("a", "cheap", 0), Placement("b", "dear", 0)]


def claim(placements: list[Placement], unplaced: list[str] | None = None) -> Claim:
    """A plan with bound 0, written down with whatever its placements cost."""
    return plan_of(WEEK, placements, unplaced or []).claim


VALID = claim(GOOD)

BROKEN: dict[str, tuple[Claim, list[str]]] = {
    "machine used twice": (
        claim([Placement("a", "cheap", 0), Placement("b", "cheap", 0)]),
        ["offer cheap runs 2 machines in slots [0, 2); its capacity is 1"],
    ),
    "ends late": (
        claim([Placement("a", "cheap", 1), GOOD[1]]),
        ["job a ends before slot 3; it must end before slot 2"],
    ),
    "starts early": (
        replace(VALID, placements=(Placement("a", "cheap", -1), GOOD[1]), cost=40),
        ["job a starts in slot -1, before its release 0"],
    ),
    "job missing": (
        claim([GOOD[0]]),
        ["job b is neither placed nor unplaced"],
    ),
    "job placed and unplaced": (
        claim(GOOD, ["a"]),
        ["job a is both placed and unplaced"],
    ),
    "job placed twice": (
        claim([*GOOD, Placement("a", "dear", 2)]),
        ["job a is placed 2 times; once is accepted",
         "job a ends before slot 4; it must end before slot 2"],
    ),
    "job unplaced twice": (
        claim([GOOD[0]], ["b", "b"]),
        ["job b is listed as unplaced 2 times; once is accepted"],
    ),
    "unknown job placed": (
        replace(VALID, placements=(*GOOD, Placement("x", "cheap", 0))),
        ["placement of job x: there is no such job"],
    ),
    "unknown job unplaced": (
        replace(VALID, unplaced=("x",)),
        ["unplaced job x: there is no such job"],
    ),
    "unknown offer": (
        replace(VALID, placements=(GOOD[0], Placement("b", "x", 0))),
        ["job b: there is no offer x"],
    ),
    "wrong cost": (
        replace(VALID, cost=51, gap=1.0),
        ["cost is given as 51; the placements and unplaced jobs cost 50"],
    ),
    "wrong gap": (
        replace(VALID, bound=40, gap=0.1),
        ["gap is given as 0.1; cost 50 and bound 40 make 0.200000"],
    ),
    "gap that is no number": (
        replace(VALID, gap=float("nan")),
        ["gap is given as nan; cost 50 and bound 0 make 1.000000"],
    ),
    "bound above cost": (replace(VALID, bound=51), ["bound 51 is above the cost 50"]),
    "negative bound": (replace(VALID, bound=-50, gap=2.0), ["bound -50 is negative"]),
    "optimal without proof": (
        replace(VALID, status="optimal"),
        ["status is optimal, but cost 50 and bound 0 differ"],
    ),
}  # fmt: skip


def test_a_plan_that_keeps_every_rule_passes() -> None:
    """Job a costs 2 x 10 on the cheap machine, job b 2 x 15 on the dear one: 50."""
    assert violations(WEEK, VALID) == []
    assert cost(WEEK, VALID) == 50


@pytest.mark.parametrize("name", BROKEN)
def test_a_broken_rule_is_named(name: str) -> None:
    """Exactly the broken rules are listed, one sentence each."""
    broken, sentences = BROKEN[name]

    assert violations(WEEK, broken) == sentences


def test_an_offer_outside_the_jobs_options_is_named_and_has_no_cost() -> None:
    """Job c may only use the cheap machine."""
    only = Job("c", 0, 4, 1, 5, (Option("cheap", 1),))
    week = Instance(4, 60, WEEK.offers, (only,))
    plan = Claim("feasible", 5, 0, 1.0, (Placement("c", "dear", 0),), ())

    assert violations(week, plan) == ["job c: offer dear is not among its options"]
    with pytest.raises(KeyError, match="job c has no option on offer dear"):
        cost(week, plan)


def test_what_could_not_be_read_is_not_judged() -> None:
    """A plan without numbers is judged by its placements alone."""
    plan = replace(VALID, cost=None, bound=None, gap=None, status=None)

    assert violations(WEEK, plan) == []
    assert violations(WEEK, replace(VALID, gap=None)) == []


def test_an_option_longer_than_the_world_is_judged_at_once() -> None:
    """10^9 slots end far too late; only the slots that exist are looked at."""
    endless = Job("c", 0, 4, 1, 5, (Option("cheap", 10**9),))
    week = Instance(4, 60, WEEK.offers, (endless,))
    plan = Claim("feasible", 40, 0, 1.0, (Placement("c", "cheap", 0),), ())

    assert violations(week, plan) == [
        "job c ends before slot 1000000000; it must end before slot 4"
    ]


def test_overfull_stretches_are_told_apart_by_how_full_they_are() -> None:
    """Two gangs of 2 overlap in slot 1 only: 2, 4, 2 machines where there is 1."""
    jobs = tuple(Job(name, 0, 3, 2, 9, (Option("o", 2),)) for name in "ab")
    week = Instance(3, 60, (flat("o", 1, 1, 3),), jobs)
    plan = plan_of(week, [Placement("a", "o", 0), Placement("b", "o", 1)], [])

    assert violations(week, plan) == [
        f"offer o runs {machines} machines in slots [{slot}, {slot + 1}); its capacity is 1"
        for slot, machines in enumerate((2, 4, 2))
    ]


@settings(deadline=None)
@given(instances())
def test_a_job_taken_out_of_a_valid_plan_is_missed(week: Instance) -> None:
    """Whatever the greedy placed, dropping one job of it breaks the plan."""
    plan = cheapest_first(week)

    assert violations(week, plan) == []
    for index, placement in enumerate(plan.placements):
        fewer = replace(
            plan.claim, placements=plan.placements[:index] + plan.placements[index + 1 :]
        )
        assert f"job {placement.job} is neither placed nor unplaced" in violations(week, fewer)
