"""What GPUs a kind of work needs, told from what it used: one rule each.

A rule speaks only where the activity signal covers the time that was held; what was not seen is
not waste. Of the rules that would give a work other hardware only the one that saves most counts,
because a GPU can be exchanged once.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING

from service.domain.gpu_accounts import HOUR_MS
from service.domain.money import unit_price
from service.domain.rightsizing import Excess, Recommendation, Rule

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from service.domain.money import Money
    from service.domain.rightsizing import Model, Profile

DAYS_A_MONTH = 30

ENOUGH_SIGNAL = Fraction(9, 10)
"""The part of the held time that the signal must cover."""

ENOUGH_MS = 24 * HOUR_MS
"""GPU-time below which nothing is said."""

_ROOM = Fraction(8, 10)
"""How full the memory of the smaller hardware may become."""

_BUSY = Fraction(9, 10)
"""How busy the smaller hardware may become in the busiest hours that count."""

_HELD_SHARE = Fraction(1, 10)
_TWO_A_GPU = Fraction(45, 100)


@dataclass(frozen=True, slots=True)
class _Less:
    """What less would mean in the window.

    ``held_ms`` is the time in which too much was held, ``freed_ms`` the part of it that others
    could have, ``cost`` what it cost beyond what suffices.
    """

    held_ms: int
    freed_ms: int
    cost: Money


def recommend(profile: Profile, models: Mapping[str, Model]) -> list[Recommendation]:
    """Return what can be said about a kind of work: nothing where it was not seen enough."""
    model = models.get(profile.work.accelerator_model)
    if model is None or model.rate is None or profile.covered < ENOUGH_SIGNAL:
        return []
    if profile.allocated_ms < ENOUGH_MS:
        return []
    advice = (_release(profile, model.rate), _fewer(profile, model.rate))
    found = [one for one in advice if one]
    if profile.at_work_ms < ENOUGH_MS or profile.spare_ms >= ENOUGH_MS:
        return found
    cost = _cost(model.rate, profile.at_work_ms)
    others = [
        *_smaller(profile, model, cost, models),
        *_sliced(profile, model, cost),
        *_shared(profile, model, cost),
    ]
    if others:
        found.append(max(others, key=lambda one: (one.excess.cost.pico, one.rule, one.to)))
    return found


def _release(profile: Profile, rate: Money) -> Recommendation | None:
    """GPUs that are held without a process are to be released after a while."""
    held = profile.no_process_ms or 0
    if held < ENOUGH_MS or held < _HELD_SHARE * profile.allocated_ms:
        return None
    told = {"held without a process": f"{held / profile.allocated_ms:.0%} of the held time"}
    less = _Less(held, held, _cost(rate, held))
    return _said(profile, Rule.RELEASE_IDLE, "nothing", less, told)


def _fewer(profile: Profile, rate: Money) -> Recommendation | None:
    """GPUs that do nothing while others of the same run work are not asked for next time."""
    spare = profile.spare_ms
    if spare < ENOUGH_MS or spare < _HELD_SHARE * profile.allocated_ms:
        return None
    part = f"{spare / profile.allocated_ms:.0%} of the held time"
    told = {"GPUs of a run": f"up to {profile.gpus}", "unused beside used ones": part}
    less = _Less(spare, spare, _cost(rate, spare))
    return _said(profile, Rule.FEWER_GPUS, "those it uses", less, told)


def _smaller(
    profile: Profile, model: Model, cost: Money, models: Mapping[str, Model]
) -> Sequence[Recommendation]:
    """Another model whose memory and speed suffice, where an hour of it costs less."""
    if profile.work.mode != "whole":
        return []
    found = []
    for other in models.values():
        if other.rate is None or other.name == model.name or not _fits(profile, other.memory):
            continue
        busy = profile.peak * model.speed / other.speed if other.speed else Fraction(2)
        if busy > _BUSY or other.rate.currency != cost.currency:
            continue
        saved = cost - _cost(other.rate, profile.at_work_ms)
        if saved.pico <= 0:
            continue
        less = _Less(profile.at_work_ms, profile.at_work_ms, saved)
        found.append(_said(profile, Rule.SMALLER_MODEL, other.name, less, _seen(profile)))
    return found


def _sliced(profile: Profile, model: Model, cost: Money) -> Sequence[Recommendation]:
    """The smallest slice of the same GPU that suffices; GPUs of a gang talk, slices cannot."""
    if profile.work.mode != "whole" or profile.gpus > 1:
        return []
    fitting = [
        one
        for one in model.slices
        if one.compute < 1 and _fits(profile, one.memory) and profile.peak <= one.compute * _BUSY
    ]
    if not fitting:
        return []
    least = min(fitting, key=lambda one: (one.compute, one.memory, one.profile))
    less = _left_over(profile, cost, 1 - least.compute)
    return [_said(profile, Rule.MIG_SLICE, least.profile, less, _seen(profile))]


def _shared(profile: Profile, model: Model, cost: Money) -> Sequence[Recommendation]:
    """Two such runs on one GPU, where each leaves more than half of it alone."""
    if profile.work.mode != "whole" or profile.gpus > 1 or profile.peak > _TWO_A_GPU:
        return []
    if profile.memory_max is None or profile.memory_max > float(_TWO_A_GPU) * model.memory:
        return []
    less = _left_over(profile, cost, Fraction(1, 2))
    return [_said(profile, Rule.SHARE, "2 to a GPU", less, _seen(profile))]


def _left_over(profile: Profile, cost: Money, part: Fraction) -> _Less:
    freed = profile.at_work_ms * part.numerator // part.denominator
    return _Less(profile.at_work_ms, freed, _part(cost, part))


def _fits(profile: Profile, memory: float) -> bool:
    return profile.memory_max is not None and profile.memory_max <= float(_ROOM) * memory


def _cost(rate: Money, ms: int) -> Money:
    return _part(rate, Fraction(ms, HOUR_MS))


def _part(amount: Money, part: Fraction) -> Money:
    if not part:
        return amount - amount
    return unit_price(amount, part.denominator, part.numerator)


def _seen(profile: Profile) -> dict[str, str]:
    return {
        "activity in 95 % of the hours": f"at most {float(profile.peak):.0%}",
        "most memory": f"{profile.memory_max or 0:,.0f} MiB",
    }


def _said(
    profile: Profile, rule: Rule, to: str, less: _Less, evidence: Mapping[str, str]
) -> Recommendation:
    """Tell money that is saved from hours that were paid ahead and only become free."""
    window = {
        "window": f"{profile.first} to {profile.end}",
        "GPU-hours": f"{profile.allocated_ms / HOUR_MS:,.1f}",
        "observed": f"{float(profile.covered):.0%}",
    }
    if profile.committed_cost or profile.committed_hours:
        window["paid by commitments"] = (
            f"{float(profile.committed_cost):.0%} of the cost,"
            f" {float(profile.committed_hours):.0%} of the hours of its machines"
        )
    month = Fraction(DAYS_A_MONTH, max(profile.days, 1))
    return Recommendation(
        work=profile.work,
        rule=rule,
        to=to,
        saving=_part(less.cost, month * (1 - profile.committed_cost)),
        committed_ms=int(less.freed_ms * month * profile.committed_hours),
        excess=Excess(less.held_ms, less.cost),
        confidence=profile.confidence,
        evidence={**window, **evidence},
    )
