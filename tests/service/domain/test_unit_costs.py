"""Unit costs: what they are, and when nobody knows them."""

from dataclasses import replace

import pytest

from service.domain.gpu_accounts import HOUR_MS
from service.domain.money import Money
from service.domain.unit_costs import (
    HeldTime,
    Runs,
    UnitCost,
    UsefulTime,
    per_gpu_hour,
    per_million_tokens,
    per_million_tokens_used,
    per_run,
    per_useful_hour,
    per_utilised_hour,
)


def usd(amount: str) -> Money:
    """Return dollars."""
    return Money.parse(amount, "USD")


HELD = HeldTime(
    allocated_ms=100 * HOUR_MS,
    priced_ms=100 * HOUR_MS,
    observed_ms=100 * HOUR_MS,
    utilised_ms=25 * HOUR_MS,
    cost=usd("200"),
    gpu_cost=usd("190"),
)
RUNS = Runs(jobs=4, without_cost=0, cost=usd("200"))
TIME = UsefulTime(
    jobs=4, without_cost=0, gpu_ms=100 * HOUR_MS, lost_ms=20 * HOUR_MS, cost=usd("200")
)


def test_hours_cost_the_gpus_part() -> None:
    """190 dollars for 100 hours are 1.90; a quarter of them was at work, so 7.60 an hour."""
    assert per_gpu_hour(HELD).amount == usd("1.90")
    assert per_utilised_hour(HELD).amount == usd("7.60")


def test_tokens_cost_the_whole_machine_on_two_bases() -> None:
    """200 dollars for 50 million tokens are 4; a quarter of the time was at work, so 1."""
    assert per_million_tokens(HELD, 50_000_000).amount == usd("4")
    assert per_million_tokens_used(HELD, 50_000_000).amount == usd("1")


def test_what_is_known_of_most_of_the_time_stands_for_the_rest() -> None:
    """Activity of 90 hours (45 at work), cost of 90 hours (171 for GPUs, 180 in all)."""
    most = replace(
        HELD,
        priced_ms=90 * HOUR_MS,
        observed_ms=90 * HOUR_MS,
        utilised_ms=45 * HOUR_MS,
        cost=usd("180"),
        gpu_cost=usd("171"),
    )

    assert per_gpu_hour(most).amount == usd("1.90")
    assert per_utilised_hour(most).amount == usd("3.80")
    assert per_million_tokens(most, 50_000_000).amount == usd("4")
    assert per_million_tokens_used(most, 50_000_000).amount == usd("2")


def test_a_run_costs_all_attempts_and_a_useful_hour_what_was_lost_as_well() -> None:
    """200 dollars for 4 jobs are 50; for 80 of 100 hours that were useful 2.50."""
    assert per_run(RUNS).amount == usd("50")
    assert per_useful_hour(TIME).amount == usd("2.50")


def test_less_than_90_percent_of_a_signal_is_unknown() -> None:
    """89.9 hours of 100 are observed: the hour held is known, the hour at work is not."""
    few = replace(HELD, observed_ms=899 * HOUR_MS // 10)
    unknown = UnitCost(None, "activity was measured for less than 90 % of the time", 899)

    assert per_gpu_hour(few).amount == usd("1.90")
    assert per_utilised_hour(few) == unknown
    assert per_million_tokens(few, 50_000_000).amount == usd("4")
    assert per_million_tokens_used(few, 50_000_000) == unknown


def test_less_than_90_percent_of_the_cost_is_unknown() -> None:
    """50 of 100 hours, and 1 of 4 jobs without a cost: nothing is told by either."""
    few = replace(HELD, priced_ms=50 * HOUR_MS)
    unknown = UnitCost(None, "the cost is known for less than 90 % of the time", 500)

    assert per_gpu_hour(few) == per_utilised_hour(few) == unknown
    assert per_million_tokens(few, 1) == per_million_tokens_used(few, 1) == unknown
    few_jobs = UnitCost(None, "the cost is known for less than 90 % of jobs", 750)
    assert per_run(replace(RUNS, without_cost=1)) == few_jobs
    assert per_useful_hour(replace(TIME, without_cost=1)) == few_jobs


def test_a_month_that_was_not_accounted_is_named() -> None:
    """Where 3 of 4 jobs have a cost the months are the reason; 9 of 10 are enough to tell one."""
    gaps = ("2026-08", "2026-09")

    few = per_run(replace(RUNS, without_cost=1, gaps=gaps))
    most = per_run(replace(RUNS, jobs=10, without_cost=1, cost=usd("180"), gaps=gaps))

    assert few.reason == (
        "the cost is known for less than 90 % of jobs; 2026-08 and 2026-09: not accounted"
    )
    assert most.amount == usd("20")


@pytest.mark.parametrize(
    ("figure", "reason"),
    [
        (per_gpu_hour(replace(HELD, allocated_ms=0)), "no GPU time was held"),
        (per_utilised_hour(replace(HELD, utilised_ms=0)), "no GPU was at work"),
        (per_million_tokens(HELD, 0), "no tokens were counted"),
        (per_million_tokens_used(HELD, 0), "no tokens were counted"),
        (per_run(replace(RUNS, jobs=0)), "no job ended"),
        (per_useful_hour(replace(TIME, jobs=0)), "no job ran"),
        (per_useful_hour(replace(TIME, lost_ms=TIME.gpu_ms)), "all work was thrown away"),
    ],
)
def test_nothing_is_divided_by_nothing(figure: UnitCost, reason: str) -> None:
    """The figure is unknown and says why."""
    assert figure == UnitCost(None, reason)
