"""Divides the cost of machines among their GPU time; what paid for time nobody saw is named."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from typing import TYPE_CHECKING, TypeAlias

from service.domain.gpu_accounts import DAY_MS, Account, Holder, Kind, Place
from service.domain.money import Money, apportion, money_sums, split

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from service.domain.periods import Period
    from service.usecases.gpu_time.costs import Cost

_Key: TypeAlias = tuple[str | None, date]

_TOLERANCE = 1000
"""Time is missing where more than a thousandth of what was seen is."""


@dataclass(slots=True)
class Spread:
    """Costs of accounts by their number, and accounts of cost without use."""

    costs: list[dict[str, Money]]
    unmatched: list[tuple[Account, Cost]] = field(default_factory=list)

    def pay(self, amount: Money, weights: dict[int, int]) -> None:
        """Divide an amount among accounts by their GPU time."""
        for number, part in split(amount, weights).items():
            have = self.costs[number].get(part.currency)
            self.costs[number][part.currency] = part if have is None else have + part


@dataclass(frozen=True, slots=True)
class _Group:
    """Costs of one host and the same days; ``told`` is whether the bill has their GPU time."""

    keys: tuple[_Key, ...]
    members: tuple[Cost, ...]
    paid_ms: int
    told: bool


def spread(costs: Iterable[Cost], found: Sequence[Account], period: Period) -> Spread:
    """Divide each cost among the accounts of its host and days by GPU time, to the last digit.

    Where it paid for more time than there are accounts of, the rest is ``unmatched_no_usage``.
    """
    of_day: defaultdict[_Key, list[int]] = defaultdict(list)
    for number, account in enumerate(found):
        of_day[account.place.host, account.place.day].append(number)
    result = Spread([{} for _ in found])
    counted: set[_Key] = set()
    for group in _groups(costs, period):
        weights = {
            number: found[number].gpu_ms for key in group.keys for number in of_day.get(key, ())
        }
        parts = _parted(group, sum(weights.values()))
        if weights:
            for amount in money_sums(seen for seen, _, _ in parts).values():
                result.pay(amount, weights)
        # An hour that several charges paid for is counted once.
        shown = group.told or counted.isdisjoint(group.keys)
        for cost, (_, lacking, gpu_ms) in zip(group.members, parts, strict=True):
            if lacking is not None:
                account_ = _unmatched(cost, gpu_ms if shown else 0)
                result.unmatched.append((account_, replace(cost, amount=lacking)))
        counted.update(group.keys)
    return result


def _parted(group: _Group, seen_ms: int) -> list[tuple[Money, Money | None, int]]:
    """Return what each cost paid for time that was seen, for time that was not, and how much."""
    missing_ms = max(group.paid_ms - seen_ms, 0)
    if seen_ms and missing_ms * _TOLERANCE <= seen_ms:
        return [(cost.amount, None, 0) for cost in group.members]
    if not group.keys:
        return [(Money.zero(one.amount.currency), one.amount, one.gpu_ms) for one in group.members]
    told = {number: one.gpu_ms for number, one in enumerate(group.members)}
    times_ms = apportion(missing_ms, told if group.told else {0: 1})
    weights = {"seen": seen_ms, "lacking": missing_ms if seen_ms else 1}
    halves = [split(one.amount, weights) for one in group.members]
    return [
        (half["seen"], half["lacking"], times_ms.get(number, 0))
        for number, half in enumerate(halves)
    ]


def _groups(costs: Iterable[Cost], period: Period) -> Iterator[_Group]:
    """Yield costs by host and days, those first of which the bill tells the GPU time.

    Others paid for what those within their days did, or else for all GPUs of the machine.
    """
    together: defaultdict[tuple[_Key, ...], list[Cost]] = defaultdict(list)
    for cost in costs:
        days = cost.days_in(period) if cost.reason is None else ()
        together[tuple((cost.host, day) for day in days)].append(cost)
    told: defaultdict[str | None, list[_Group]] = defaultdict(list)
    silent = []
    for keys, members in together.items():
        paid_ms = sum(one.gpu_ms * len(keys) // one.days for one in members)
        group = _Group(keys, tuple(members), paid_ms, told=paid_ms > 0)
        if keys and not paid_ms:
            silent.append(group)
            continue
        if keys:
            told[members[0].host].append(group)
        yield group
    for group in sorted(silent, key=lambda one: len(one.keys)):
        first, last = group.keys[0], group.keys[-1]
        within_ms = sum(
            one.paid_ms
            for one in told[group.members[0].host]
            if one.keys[0][1] >= first[1] and one.keys[-1][1] <= last[1]
        )
        yield replace(group, paid_ms=within_ms or _whole_ms(group, period))


def _whole_ms(group: _Group, period: Period) -> int:
    """Return what the machine's GPUs have of the charges' time; 0 if their number is unknown."""
    gpus = max(one.gpus for one in group.members)
    starts = [one.starts for one in group.members if one.starts is not None]
    stops = [one.stops for one in group.members if one.stops is not None]
    if not starts or not stops:
        return gpus * len(group.keys) * DAY_MS
    time = min(max(stops), period.end) - max(min(starts), period.start)
    return gpus * max(time // timedelta(milliseconds=1), 0)


def _unmatched(cost: Cost, gpu_ms: int) -> Account:
    place = Place(cost.first, cost.host, cost.pool, cost.accelerator_model)
    kind = cost.reason or Kind.UNMATCHED_NO_USAGE
    return Account(place, kind, Holder(team=cost.team), gpu_ms)
