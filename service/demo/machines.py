"""The machines that ran: the jobs' own, the pools', the serving replicas and the desks."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from service.demo.fleet import (
    AWS_PRODUCT,
    AWS_RESEARCH,
    DESK_OFFERS,
    DESKS,
    FLEETS,
    Account,
    Fleet,
    Offer,
    account_of,
)
from service.demo.jobs import Attempt, uuids
from service.demo.sharing import Sharing
from service.demo.teams import ALIASES, TEAMS, Team
from service.demo.timeline import Flags, Timeline, runs_of

UNTAGGED_SHARE = 0.05
"""How many jobs, replicas and desks carry no tags: somebody started them by hand."""

FORGOTTEN_SHARE = 0.2
"""How many desks run day and night because nobody stops them."""

PRESENT_SHARE = 0.8


@dataclass(frozen=True, slots=True)
class Machine:
    """A rented machine's life, [start, end); ``spans`` are the hours it was up."""

    resource_id: str
    name: str
    host: str
    gpu_uuids: tuple[str, ...]
    offer: Offer
    account: Account
    tags: tuple[tuple[str, str], ...]
    spans: tuple[tuple[int, int], ...]
    pool: str = ""
    job_id: str = ""

    @property
    def start(self) -> int:
        """When it was started."""
        return self.spans[0][0]

    @property
    def end(self) -> int:
        """When it was given back."""
        return self.spans[-1][1]


@dataclass(frozen=True, slots=True)
class _Wish:
    """A machine before it has a name."""

    offer: Offer
    account: Account
    tags: tuple[tuple[str, str], ...]
    spans: tuple[tuple[int, int], ...]
    pool: str = ""
    job_id: str = ""


def pool_machines(sharing: Sharing, rng: np.random.Generator) -> tuple[Machine, ...]:
    """The shared machines of one pool, in the order of their GPUs."""
    pool = sharing.pool
    tags = (("cluster", f"lh-{pool.offer.provider}"), ("pool", pool.name))
    return _named(
        [_Wish(pool.offer, pool.account, tags, tuple(runs_of(up)), pool.name) for up in sharing.up],
        rng,
    )


def own_machines(attempts: Sequence[Attempt], rng: np.random.Generator) -> tuple[Machine, ...]:
    """The machines that jobs rented for themselves; each attempt rents new ones."""
    forgetful = rng.random(len(attempts)) < UNTAGGED_SHARE
    wishes = [
        _Wish(
            attempt.offer,
            account_of(attempt.job.team, attempt.offer.provider),
            () if untagged else _job_tags(attempt),
            ((attempt.start, attempt.end),),
            job_id=attempt.job.id,
        )
        for attempt, untagged in zip(attempts, forgetful.tolist(), strict=True)
        for _ in range(attempt.nodes)
    ]
    return _named(wishes, rng)


def _job_tags(attempt: Attempt) -> tuple[tuple[str, str], ...]:
    job = attempt.job
    team = ALIASES.get(job.project, job.team)
    tags = [("job", job.id), ("project", job.project), ("team", team), ("user", job.user)]
    if job.workload_id:
        tags.append(("comptroller-workload", job.workload_id))
    return tuple(sorted(tags))


def fleet_machines(timeline: Timeline, rng: np.random.Generator) -> tuple[Machine, ...]:
    """Serving replicas: each scaling up starts a new machine."""
    wishes = [wish for fleet in FLEETS for wish in _replicas(fleet, timeline, rng)]
    return _named(wishes, rng)


def _replicas(fleet: Fleet, timeline: Timeline, rng: np.random.Generator) -> Iterator[_Wish]:
    wobble = rng.normal(0, 0.4, timeline.hours)
    demand = fleet.low + (fleet.high - fleet.low) * timeline.rhythm() + wobble
    account = account_of(fleet.team, fleet.offer.provider)
    tags: tuple[tuple[str, str], ...] = (("k8s-namespace", fleet.team), ("service", fleet.name))
    if fleet.tagged:
        tags = (*tags, ("project", fleet.project), ("team", fleet.team))
    for replica in range(fleet.high):
        for span in runs_of(demand > replica):
            yield _Wish(fleet.offer, account, tags, (span,))


def desk_machines(timeline: Timeline, rng: np.random.Generator) -> tuple[Machine, ...]:
    """Machines that people work on: on weekdays by day, or all the time where forgotten."""
    people = [(team, user) for team in TEAMS for user in team.users]
    picks = rng.permutation(len(people))[:DESKS]
    luck = rng.random((len(picks), 3))
    wishes: list[_Wish] = []
    for (team, user), (forgets, sloppy, place) in zip(
        (people[pick] for pick in picks), luck.tolist(), strict=True
    ):
        offer = DESK_OFFERS[int(place * len(DESK_OFFERS))]
        days = _workdays(timeline, rng)
        spans = ((0, timeline.ticks),) if forgets < FORGOTTEN_SHARE else runs_of(days)
        tags = () if sloppy < 2 * UNTAGGED_SHARE else _desk_tags(team, user)
        account = _desk_account(team, offer)
        wishes.extend(_Wish(offer, account, tags, (span,)) for span in spans)
    return _named(wishes, rng)


def _desk_account(team: Team, offer: Offer) -> Account:
    account = account_of(team.name, offer.provider)
    return AWS_RESEARCH if account is AWS_PRODUCT else account


def _desk_tags(team: Team, user: str) -> tuple[tuple[str, str], ...]:
    return (("purpose", "workbench"), ("team", team.name), ("user", user))


def _workdays(timeline: Timeline, rng: np.random.Generator) -> Flags:
    hour = np.arange(timeline.hours)
    begins = int(rng.integers(6, 10))
    here = rng.random(timeline.days)[hour // 24] < PRESENT_SHARE
    return ~timeline.weekend() & here & (hour % 24 >= begins) & (hour % 24 < begins + 9)


def _named(wishes: Sequence[_Wish], rng: np.random.Generator) -> tuple[Machine, ...]:
    digits = rng.bytes(16 * len(wishes)).hex()
    gpus = iter(uuids(sum(wish.offer.type.accelerators for wish in wishes), rng))
    return tuple(
        _name(wish, digits[32 * n : 32 * n + 32], [next(gpus) for _ in range(width)])
        for n, wish in enumerate(wishes)
        for width in (wish.offer.type.accelerators,)
    )


def _name(wish: _Wish, digits: str, gpus: Sequence[str]) -> Machine:
    resource_id, name, host = _NAMES[wish.offer.provider](wish, digits)
    return Machine(
        resource_id=resource_id,
        name=name,
        host=host,
        gpu_uuids=tuple(f"GPU-{one}" for one in gpus),
        offer=wish.offer,
        account=wish.account,
        tags=wish.tags,
        spans=wish.spans,
        pool=wish.pool,
        job_id=wish.job_id,
    )


def _aws_name(wish: _Wish, digits: str) -> tuple[str, str, str]:
    a, b, c = (int(digits[at : at + 2], 16) for at in (26, 28, 30))
    return f"i-0{digits[:16]}", f"i-0{digits[:16]}", f"ip-10-{a}-{b}-{c}.{wish.offer.region}"


def _azure_name(wish: _Wish, digits: str) -> tuple[str, str, str]:
    name = f"vm-{digits[:12]}"
    group = wish.pool or wish.account.name
    path = f"{wish.account.id}/resourceGroups/rg-{group}"
    return f"{path}/providers/Microsoft.Compute/virtualMachines/{name}", name, name


def _gcp_name(wish: _Wish, digits: str) -> tuple[str, str, str]:
    name = f"gpu-{digits[:12]}"
    path = f"projects/{wish.account.id}/zones/{wish.offer.zone}/instances/{name}"
    return f"//compute.googleapis.com/{path}", name, name


_NAMES = {"aws": _aws_name, "azure": _azure_name, "gcp": _gcp_name}
