"""Turns prices, capacity and the queue into an instance for the optimizer."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ingest.machines import is_a
from optimizer.instance import Instance, Job, Offer, Option
from service.documents.workload import WorkloadDocument
from service.domain.horizon import SLOT_MINUTES, Horizon
from service.usecases.feasible_ways import feasible_ways, obstacle
from service.usecases.leave_out_price import leave_out_price
from service.usecases.market_offers import MarketOffer, Supply, market_offers
from service.usecases.workload_options import workload_choices

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from service.documents.capacity import CapacityDocument
    from service.domain.exchange import Exchange
    from service.domain.workloads import Workload
    from service.usecases.current_prices import Price
    from service.usecases.workload_options import Choice


@dataclass(frozen=True, slots=True)
class Request:
    """A workload of the queue with its form, under the name that it has in the instance."""

    job_id: str
    workload: Workload
    document: WorkloadDocument


@dataclass(frozen=True, slots=True)
class LeftOut:
    """A workload that this plan cannot take up, and why; ``code`` is stable."""

    request: Request
    code: str
    reason: str


@dataclass(frozen=True, slots=True)
class Market:
    """What is known about what can be bought when a plan is made."""

    prices: tuple[Price, ...]
    capacity: CapacityDocument | None
    exchange: Exchange
    default_machines: int


@dataclass(frozen=True, slots=True)
class Problem:
    """An instance, the requests behind its jobs, what was left out, and what was assumed."""

    instance: Instance
    horizon: Horizon
    requests: Mapping[str, Request]
    left_out: tuple[LeftOut, ...]
    notes: Mapping[str, int]


def requests_of(workloads: Iterable[Workload]) -> tuple[Request, ...]:
    """Name each workload by its name, with the start of its id where two have the same."""
    workloads = list(workloads)
    names = Counter(workload.name for workload in workloads)
    return tuple(
        Request(
            workload.name if names[workload.name] == 1 else f"{workload.name}#{workload.id}",
            workload,
            WorkloadDocument.model_validate(workload.document),
        )
        for workload in workloads
    )


def build_instance(requests: Sequence[Request], market: Market, horizon: Horizon) -> Problem:
    """Make a job of every request that can start within the horizon and has a way to run."""
    supply = _supply(requests, market, horizon)
    left_out: list[LeftOut] = []
    jobs = []
    for request in requests:
        made = _job(request, supply.offers, market.exchange, horizon)
        if isinstance(made, LeftOut):
            left_out.append(made)
        else:
            jobs.append(made)
    used = {option.offer for job in jobs for option in job.options}
    offers = tuple(_offer(offer, horizon) for offer in supply.offers if offer.id in used)
    return Problem(
        Instance(horizon.slots, SLOT_MINUTES, offers, tuple(jobs)),
        horizon,
        {request.job_id: request for request in requests},
        tuple(left_out),
        supply.notes,
    )


def restricted(problem: Problem, market: Market, allows: Callable[[Price], bool]) -> Instance:
    """The same jobs at the same prices of leaving out, with some prices and no contracts.

    Used for baselines: what the queue would cost if it were bought in another way.
    """
    prices = tuple(price for price in market.prices if allows(price))
    quotas = market.capacity and market.capacity.model_copy(
        update={"commitments": (), "reservations": (), "capacity_blocks": ()}
    )
    bare = Market(prices, quotas, market.exchange, market.default_machines)
    jobs = problem.instance.jobs
    supply = _supply([problem.requests[job.id] for job in jobs], bare, problem.horizon)
    return Instance(
        problem.horizon.slots,
        SLOT_MINUTES,
        tuple(_offer(offer, problem.horizon) for offer in supply.offers),
        tuple(
            Job(
                id=job.id,
                release=job.release,
                due=job.due,
                gang=job.gang,
                unplaced_cost=job.unplaced_cost,
                options=_options(problem.requests[job.id], supply.offers, market.exchange),
            )
            for job in jobs
        ),
    )


def _supply(requests: Sequence[Request], market: Market, horizon: Horizon) -> Supply:
    """The offers of machine types that somebody asks for."""
    wanted = {one.model for request in requests for one in request.document.accelerators}

    def is_wanted(price: Price) -> bool:
        return any(is_a(price.machine.accelerator_model, model) for model in wanted)

    return market_offers(
        filter(is_wanted, market.prices),
        market.capacity,
        horizon,
        default_machines=market.default_machines,
    )


def _job(
    request: Request, offers: Sequence[MarketOffer], exchange: Exchange, horizon: Horizon
) -> Job | LeftOut:
    document = request.document
    release = 0
    if document.earliest_start is not None:
        release = horizon.first_slot_from(document.earliest_start)
    due = horizon.slots
    if document.deadline is not None:
        due = horizon.last_slot_until(document.deadline)
    if due == 0:
        reason = f"its deadline {document.deadline} is before the first full hour of the plan"
        return LeftOut(request, "deadline_passed", reason)
    if release >= horizon.slots:
        reason = (
            f"it may start at {document.earliest_start}, after the plan's last hour;"
            " a later plan takes it up"
        )
        return LeftOut(request, "beyond_horizon", reason)
    choices = workload_choices(document, offers, exchange)
    if not choices.ways:
        return LeftOut(request, "no_offer", choices.obstacle or "no offer is left")
    ways = feasible_ways(choices.ways, document.nodes, range(release, due))
    if not ways:
        return LeftOut(request, *obstacle(choices.ways, document.nodes, range(release, due)))
    return Job(
        id=request.job_id,
        release=release,
        due=due,
        gang=document.nodes,
        unplaced_cost=leave_out_price(document, ways, exchange),
        options=_as_options(ways),
    )


def _options(
    request: Request, offers: Sequence[MarketOffer], exchange: Exchange
) -> tuple[Option, ...]:
    return _as_options(workload_choices(request.document, offers, exchange).ways)


def _as_options(ways: Sequence[Choice]) -> tuple[Option, ...]:
    return tuple(Option(way.offer.id, way.slots, way.fixed_micros) for way in ways)


def _offer(offer: MarketOffer, horizon: Horizon) -> Offer:
    return Offer(offer.id, (offer.hour_micros,) * horizon.slots, offer.capacity)
