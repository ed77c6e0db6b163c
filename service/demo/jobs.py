"""The jobs that teams asked for: how many GPUs, when and for how long."""

from dataclasses import dataclass

import numpy as np

from service.demo.fleet import BURST_MACHINES, BURST_OFFERS, Offer, Pool
from service.demo.teams import STRAY_NAMESPACES, TEAMS, Team
from service.demo.timeline import TICKS_PER_HOUR, Ints, Timeline

MEDIAN_HOURS = 5.0
SPREAD = 1.15
LONGEST_HOURS = 96.0
STRAY_SHARE = 0.02
"""How many jobs run in a namespace that is no team's."""

CHECKPOINT_TICKS = TICKS_PER_HOUR // 2


@dataclass(frozen=True, slots=True)
class Job:
    """A request for ``gpus`` over ``ticks`` of work; ``namespace`` is where its pods run."""

    id: str
    workload_id: str
    team: str
    project: str
    user: str
    namespace: str
    arrival: int
    ticks: int
    gpus: int

    @property
    def stray(self) -> bool:
        """Whether it was started by hand, past the queue: no job record tells of it."""
        return self.namespace in STRAY_NAMESPACES


@dataclass(frozen=True, slots=True)
class Attempt:
    """One try at a job; ``end`` is the window's end where it still runs."""

    job: Job
    number: int
    offer: Offer
    pool: str
    nodes: int
    submitted: int
    start: int
    end: int
    state: str

    @property
    def checkpoint(self) -> int | None:
        """When it last saved its state, if it ever did."""
        saves = (self.end - self.start) // CHECKPOINT_TICKS
        return self.start + saves * CHECKPOINT_TICKS if saves else None


def pool_jobs(pool: Pool, timeline: Timeline, rng: np.random.Generator) -> tuple[Job, ...]:
    """As many jobs as load the pool as wished, before anyone loses patience."""
    wished = int(pool.load * pool.gpus * timeline.ticks)
    many = wished // (2 * TICKS_PER_HOUR) + 10
    gpus = rng.choice(np.array(pool.gangs), size=many)
    ticks = _durations(many, rng)
    count = _enough(wished, gpus * ticks)
    when = _arrivals(count, timeline, rng)
    return _jobs(pool.name, when, ticks[:count], gpus[:count], rng)


def burst_jobs(timeline: Timeline, rng: np.random.Generator) -> tuple[tuple[Job, Offer, int], ...]:
    """Jobs that rent machines of their own: the job, the offer and how many machines."""
    wished = BURST_MACHINES * timeline.ticks
    many = wished // (2 * TICKS_PER_HOUR) + 10
    weights = np.array([weight for _, weight, _ in BURST_OFFERS], dtype=float)
    choice = rng.choice(len(BURST_OFFERS), size=many, p=weights / weights.sum())
    sizes = rng.integers(0, 12, many)
    gangs = [BURST_OFFERS[one][2] for one in choice]
    nodes = np.array([gang[size % len(gang)] for gang, size in zip(gangs, sizes, strict=True)])
    ticks = _durations(many, rng)
    count = _enough(wished, nodes * ticks)
    offers = [BURST_OFFERS[one][0] for one in choice[:count]]
    gpus = nodes[:count] * np.array([offer.type.accelerators for offer in offers])
    jobs = _jobs("burst", _arrivals(count, timeline, rng), ticks[:count], gpus, rng)
    return tuple(zip(jobs, offers, (int(number) for number in nodes[:count]), strict=True))


def _durations(count: int, rng: np.random.Generator) -> Ints:
    """Draw how long jobs take: mostly hours, some days."""
    hours = rng.lognormal(np.log(MEDIAN_HOURS), SPREAD, count)
    return np.asarray(np.clip(hours, 0.3, LONGEST_HOURS) * TICKS_PER_HOUR, dtype=np.int64)


def _arrivals(count: int, timeline: Timeline, rng: np.random.Generator) -> Ints:
    """Draw when people submit, in order: working hours are busier than nights."""
    rhythm = timeline.rhythm()
    hours = rng.choice(timeline.hours, size=count, p=rhythm / rhythm.sum())
    return np.sort(hours * TICKS_PER_HOUR + rng.integers(0, TICKS_PER_HOUR, count))


def _enough(wished: int, work: Ints) -> int:
    """How many jobs from the front add up to the wished work."""
    return min(int(np.searchsorted(np.cumsum(work), wished)) + 1, len(work))


def _jobs(
    prefix: str, when: Ints, ticks: Ints, gpus: Ints, rng: np.random.Generator
) -> tuple[Job, ...]:
    count = len(when)
    weights = np.array([team.weight for team in TEAMS], dtype=float)
    teams = [TEAMS[one] for one in rng.choice(len(TEAMS), size=count, p=weights / weights.sum())]
    luck = rng.integers(0, 2**16, (count, 4)).tolist()
    stray = (rng.random(count) < STRAY_SHARE).tolist()
    ids = uuids(count, rng)
    return tuple(
        Job(
            id=f"{prefix}-{number:05d}",
            workload_id=ids[number] if luck[number][3] % 2 else "",
            team=team.name,
            project=team.projects[luck[number][0] % len(team.projects)],
            user=team.users[luck[number][1] % len(team.users)],
            namespace=_namespace(team, luck[number][2], stray=stray[number]),
            arrival=int(when[number]),
            ticks=int(ticks[number]),
            gpus=int(gpus[number]),
        )
        for number, team in enumerate(teams)
    )


def _namespace(team: Team, luck: int, *, stray: bool) -> str:
    main, trial = STRAY_NAMESPACES if stray else team.namespaces
    return main if luck % 4 else trial


def uuids(count: int, rng: np.random.Generator) -> list[str]:
    """Draw identifiers that look like UUIDs of version 4."""
    digits = rng.bytes(16 * count).hex()
    return [
        f"{d[:8]}-{d[8:12]}-4{d[13:16]}-a{d[17:20]}-{d[20:]}"
        for d in (digits[at : at + 32] for at in range(0, len(digits), 32))
    ]
