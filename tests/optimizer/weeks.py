"""Small planning problems that the tests share, and a solver that tries everything."""

from itertools import product

from hypothesis import strategies as st

from optimizer import Instance, Job, Offer, Option, Placement, Plan, cost, violations
from optimizer.plan import status_of


def flat(name: str, price: int, capacity: int, slots: int) -> Offer:
    """An offer whose price and capacity never change."""
    return Offer(name, (price,) * slots, (capacity,) * slots)


def two_jobs_one_machine() -> Instance:
    """Two jobs of two slots want the one machine at 10; another machine costs 15 a slot."""
    offers = (flat("cheap", 10, 1, 4), flat("dear", 15, 1, 4))
    both = (Option("cheap", 2), Option("dear", 2))
    jobs = (Job("a", 0, 2, 1, 1000, both), Job("b", 0, 2, 1, 1000, both))
    return Instance(4, 60, offers, jobs)


def plan_of(
    instance: Instance, placements: list[Placement], unplaced: list[str], bound: int = 0
) -> Plan:
    """A plan with the referee's cost."""
    draft = Plan(status_of(bound, bound), bound, bound, tuple(placements), tuple(unplaced))
    total = cost(instance, draft)
    return Plan(status_of(total, bound), total, bound, tuple(placements), tuple(unplaced))


def least_cost(instance: Instance) -> int:
    """The cost of the best plan, found by trying every combination."""
    ways = [
        [None]
        + [
            Placement(job.id, option.offer, start)
            for option in job.options
            for start in instance.starts(job, option)
        ]
        for job in instance.jobs
    ]
    best = sum(job.unplaced_cost for job in instance.jobs)
    for chosen in product(*ways):
        placements = [placement for placement in chosen if placement is not None]
        placed = {placement.job for placement in placements}
        unplaced = [job.id for job in instance.jobs if job.id not in placed]
        plan = plan_of(instance, placements, unplaced)
        if not violations(instance, plan):
            best = min(best, plan.cost)
    return best


@st.composite
def instances(draw: st.DrawFn, jobs_max: int = 4, slots_max: int = 5) -> Instance:
    """Problems small enough to try everything: tight, lumpy, with offers that come and go."""
    slots = draw(st.integers(1, slots_max))
    number = st.integers(0, 9)
    offers = tuple(
        Offer(
            f"o{index}",
            tuple(draw(st.lists(number, min_size=slots, max_size=slots))),
            tuple(draw(st.lists(st.integers(0, 5), min_size=slots, max_size=slots))),
        )
        for index in range(draw(st.integers(1, 2)))
    )
    jobs = tuple(
        _job(draw, index, offers, slots) for index in range(draw(st.integers(0, jobs_max)))
    )
    return Instance(slots, 60, offers, jobs)


def _job(draw: st.DrawFn, index: int, offers: tuple[Offer, ...], slots: int) -> Job:
    release = draw(st.integers(0, slots))
    chosen = draw(st.lists(st.sampled_from(offers), unique=True, max_size=len(offers)))
    options = tuple(
        Option(offer.id, draw(st.integers(1, 3)), draw(st.integers(0, 5))) for offer in chosen
    )
    due = draw(st.integers(0, slots + 1))
    return Job(
        f"j{index}", release, due, draw(st.integers(1, 4)), draw(st.integers(0, 60)), options
    )
