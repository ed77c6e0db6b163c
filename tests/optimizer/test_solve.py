"""The solver against the referee, against trying everything, and against the clock."""

import numpy as np
import pytest
from hypothesis import given, settings

from optimizer import (
    Instance,
    Job,
    Offer,
    Option,
    Placement,
    Status,
    cheapest_first,
    earliest_deadline_first,
    solve,
    violations,
)
from optimizer.bound import Dual, exact_bound
from optimizer.greedy import empty_draft, total
from optimizer.rows import capacity_rows, reachable
from optimizer.search import Limits, Search
from optimizer.tables import tables
from tests.optimizer.weeks import flat, instances, least_cost, two_jobs_one_machine


def crowded_week(jobs: int, seed: int) -> Instance:
    """Gangs of 1, 2 and 4 on six offers with room for about two thirds of them."""
    rng = np.random.default_rng(seed)
    prices = rng.integers(50, 150, (6, 48))
    offers = tuple(
        Offer(f"o{index}", tuple(map(int, line)), (max(4, jobs // 12),) * 48)
        for index, line in enumerate(prices)
    )
    return Instance(48, 60, offers, tuple(_job(rng, index) for index in range(jobs)))


def _job(rng: np.random.Generator, index: int) -> Job:
    chosen = rng.choice(6, 4, replace=False)
    options = tuple(
        Option(f"o{offer}", int(rng.integers(2, 12)), int(rng.integers(0, 50))) for offer in chosen
    )
    release = int(rng.integers(0, 24))
    due = release + int(rng.integers(10, 30))
    return Job(f"j{index}", release, due, int(rng.choice([1, 2, 4])), 6000, options)


def test_of_two_jobs_on_one_cheap_machine_one_pays_more() -> None:
    """One runs at 2 x 10, the other at 2 x 15: 50, and no plan costs less."""
    week = two_jobs_one_machine()

    plan = solve(week, time_limit_s=10).plan

    assert (plan.status, plan.cost, plan.bound, plan.gap) == (Status.OPTIMAL, 50, 50, 0.0)
    assert plan.unplaced == ()


def test_a_job_waits_for_the_cheap_hours() -> None:
    """Slots cost 9, 9, 2, 3: two slots from slot 2 on cost 3 gangs x 5 + 1 fixed = 16."""
    offer = Offer("o", (9, 9, 2, 3), (3,) * 4)
    week = Instance(4, 60, (offer,), (Job("j", 0, 4, 3, 99, (Option("o", 2, 1),)),))

    plan = solve(week, time_limit_s=10).plan

    assert plan.placements == (Placement("j", "o", 2),)
    assert plan.cost == plan.bound == 16


def test_a_job_that_is_cheaper_left_out_is_left_out() -> None:
    """Running costs 20, leaving it out 19."""
    week = Instance(2, 60, (flat("o", 10, 1, 2),), (Job("j", 0, 2, 1, 19, (Option("o", 2),)),))

    plan = solve(week, time_limit_s=10).plan

    assert (plan.unplaced, plan.cost, plan.bound) == (("j",), 19, 19)


@pytest.mark.parametrize(
    "week",
    [
        Instance(3, 60, (), ()),
        Instance(3, 60, (), (Job("j", 0, 3, 1, 7, ()),)),
        Instance(3, 60, (flat("o", 1, 0, 3),), (Job("j", 0, 3, 1, 7, (Option("o", 1),)),)),
    ],
    ids=["nothing", "no option", "no capacity"],
)
def test_where_nothing_can_run_everything_is_left_out(week: Instance) -> None:
    """The cost is what the jobs cost unplaced, and that is proven."""
    solution = solve(week, time_limit_s=1)

    assert solution.plan.cost == solution.plan.bound == 7 * len(week.jobs)
    assert solution.plan.status is Status.OPTIMAL
    assert set(solution.shadow_prices) == {offer.id for offer in week.offers}


@settings(deadline=None, max_examples=60)
@given(instances())
def test_tiny_problems_are_solved_to_the_proven_optimum(week: Instance) -> None:
    """The plan passes the referee and costs what trying everything finds."""
    plan = solve(week, time_limit_s=10).plan

    assert violations(week, plan) == []
    assert plan.cost == least_cost(week)
    assert plan.status is Status.OPTIMAL


@settings(deadline=None, max_examples=60)
@given(instances())
def test_no_bound_is_above_the_optimum(week: Instance) -> None:
    """Half-climbed multipliers prove less, but never too much; greedy plans are no better."""
    table = tables(week)
    if len(table.queue.opt_row):
        dual = Dual(table)
        dual.improve([2.0, 1.0, 0.5, 0.2])
        assert dual.bound <= least_cost(week)
    for plan in (cheapest_first(week), earliest_deadline_first(week)):
        assert violations(week, plan) == []
        assert plan.bound <= least_cost(week) <= plan.cost


@pytest.mark.parametrize("workers", [1, 2])
def test_a_crowded_week_is_planned_better_than_by_greedy_and_near_the_bound(workers: int) -> None:
    """The referee accepts the plan, no greedy plan is cheaper, and the gap is below a tenth."""
    week = crowded_week(120, seed=1)

    solution = solve(week, time_limit_s=4, workers=workers)
    plan = solution.plan

    assert violations(week, plan) == []
    assert plan.cost <= min(cheapest_first(week).cost, earliest_deadline_first(week).cost)
    assert plan.gap < 0.1
    assert max(max(prices) for prices in solution.shadow_prices.values()) > 0


def searched(workers: int) -> tuple[Search, int, int]:
    """A search from the empty plan that stops at the 200th look at its clock; cost, bound."""
    table = tables(crowded_week(60, seed=2))
    dual = Dual(table)
    dual.improve([20.0 * 0.97**turn for turn in range(200)])
    looks = iter(range(200))
    # Steps of a thousand seconds never cut a neighbourhood short; only its effort does.
    limits = Limits(199_000, clock=lambda: 1000.0 * next(looks, 200), workers=workers)
    draft = empty_draft(table)
    before = total(table, draft)
    search = Search(table, dual, draft, seed=0, limits=limits)
    search.run()
    return search, before, dual.bound


def test_repair_and_annealing_keep_every_rule_and_never_lose() -> None:
    """The search ends between the bound and the cost that it started from."""
    search, before, bound = searched(workers=2)

    assert bound <= search.cost < before
    assert search.draft.room.min() >= 0


def test_the_same_seed_and_clock_make_the_same_moves() -> None:
    """Nothing but the seed and the clock decides when one worker searches."""
    first, _, _ = searched(workers=1)
    second, _, _ = searched(workers=1)

    assert first.draft.choice.option.tolist() == second.draft.choice.option.tolist()
    assert first.draft.choice.start.tolist() == second.draft.choice.start.tolist()


@pytest.mark.parametrize(("limit_s", "workers"), [(0, 1), (-1, 1), (float("nan"), 1), (1, 0)])
def test_a_time_limit_or_crew_of_nothing_is_refused(limit_s: float, workers: int) -> None:
    """There must be time and somebody to work."""
    with pytest.raises(ValueError, match="time_limit_s must be above 0 and workers at least 1"):
        solve(two_jobs_one_machine(), time_limit_s=limit_s, workers=workers)


def test_free_machines_are_priced_by_what_waits_for_them() -> None:
    """All prices are 0: the bound 40 is the cheaper of two jobs that cannot both run."""
    jobs = (
        Job("a", 0, 2, 1, 40, (Option("o", 2),)),
        Job("b", 0, 2, 1, 70, (Option("o", 2),)),
    )
    week = Instance(2, 60, (flat("o", 0, 1, 2),), jobs)

    plan = solve(week, time_limit_s=10).plan

    assert (plan.cost, plan.bound, plan.unplaced) == (40, 40, ("a",))


def test_gangs_are_counted_where_capacity_leaves_a_rest() -> None:
    """On 10 machines one gang of 8 fits; a tenth of the second gang proves nothing.

    With the capacity alone the bound would be 100 + (1 - 2/8) x 100 = 175 at most; the row that
    counts gangs of 8 proves 100 + 100.
    """
    jobs = tuple(Job(name, 0, 1, 8, 100, (Option("o", 1),)) for name in "abc")
    single = Job("d", 0, 1, 1, 1, (Option("o", 1),))
    week = Instance(1, 60, (flat("o", 0, 10, 1),), (*jobs, single))
    table = tables(week)
    dual = Dual(table)

    dual.improve([100.0 * 0.95**turn for turn in range(300)])

    assert dual.rows.size.tolist() == [1, 8]
    assert dual.rows.limit.tolist() == [[10], [8]]
    assert dual.bound == 200


def test_capacity_that_no_sum_of_gangs_fills_is_lowered() -> None:
    """Gangs of 4 and 6 make 4, 6, 8, 10: capacity 9 is worth 8, capacity 3 nothing."""
    lowered = reachable(np.array([9, 3, 10]), np.array([4, 6]))

    assert lowered.tolist() == [8, 0, 10]


def test_where_capacity_is_large_beside_the_gangs_it_is_taken_as_it_is() -> None:
    """1000 machines beside gangs of 3 and 5 need no fine count."""
    capacity = np.array([1000])

    assert reachable(capacity, np.array([3, 5])).tolist() == [1000]


def test_amounts_near_the_limit_of_64_bits_still_have_a_true_bound() -> None:
    """Two jobs at 10^18 a piece want one machine: one pays 10^18, the other runs for 1."""
    jobs = tuple(Job(name, 0, 1, 1, 10**18, (Option("o", 1),)) for name in "ab")
    week = Instance(1, 60, (flat("o", 1, 1, 1),), jobs)
    table = tables(week)
    dual = Dual(table)
    dual.pay[:] = 4e18

    plan = solve(week, time_limit_s=5).plan

    assert plan.cost == plan.bound == 10**18 + 1
    assert 0 <= exact_bound(table, dual) <= 10**18 + 1


def test_only_rows_that_can_bind_are_kept() -> None:
    """Gangs of 2 on 4 machines leave no rest: the capacity row says it all."""
    jobs = (Job("a", 0, 1, 2, 9, (Option("o", 1),)), Job("b", 0, 1, 1, 9, (Option("o", 1),)))
    week = Instance(1, 60, (flat("o", 1, 4, 1),), jobs)

    assert capacity_rows(tables(week)).size.tolist() == [1]
