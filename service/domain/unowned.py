"""Groups cost that nobody owns by what a rule could look at, so that no cost is in two groups."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from heapq import heapify, heappop, heappush
from typing import TYPE_CHECKING

from service.domain.money import Money, sum_money
from service.domain.owner_guesses import TAG, Claims, Guess, Look, guess
from service.domain.policy import NOBODY, Owner

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from service.domain.policy import Policy

WORTH_A_LOOK = 1_000
"""Of all cost without an owner, one part in so many is the least that an owner is guessed for."""

WORTH_A_RULE = 100
"""And one part in so many is the least that is a group of its own without a guess."""


@dataclass(frozen=True, slots=True)
class Kind:
    """Cost lines of one currency that rules cannot tell apart, and who owns them."""

    owner: Owner
    looks: frozenset[Look]
    cost: Money
    cost_lines: int


@dataclass(frozen=True, slots=True)
class Group:
    """Cost without an owner that has one look in common, and who could own it.

    ``is_shared`` is a look that several own other cost of: no rule by it alone would be right.
    """

    look: Look
    cost: Money
    cost_lines: int
    guess: Guess | None = None
    is_shared: bool = False


def group(kinds: Iterable[Kind], policy: Policy) -> tuple[Group, ...]:
    """Return groups of what nobody owns, by currency and the largest first.

    First come looks that tell an owner, then such that nobody owns cost of (new accounts and the
    like), then whatever is left by its account, service or provider. Within each of these steps
    the largest group is taken first, and what is in it is in no other one. Credits alone are none.
    """
    by_currency: defaultdict[str, list[Kind]] = defaultdict(list)
    for kind in kinds:
        by_currency[kind.cost.currency].append(kind)
    found = (
        one for currency in sorted(by_currency) for one in _Grouping(by_currency[currency], policy)
    )
    return tuple(sorted(found, key=lambda one: (one.cost.currency, -one.cost.pico, one.look)))


class _Grouping:
    """Takes groups of one currency out of what is left, step by step."""

    def __init__(self, kinds: Sequence[Kind], policy: Policy) -> None:
        """Note who owns what, and what each look would take."""
        self._policy = policy
        self._left = dict(enumerate(kind for kind in kinds if kind.owner == NOBODY))
        self._with: defaultdict[Look, list[int]] = defaultdict(list)
        self._cost: dict[Look, Money] = {}
        for number, kind in self._left.items():
            for look in kind.looks:
                self._with[look].append(number)
                self._add(look, kind.cost)
        self._claims: defaultdict[Look, Claims] = defaultdict(dict)
        for kind in kinds:
            if kind.owner != NOBODY:
                self._claim(kind)
        whole = sum_money((kind.cost for kind in self._left.values()), kinds[0].cost.currency)
        self._whole = abs(whole)

    def __iter__(self) -> Iterator[Group]:
        """Yield the groups in the order in which they are taken."""
        for name in (TAG, "namespace", "pool", "account"):
            yield from self._taken(name, wanted=self._is_guessed)
        for names in (("account", "namespace", "pool"), ("resource", TAG), ("service",)):
            yield from self._taken(*names, wanted=self._is_new)
        for name in ("account", "service", "provider"):
            yield from self._taken(name, wanted=lambda _: True)

    def _taken(self, *names: str, wanted: Callable[[Look], bool]) -> Iterator[Group]:
        heap = [
            (-cost.pico, look)
            for look, cost in self._cost.items()
            if look.name in names and cost.pico > 0
        ]
        looks = {look for _, look in heap}
        heapify(heap)
        while heap:
            size, look = heappop(heap)
            # What is taken changes other looks; each change is in the heap with its new size.
            if size >= 0 or self._cost[look].pico != -size or not wanted(look):
                continue
            numbers = [number for number in self._with[look] if number in self._left]
            yield self._group(look, numbers)
            for changed in self._take(numbers):
                if changed in looks:
                    heappush(heap, (-self._cost[changed].pico, changed))

    def _group(self, look: Look, numbers: Iterable[int]) -> Group:
        found = self._guess(look)
        return Group(
            look,
            self._cost[look],
            sum(self._left[number].cost_lines for number in numbers),
            found,
            is_shared=found is None and len(self._claims.get(look, ())) > 1,
        )

    def _take(self, numbers: Iterable[int]) -> set[Look]:
        changed: set[Look] = set()
        for number in numbers:
            kind = self._left.pop(number)
            for look in kind.looks:
                self._add(look, -kind.cost)
            changed |= kind.looks
        return changed

    def _guess(self, look: Look) -> Guess | None:
        return guess(look, self._claims.get(look, {}), self._policy)

    def _is_guessed(self, look: Look) -> bool:
        return self._is_worth(look, WORTH_A_LOOK) and self._guess(look) is not None

    def _is_new(self, look: Look) -> bool:
        return look not in self._claims and self._is_worth(look, WORTH_A_RULE)

    def _is_worth(self, look: Look, parts: int) -> bool:
        return self._cost[look].pico * parts >= self._whole.pico

    def _add(self, look: Look, cost: Money) -> None:
        before = self._cost.get(look)
        self._cost[look] = cost if before is None else before + cost

    def _claim(self, kind: Kind) -> None:
        for look in kind.looks:
            if look in self._with:
                claims = self._claims[look]
                before = claims.get(kind.owner)
                claims[kind.owner] = kind.cost if before is None else before + kind.cost
