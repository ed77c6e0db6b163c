"""Plans as they are stored: what was placed where, at what price, and how good that is."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID


@dataclass(frozen=True, slots=True)
class PlacedWorkload:
    """What a plan says about one workload; without ``offer`` it was left out, and says why.

    ``cost_micros`` is in millionths of the plan's currency; for a workload that was left out it
    is the price of leaving it out.
    """

    workload_id: UUID
    workload_name: str
    team: str
    offer: str | None
    start: datetime | None
    end: datetime | None
    cost_micros: int
    reason_code: str
    reason: str

    def __post_init__(self) -> None:
        """Refuse a placement that is half there."""
        if len({self.offer is None, self.start is None, self.end is None}) != 1:
            raise ValueError(f"workload {self.workload_id}: offer, start and end come together")


@dataclass(frozen=True, slots=True)
class Baseline:
    """What another way to plan the same queue comes to, in millionths of the plan's currency.

    ``spend_micros`` is for the ``placed`` workloads; ``cost_micros`` counts the prices of leaving
    out the ``unplaced`` ones too, as the cost of a plan does.
    """

    cost_micros: int
    spend_micros: int
    placed: int
    unplaced: int

    def __post_init__(self) -> None:
        """Refuse a spend that is not a part of the cost."""
        if not 0 <= self.spend_micros <= self.cost_micros:
            raise ValueError(
                f"a baseline's spend lies between 0 and its cost {self.cost_micros},"
                f" not at {self.spend_micros}"
            )


@dataclass(frozen=True, slots=True)
class StoredPlan:
    """The placements of one planning run with cost, proven bound and what other ways would cost.

    Amounts are millionths of ``currency``. ``baselines`` maps the name of another way to plan the
    same queue (``greedy``, ``all_on_demand``, ``on_demand_list``) to what it comes to.
    ``stale_inputs`` names the inputs that could not be refreshed.
    """

    id: UUID
    run_id: UUID | None
    created_at: datetime
    horizon_start: datetime
    slot_minutes: int
    status: str
    cost_micros: int
    bound_micros: int
    currency: str
    instance_sha256: str
    baselines: Mapping[str, Baseline] = field(default_factory=dict)
    stale_inputs: tuple[str, ...] = ()
    placements: tuple[PlacedWorkload, ...] = ()

    @property
    def spend_micros(self) -> int:
        """What the placements with an offer cost."""
        return sum(one.cost_micros for one in self.placements if one.offer is not None)

    @property
    def left_out_micros(self) -> int:
        """The price of leaving out the rest; ``placements`` must be those of all teams."""
        return self.cost_micros - self.spend_micros

    @property
    def gap(self) -> float:
        """How far the cost may be above the best plan, as a share of the cost."""
        if self.cost_micros == self.bound_micros:
            return 0.0
        return (self.cost_micros - self.bound_micros) / self.cost_micros
