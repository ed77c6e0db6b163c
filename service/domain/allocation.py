"""Splits the cost of an origin among those who share it, so that nothing is lost or made."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from service.domain.money import Money, split, split_ratio
from service.domain.pools import Line

if TYPE_CHECKING:
    from decimal import Decimal

    from service.domain.pools import Method, Shares


@dataclass(frozen=True, slots=True)
class Costs:
    """The four costs of FOCUS in one currency; ``None`` is unknown, which is not nothing."""

    billed: Money | None
    effective: Money | None
    contracted: Money | None
    list: Money | None

    def negated(self) -> Costs:
        """Turn charges into credits; what is unknown stays so."""
        four = (self.billed, self.effective, self.contracted, self.list)
        return Costs(*(None if one is None else -one for one in four))


@dataclass(frozen=True, slots=True)
class Part:
    """What one team bears of an origin, on one line of its bill."""

    team: str
    line: str
    costs: Costs
    method: Method
    ratio: Decimal


def divide(costs: Costs, shares: Shares) -> tuple[Part, ...]:
    """Divide an origin; for each cost that is known the parts sum to it exactly.

    The parts come in the order of team and line, whatever the order of the weights.
    """
    billed, effective, contracted, list_ = (
        _parts(cost, shares)
        for cost in (costs.billed, costs.effective, costs.contracted, costs.list)
    )
    return tuple(
        Part(
            team=key[0],
            line=key[1],
            costs=Costs(billed[key], effective[key], contracted[key], list_[key]),
            method=shares.method,
            ratio=shares.ratios[key],
        )
        for key in sorted(shares.weights)
    )


def pass_on(team: str, costs: Costs, ratio: Decimal, shares: Shares) -> tuple[Part, ...]:
    """Pass a part of an origin on: less for ``team``, more for others, together nothing.

    ``ratio`` is the part's share of its origin; the shares of those who receive sum to it.
    """
    received = split_ratio(ratio, shares.weights)
    given = Part(team, Line.DISTRIBUTED, costs.negated(), shares.method, -ratio)
    parts = divide(costs, shares)
    return (given, *(replace(one, ratio=received[one.team, one.line]) for one in parts))


def _parts(cost: Money | None, shares: Shares) -> dict[tuple[str, str], Money | None]:
    if cost is None:
        return dict.fromkeys(shares.weights)
    return {**split(cost, shares.weights)}
