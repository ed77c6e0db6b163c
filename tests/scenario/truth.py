"""What the three clouds of the scenario charge, and what a lake must hold after loading it.

This side knows no loader, no SQL and no dialect: lines are written down, and added up in Decimal.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from decimal import Decimal

Place = tuple[str, str]
"""A source and a billing period."""

Key = tuple[str, str, str]
"""Account, service, currency."""

Sums = Mapping[Key, tuple[int, Decimal, Decimal]]
"""Lines, billed cost and effective cost."""


@dataclass(frozen=True, slots=True)
class Line:
    """One charge; ``effective`` differs from ``billed`` where a commitment covers it."""

    id: str
    account: str
    service: str
    day: date
    billed: Decimal
    effective: Decimal
    currency: str = "USD"
    category: str = "Usage"


@dataclass(slots=True)
class Truth:
    """What each cloud has delivered so far, as a lake that keeps up would hold it."""

    lines: dict[Place, tuple[Line, ...]] = field(default_factory=dict)

    def deliver(self, source: str, period: str, lines: Iterable[Line]) -> None:
        """From now on this is what a source says of a period."""
        self.lines[source, period] = tuple(lines)

    def sums(self) -> dict[Place, Sums]:
        """Add up by account, service and currency."""
        return {place: _sums(lines) for place, lines in self.lines.items()}


def _sums(lines: Iterable[Line]) -> Sums:
    found: defaultdict[Key, list[Line]] = defaultdict(list)
    for line in lines:
        found[line.account, line.service, line.currency].append(line)
    return {
        key: (
            len(group),
            sum((line.billed for line in group), Decimal(0)),
            sum((line.effective for line in group), Decimal(0)),
        )
        for key, group in found.items()
    }


def month(
    source: str, period: str, count: int, first: int = 0, *, commitments: bool = True
) -> tuple[Line, ...]:
    """Make ``count`` charges of a month: every fifth is covered by a commitment, if there are."""
    year, number = (int(part) for part in period.split("-"))
    return tuple(
        _line(
            f"{source}-{period}-{n}",
            n,
            date(year, number, 1 + n % 28),
            covered=commitments and n % 5 == 0,
        )
        for n in range(first, first + count)
    )


def _line(name: str, n: int, day: date, *, covered: bool) -> Line:
    cost = Decimal(n % 97) + Decimal(n * 37 % 1000) / 1000 + Decimal("0.000001")
    return Line(
        id=name,
        account=f"account-{n % 3}",
        service=("Compute", "Storage", "Network")[n % 7 % 3],
        day=day,
        billed=Decimal(0) if covered else cost,
        effective=cost,
    )


def raised(line: Line, by: str) -> Line:
    """The same charge, dearer."""
    return replace(line, billed=line.billed + Decimal(by), effective=line.effective + Decimal(by))


def credit(line: Line, amount: str) -> Line:
    """A credit beside a charge: money back, unrelated to any commitment."""
    return replace(
        line,
        id=f"{line.id}-credit",
        billed=-Decimal(amount),
        effective=-Decimal(amount),
        category="Credit",
    )
