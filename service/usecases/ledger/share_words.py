"""Says in words how a row of an allocation came to its amount."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from typing import TYPE_CHECKING

from service.domain.pools import Driver, Line, Method, Sharing

if TYPE_CHECKING:
    from collections.abc import Mapping

    from service.domain.money import Money
    from service.domain.pools import Pool, Shares

_WIDEST_PART = 9_999
_GPU_HOUR_MS = 3_600_000
_PASSED_ON: Mapping[str, str] = {
    Method.DISTRIBUTE_PROPORTIONAL: "in proportion to what others bear",
    Method.DISTRIBUTE_EVENLY: "evenly",
    Method.DISTRIBUTE_FIXED: "by fixed shares",
}
_OWNED: Mapping[str, str] = {
    Method.DIRECT: "{team} owns all of it",
    Method.UNALLOCATED: "no rule of the policy gives it to a team",
    Method.UNUSED_COMMITMENT: "{team} owns what is unused of {commitment}",
}
_OWNERS: Mapping[str, str] = {
    Method.BY_USE_NO_SIGNAL: "no use of pool {pool} is known on these days, so its owner {team}",
    Method.PROPORTIONAL_NO_BASE: (
        "no team bears a cost that pool {pool} could follow, so its owner {team}"
    ),
    Method.BY_DRIVER_NO_SIGNAL: (
        "nothing was measured that pool {pool} goes by, so its owner {team}"
    ),
}


@dataclass(frozen=True, slots=True)
class Share:
    """A team's part of an origin, as a row of ``ask/rows_of_line`` has it.

    ``divided`` are the pool and the weights that the origin was divided by, where they are known
    again; costs that are ``None`` are not known.
    """

    row: Mapping[str, object]
    team: str
    line: str
    amount: Money | None
    whole: Money | None
    divided: tuple[Pool, Shares] | None

    @property
    def words(self) -> str:
        """The sentence that tells it."""
        method = str(self.row["method_id"])
        if method in _OWNED:
            return f"{_OWNED[method].format(team=self.team, **self.row)}: {shown(self.amount)}"
        if method in _OWNERS:
            told = _OWNERS[method].format(team=self.team, **self.row)
            return f"{told} bears {self._part()}"
        if method in _PASSED_ON:
            return self._passed_on(_PASSED_ON[method])
        if self.divided is not None:
            return self._divided(*self.divided)
        return f"{self.team} bears {self._part()} of pool {self.row['pool']}, by {method}"

    def _passed_on(self, way: str) -> str:
        if self.line == Line.DISTRIBUTED:
            return f"{self.team} passes it on {way}: {self._part()}"
        return (
            f"{self.row['distributed_from']} passes it on {way}; {self.team} bears {self._part()}"
        )

    def _part(self) -> str:
        ratio = Decimal(str(self.row["allocated_ratio"]))
        return f"{ratio * 100:.2f} % of {shown(self.whole)} = {shown(self.amount)}"

    def _divided(self, pool: Pool, shares: Shares) -> str:
        weight, total = shares.weights[self.team, self.line], sum(shares.weights.values())
        held = _held(pool, (self.team, self.line), weight, total)
        return f"{held}: {_times(weight, total)} of {shown(self.whole)} = {shown(self.amount)}"


def shown(amount: Money | None) -> str:
    """Write an amount to cents, or exactly where cents would show nothing of it."""
    if amount is None:
        return "an unknown price"
    cents = Decimal(amount.text(2))
    return f"{amount.text() if amount.pico and not cents else f'{cents:,}'} {amount.currency}"


def _times(weight: int, total: int) -> str:
    part = Fraction(weight, total)
    if part.denominator > _WIDEST_PART:
        return f"{Decimal(part.numerator) * 100 / part.denominator:.2f} %"
    return "all" if part == 1 else f"{part.numerator}/{part.denominator}"


def _held(pool: Pool, key: tuple[str, str], weight: int, total: int) -> str:
    team, line = key
    name = f"pool {pool.name}"
    if line == Line.IDLE:
        unit = "GPU-hours" if pool.sharing is Sharing.BY_USE else "GPUs"
        kept = "held" if pool.sharing is Sharing.BY_USE else "reserved"
        told = _counted(pool, weight), _counted(pool, total)
        return f"nobody {kept} {told[0]} of {told[1]} {unit} of {name}, which {team} owns"
    if pool.sharing is Sharing.BY_USE:
        held = f"{_counted(pool, weight)} of {_counted(pool, total)}"
        return f"{team} held {held} GPU-hours of {name}"
    if pool.sharing is Sharing.BY_RESERVATION:
        return f"{team} reserved {weight} of {total} GPUs of {name}"
    if pool.sharing is Sharing.EVENLY:
        return f"{team} is one of {total} teams that share {name} evenly"
    if pool.sharing is Sharing.FIXED:
        return f"{team} has {weight} of {total} fixed shares of {name}"
    driver = str(pool.driver).replace("_", " ").replace("gpu", "GPU").replace("GPU h", "GPU-h")
    held = f"{_counted(pool, weight)} of {_counted(pool, total)}"
    return f"{team} counts for {held} {driver}, which {name} goes by"


def _counted(pool: Pool, number: int) -> str:
    if pool.sharing is Sharing.BY_USE or pool.driver is Driver.GPU_HOURS:
        return f"{(Decimal(number) / _GPU_HOUR_MS).quantize(Decimal('0.01')).normalize():,f}"
    return f"{number:,}"
