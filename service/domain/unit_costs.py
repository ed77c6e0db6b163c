"""What a unit of GPU work costs; what rests on too little is unknown, with the reason."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from service.domain.gpu_accounts import HOUR_MS
from service.domain.money import unit_price

if TYPE_CHECKING:
    from service.domain.money import Money

FLOOR_PERCENT = 90
"""The part of time (or runs) that must be known before a unit cost is told."""

MILLION = 1_000_000


@dataclass(frozen=True, slots=True)
class UnitCost:
    """A unit cost, or why it is not known; one of both is ``None``.

    ``known_permille`` says of how much the reason knows.
    """

    amount: Money | None
    reason: str | None = None
    known_permille: int | None = None


@dataclass(frozen=True, slots=True)
class HeldTime:
    """GPU time that was held, in GPU-milliseconds, and what of it is known.

    ``cost`` is that of the ``priced_ms``, of machines as a whole; ``gpu_cost`` is the GPUs' part.
    """

    allocated_ms: int
    priced_ms: int
    observed_ms: int
    utilised_ms: int
    cost: Money
    gpu_cost: Money


@dataclass(frozen=True, slots=True)
class Runs:
    """Jobs with all their attempts in all months; all but ``without_cost`` have a known cost.

    The cost is that of the jobs whose cost is known. ``gaps`` are months without accounts in which
    others of them were at work.
    """

    jobs: int
    without_cost: int
    cost: Money
    gaps: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class UsefulTime:
    """The attempts of jobs in one period; all jobs but ``without_cost`` have a known cost there.

    The times and the cost are those of the jobs whose cost is known.
    """

    jobs: int
    without_cost: int
    gpu_ms: int
    lost_ms: int
    cost: Money


def per_gpu_hour(held: HeldTime) -> UnitCost:
    """Return the GPUs' part of the cost for an hour that was held."""
    return _unpriced(held) or UnitCost(unit_price(held.gpu_cost, held.priced_ms, HOUR_MS))


def per_utilised_hour(held: HeldTime) -> UnitCost:
    """Return the GPUs' part of the cost for an hour at work, by the mean of what was measured."""
    return (
        _unpriced(held)
        or _unmeasured(held)
        or UnitCost(
            unit_price(held.gpu_cost, held.priced_ms * held.utilised_ms, HOUR_MS * held.observed_ms)
        )
    )


def per_million_tokens(held: HeldTime, tokens: int) -> UnitCost:
    """Return the cost of the time that was held for a million tokens; it adds up to the bill."""
    return _tokenless(tokens) or _unpriced(held) or UnitCost(_of_all(held, tokens))


def per_million_tokens_used(held: HeldTime, tokens: int) -> UnitCost:
    """Return the cost of the time at work for a million tokens; it leaves out what was not used."""
    unknown = _tokenless(tokens) or _unpriced(held) or _unmeasured(held)
    if unknown:
        return unknown
    whole = tokens * held.observed_ms * held.priced_ms
    return UnitCost(unit_price(held.cost, whole, MILLION * held.utilised_ms * held.allocated_ms))


def per_run(finished: Runs) -> UnitCost:
    """Return the cost of a job that ended, over all its attempts, failed ones included."""
    if finished.jobs == 0:
        return UnitCost(None, "no job ended")
    unknown = _too_little(_with_cost(finished), finished.jobs, "the cost is known for", "jobs")
    if unknown is None:
        return UnitCost(unit_price(finished.cost, _with_cost(finished)))
    if finished.gaps:
        months = " and ".join(finished.gaps)
        return replace(unknown, reason=f"{unknown.reason}; {months}: not accounted")
    return unknown


def per_useful_hour(time: UsefulTime) -> UnitCost:
    """Return the cost of all attempts for an hour whose work was not thrown away."""
    if time.jobs == 0:
        return UnitCost(None, "no job ran")
    if unknown := _too_little(_with_cost(time), time.jobs, "the cost is known for", "jobs"):
        return unknown
    useful_ms = time.gpu_ms - time.lost_ms
    if useful_ms <= 0:
        return UnitCost(None, "all work was thrown away")
    return UnitCost(unit_price(time.cost, useful_ms, HOUR_MS))


def _with_cost(counted: Runs | UsefulTime) -> int:
    return counted.jobs - counted.without_cost


def _of_all(held: HeldTime, tokens: int) -> Money:
    return unit_price(held.cost, tokens * held.priced_ms, MILLION * held.allocated_ms)


def _unpriced(held: HeldTime) -> UnitCost | None:
    if held.allocated_ms <= 0:
        return UnitCost(None, "no GPU time was held")
    return _too_little(held.priced_ms, held.allocated_ms, "the cost is known for")


def _unmeasured(held: HeldTime) -> UnitCost | None:
    few = _too_little(held.observed_ms, held.allocated_ms, "activity was measured for")
    if few is None and held.utilised_ms == 0:
        return UnitCost(None, "no GPU was at work")
    return few


def _tokenless(tokens: int) -> UnitCost | None:
    return UnitCost(None, "no tokens were counted") if tokens <= 0 else None


def _too_little(known: int, whole: int, what: str, of: str = "the time") -> UnitCost | None:
    """Return why a figure is not known where it would rest on less than the floor."""
    if known > 0 and known * 100 >= whole * FLOOR_PERCENT:
        return None
    reason = f"{what} less than {FLOOR_PERCENT} % of {of}"
    return UnitCost(None, reason, known_permille=known * 1000 // whole)
