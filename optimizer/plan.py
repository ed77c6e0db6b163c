"""What the optimizer answers: where and when each job runs, and how good that is."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Status(StrEnum):
    """How sure a plan is; it never says more than ``cost`` and ``bound`` do."""

    OPTIMAL = "optimal"  # cost == bound: no plan costs less
    FEASIBLE = "feasible"  # keeps every rule; a plan down to ``bound`` may exist


class InvalidPlan(ValueError):
    """The numbers of a plan contradict each other."""


@dataclass(frozen=True, slots=True)
class Placement:
    """A job runs on an offer from a slot on."""

    job: str
    offer: str
    start: int


def gap(cost: int, bound: int) -> float:
    """The share of ``cost`` that is not proven necessary: 0 when both are equal."""
    return 0.0 if cost == bound else (cost - bound) / cost


@dataclass(frozen=True, slots=True)
class Claim:
    """A plan as somebody wrote it down: nothing in it is believed until the referee has looked.

    What could not be read is None.
    """

    status: str | None
    cost: int | None
    bound: int | None
    gap: float | None
    placements: tuple[Placement, ...]
    unplaced: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Plan:
    """Placements in millionths of the planning currency, with a proven lower bound."""

    status: Status
    cost: int
    bound: int
    placements: tuple[Placement, ...]
    unplaced: tuple[str, ...]

    def __post_init__(self) -> None:
        """Refuse a bound above the cost and a status that the two numbers do not carry."""
        if not 0 <= self.bound <= self.cost:
            raise InvalidPlan(f"bound {self.bound} must lie between 0 and the cost {self.cost}")
        if (self.status is Status.OPTIMAL) != (self.cost == self.bound):
            raise InvalidPlan(
                f"status {self.status} contradicts cost {self.cost} and bound {self.bound}"
            )

    @property
    def gap(self) -> float:
        """(cost - bound) / cost, and 0 when they are equal."""
        return gap(self.cost, self.bound)

    @property
    def claim(self) -> Claim:
        """The plan as it is written down."""
        return Claim(
            str(self.status), self.cost, self.bound, self.gap, self.placements, self.unplaced
        )


def status_of(cost: int, bound: int) -> Status:
    """The strongest status that ``cost`` and ``bound`` carry."""
    return Status.OPTIMAL if cost == bound else Status.FEASIBLE
