"""Sums the accounts of attempts at jobs: what each held, what it cost, and what of it was lost."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING

from service.domain.gpu_accounts import CAPACITY, OBSERVED, Kind
from service.domain.money import Money, money_sums, split

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from collections.abc import Set as AbstractSet

    from service.domain.attempts import Attempt
    from service.domain.gpu_accounts import Account
    from service.domain.periods import Period
    from service.domain.policy import Policy


@dataclass(frozen=True, slots=True)
class Entry:
    """An account with its cost in one currency (``None``: not known), its place and its carbon."""

    account: Account
    cost: Money | None
    provider: str | None
    region: str | None
    carbon: float | None


@dataclass(frozen=True, slots=True)
class RunCost:
    """What one attempt held and cost in a period; ``None`` is not known.

    A cost that is known in part only, or in several currencies, is not known.
    """

    attempt: Attempt
    team: str
    accelerator_model: str | None
    gpu_ms: int
    utilised_ms: int | None
    observed_ms: int
    lost_ms: int
    cost: Money | None
    lost_cost: Money | None
    energy: float | None
    carbon: float | None
    tokens_in: int | None
    tokens_out: int | None


def run_costs(
    entries: Iterable[Entry], attempts: Sequence[Attempt], policy: Policy, period: Period
) -> tuple[RunCost, ...]:
    """Return the attempts that ran in ``period``, in the order of ``attempts``.

    What the GPUs say about an attempt counts; of one that no GPU knows, what the scheduler says.
    One without an end that none of its machines' GPUs tells of is over, and nobody said so.
    """
    held: defaultdict[tuple[str | None, str, int], list[Entry]] = defaultdict(list)
    watched: set[str | None] = set()
    for entry in entries:
        if entry.account.kind in CAPACITY:
            watched.add(entry.account.place.host)
        holder = entry.account.holder
        if holder.job_id is not None and holder.attempt is not None:
            held[holder.source, holder.job_id, holder.attempt].append(entry)
    found = ((one, held.get((one.source, one.job_id, one.attempt), [])) for one in attempts)
    return tuple(
        _run(one, its, policy, period)
        for one, its in found
        if its or (one.held_ms(period.window) and not _is_gone(one, watched))
    )


def _is_gone(attempt: Attempt, watched: AbstractSet[str | None]) -> bool:
    return attempt.ended is None and bool(attempt.hosts) and attempt.hosts <= watched


def _run(attempt: Attempt, held: Sequence[Entry], policy: Policy, period: Period) -> RunCost:
    kinds_ms: defaultdict[Kind, int] = defaultdict(int)
    for entry in held:
        kinds_ms[entry.account.kind] += entry.account.gpu_ms
    gpu_ms = sum(kinds_ms.values()) or attempt.held_ms(period.window)
    tokens_in = _count(entry.account.measures.tokens_in for entry in held)
    tokens_out = _count(entry.account.measures.tokens_out for entry in held)
    # What was served is not thrown away.
    lost_ms = 0 if tokens_in or tokens_out else _lost_ms(attempt, gpu_ms, period)
    observed_ms = sum(kinds_ms[kind] for kind in OBSERVED)
    cost = _known_cost(held)
    team = held[0].account.holder.team if held else policy.team_of_use(attempt.team, None)
    used = next((entry.account.place.accelerator_model for entry in held), None)
    return RunCost(
        attempt=attempt,
        team=team,
        accelerator_model=attempt.accelerator_model or used,
        gpu_ms=gpu_ms,
        utilised_ms=kinds_ms[Kind.UTILISED] if observed_ms else None,
        observed_ms=observed_ms,
        lost_ms=lost_ms,
        cost=cost,
        lost_cost=None if cost is None else _lost(cost, lost_ms, gpu_ms),
        energy=_sum(entry.account.measures.energy for entry in held),
        carbon=_sum(entry.carbon for entry in held),
        tokens_in=tokens_in,
        tokens_out=tokens_out,
    )


def _lost_ms(attempt: Attempt, gpu_ms: int, period: Period) -> int:
    """Return the part of the held time that was lost; a slice of a GPU loses a slice's time."""
    held_ms = attempt.held_ms(period.window)
    return gpu_ms * attempt.lost_ms(period.window) // held_ms if held_ms else 0


def _known_cost(held: Sequence[Entry]) -> Money | None:
    known = [entry.cost for entry in held if entry.cost is not None]
    sums: Mapping[str, Money] = money_sums(known)
    if len(known) < len(held) or len(sums) != 1:
        return None
    (cost,) = sums.values()
    return cost


def _lost(cost: Money, lost_ms: int, gpu_ms: int) -> Money:
    return split(cost, {"lost": lost_ms, "kept": gpu_ms - lost_ms})["lost"]


def _sum(values: Iterable[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return sum(known) if known else None


def _count(values: Iterable[int | None]) -> int | None:
    known = [value for value in values if value is not None]
    return sum(known) if known else None
