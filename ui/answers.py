"""The answers of the API that the dashboard shows; amounts are exact decimal strings."""

from typing import TypedDict


class Health(TypedDict):
    """The API is there."""

    status: str
    demo: bool


class About(TypedDict):
    """Which Comptroller this is and how fresh its data are; times are ISO 8601, UTC."""

    version: str
    demo: bool
    periods: list[str]
    loaded_at: str | None
    planned_at: str | None


class CostRow(TypedDict):
    """What one team pays in one currency."""

    team: str
    currency: str
    billed_cost: str
    effective_cost: str
    direct: str
    shared: str
    idle: str
    unused_commitment: str
    distributed: str
    unallocated: str


class CostTotal(TypedDict):
    """The sums of the rows in one currency; the difference to the bills where it may be seen."""

    currency: str
    billed_cost: str
    effective_cost: str
    direct: str
    shared: str
    idle: str
    unused_commitment: str
    distributed: str
    unallocated: str
    difference: str | None


class Costs(TypedDict):
    """One period's cost by team, as one allocation run stored it."""

    period: str
    run: str | None
    allocated_at: str | None
    rows: list[CostRow]
    totals: list[CostTotal]


class Reason(TypedDict):
    """Why some workloads have no place."""

    reason_code: str
    reason: str
    workloads: int


class Placement(TypedDict):
    """Where and when one workload runs, or why it does not."""

    workload_name: str
    team: str
    offer: str | None
    start: str | None
    end: str | None
    cost: str
    reason: str


class Baseline(TypedDict):
    """What another way to plan the same queue comes to."""

    spend: str
    cost: str
    placed: int
    unplaced: int


class Plan(TypedDict):
    """The newest plan; what concerns the whole company is absent for a team's token."""

    created_at: str
    status: str
    currency: str
    spend: str
    left_out: str | None
    cost: str | None
    bound: str | None
    gap: float | None
    baselines: dict[str, Baseline]
    placed: int
    unplaced: int
    unplaced_reasons: list[Reason]
    stale_inputs: list[str]
    placements: list[Placement]
