"""What the same queue comes to when it is bought in other ways."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

from optimizer.greedy import cheapest_first
from optimizer.plan import Claim, Placement
from optimizer.referee import cost
from service.domain.plans import Baseline
from service.usecases.build_instance import restricted
from service.usecases.current_prices import ON_DEMAND

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from optimizer.instance import Instance, Job, Option
    from service.usecases.build_instance import Market, Problem
    from service.usecases.current_prices import Price


def baselines(problem: Problem, market: Market) -> dict[str, Baseline]:
    """What other ways to buy the same jobs come to, each with the same prices of leaving out.

    ``greedy`` takes the jobs cheapest first, each in its cheapest free window. ``all_on_demand``
    does so on demand only, within the quotas, as if no contract existed. ``on_demand_list`` buys
    every job on demand at its earliest start, as if there were no limits either.
    """
    within = restricted(problem, market, _on_demand)
    without = restricted(problem, _without_limits(problem, market), _on_demand)
    return {
        "greedy": _told(problem, problem.instance, cheapest_first(problem.instance).placements),
        "all_on_demand": _told(problem, within, cheapest_first(within).placements),
        "on_demand_list": _told(problem, without, _bought_at_once(without)),
    }


def _on_demand(price: Price) -> bool:
    return price.market == ON_DEMAND


def _without_limits(problem: Problem, market: Market) -> Market:
    """The same prices with machines for all jobs at once and nothing paid for."""
    machines = sum(job.gang for job in problem.instance.jobs)
    return replace(market, capacity=None, default_machines=machines)


def _bought_at_once(instance: Instance) -> Iterator[Placement]:
    """Every job that can end in time on its cheapest option, from its release on."""
    prices = {offer.id: offer.price for offer in instance.offers}
    for job in instance.jobs:
        in_time = [option for option in job.options if instance.starts(job, option)]
        if in_time:
            cheapest = min(in_time, key=partial(_price, prices, job))
            yield Placement(job.id, cheapest.offer, job.release)


def _price(prices: Mapping[str, tuple[int, ...]], job: Job, option: Option) -> int:
    """What the option costs when it begins with the job's release."""
    hours = prices[option.offer][job.release : job.release + option.slots]
    return sum(hours) * job.gang + option.fixed_cost


def _told(problem: Problem, instance: Instance, placements: Iterable[Placement]) -> Baseline:
    """What the referee says that it costs; what no plan can take up is not placed here either."""
    bought = tuple(placements)
    placed = {placement.job for placement in bought}
    unplaced = tuple(job.id for job in instance.jobs if job.id not in placed)
    return Baseline(
        cost_micros=_cost(instance, bought, unplaced),
        spend_micros=_cost(instance, bought, ()),
        placed=len(bought),
        unplaced=len(unplaced) + len(problem.left_out),
    )


def _cost(instance: Instance, placed: tuple[Placement, ...], unplaced: tuple[str, ...]) -> int:
    return cost(instance, Claim(None, None, None, None, placed, unplaced))
