"""The newest plan, as far as the reader may see it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from service.domain.money import Money
from service.errors import NotFoundError

if TYPE_CHECKING:
    from service.domain.plans import PlacedWorkload, StoredPlan
    from service.store.store import Store

PICO_PER_MICRO = 10**6


@dataclass(frozen=True, slots=True)
class UnplacedReason:
    """A reason why ``workloads`` many have no place, with the words of the first of them."""

    code: str
    example: str
    workloads: int


@dataclass(frozen=True, slots=True)
class PlanReading:
    """A plan with what its reader wants first; ``whole`` says that every team may be seen.

    Cost, bound, gap and baselines of ``plan`` tell about all teams, so only a reader of the whole
    plan may have them.
    """

    plan: StoredPlan
    whole: bool

    @property
    def placed(self) -> tuple[PlacedWorkload, ...]:
        """The visible workloads with an offer and a start."""
        return tuple(p for p in self.plan.placements if p.offer is not None)

    @property
    def unplaced(self) -> tuple[PlacedWorkload, ...]:
        """The visible workloads without."""
        return tuple(p for p in self.plan.placements if p.offer is None)

    @property
    def spend(self) -> Money:
        """What the visible workloads with a place are expected to cost."""
        return self.money(self.plan.spend_micros)

    @property
    def unplaced_reasons(self) -> tuple[UnplacedReason, ...]:
        """Why visible workloads have no place, the most frequent reason first."""
        groups: dict[str, list[PlacedWorkload]] = {}
        for placement in self.unplaced:
            groups.setdefault(placement.reason_code, []).append(placement)
        reasons = (UnplacedReason(c, g[0].reason, len(g)) for c, g in groups.items())
        return tuple(sorted(reasons, key=lambda reason: (-reason.workloads, reason.code)))

    def money(self, micros: int) -> Money:
        """Return millionths of the plan's currency as money."""
        return Money(micros * PICO_PER_MICRO, self.plan.currency)


def read_plan(*, store: Store, teams: frozenset[str] | None) -> PlanReading:
    """Return the newest plan with the placements of ``teams``, ``None`` for all.

    Raises:
        NotFoundError: When nothing has been planned yet.
    """
    with store.work(teams) as work:
        plan = work.plans.latest()
    if plan is None:
        raise NotFoundError("nothing has been planned yet; run `comptroller plan`")
    return PlanReading(plan, whole=teams is None)
