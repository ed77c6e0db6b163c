"""Judges kinds of work by what they did on their GPUs in some days; others store it."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from fractions import Fraction
from typing import TYPE_CHECKING, Any

from service.domain.periods import Period
from service.domain.rightsizing import TENTHS, Profile, Recommendation, Work
from service.domain.rightsizing_rules import ENOUGH_SIGNAL, recommend
from service.usecases.gpu_time.committed_shares import Committed, committed_of
from service.usecases.gpu_time.gpu_models import gpu_models, hourly_rates

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from service.domain.policy import Policy
    from service.usecases.charge_owners import Reader

READS = ("gpu_usage", "job_run", "node", "cost_line")
"""The tables that a judgement reads."""


@dataclass(frozen=True, slots=True)
class Judgement:
    """What is recommended, the most first; ``unseen`` of the ``works`` could not be judged."""

    works: int
    unseen: int
    recommendations: tuple[Recommendation, ...]


def judge_work(first: date, end: date, policy: Policy, reader: Reader) -> Judgement:
    """Judge every kind of work in [first, end) by the prices of the months that these lie in."""
    last = Period.of(end - timedelta(days=1))
    months: dict[str, object] = {
        "first_period": str(Period.of(first)),
        "end_period": str(last.next),
    }
    models = gpu_models(hourly_rates(reader.ask("accelerator_unit_cost", months).to_pylist()))
    committed = committed_of(reader.ask("committed_shares", months).to_pylist())
    window: dict[str, object] = {"begin": _midnight(first), "until": _midnight(end)}
    rows = reader.ask("usage_profiles", window).to_pylist()
    profiles = list(_profiles(rows, policy, committed, (first, end)))
    found = (one for profile in profiles for one in recommend(profile, models))
    return Judgement(
        works=len(profiles),
        unseen=sum(one.covered < ENOUGH_SIGNAL for one in profiles),
        recommendations=tuple(
            sorted(found, key=lambda one: (-one.saving.pico, -one.committed_ms, one.id))
        ),
    )


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(), tzinfo=UTC)


def _profiles(
    rows: Iterable[Mapping[str, Any]],
    policy: Policy,
    committed: Committed,
    window: tuple[date, date],
) -> Iterator[Profile]:
    """Put the rows of each kind of work together: a team may work in several namespaces."""
    groups: defaultdict[Work, list[Mapping[str, Any]]] = defaultdict(list)
    for row in rows:
        team = policy.team_of_use(row["job_team"], row["namespace"])
        project = row["project"] or row["namespace"] or ""
        work = Work(team, project, row["work"] or "", row["accelerator_model"] or "", row["mode"])
        groups[work].append(row)
    for work in sorted(groups, key=lambda one: (one.team, one.project, one.name, one.mode)):
        yield _profile(work, groups[work], committed, window)


def _profile(
    work: Work, rows: Sequence[Mapping[str, Any]], committed: Committed, window: tuple[date, date]
) -> Profile:
    by_tenth = [0] * TENTHS
    for row in rows:
        if row["tenth"] is not None:
            by_tenth[row["tenth"]] += row["observed_ms"] - (row["no_process_ms"] or 0)
    memory = [row["memory_max"] for row in rows if row["memory_max"] is not None]
    held = [row["no_process_ms"] for row in rows if row["no_process_ms"] is not None]
    shares = [
        (row["allocated_ms"], committed.of(row["host"], work.accelerator_model)) for row in rows
    ]
    allocated_ms = sum(row["allocated_ms"] for row in rows)
    return Profile(
        work=work,
        first=window[0],
        end=window[1],
        allocated_ms=allocated_ms,
        observed_ms=sum(row["observed_ms"] for row in rows),
        by_tenth=by_tenth,
        memory_max=max(memory, default=None),
        no_process_ms=sum(held) if held else None,
        seen_days=_days(rows),
        spare_ms=sum(row["spare_ms"] for row in rows),
        gpus=max(row["gpus"] for row in rows),
        committed_cost=_mean(((ms, share.cost) for ms, share in shares), allocated_ms),
        committed_hours=_mean(((ms, share.hours) for ms, share in shares), allocated_ms),
    )


def _mean(parts: Iterable[tuple[int, Fraction]], whole: int) -> Fraction:
    """Return the mean of shares by time; whole milliseconds keep the fraction short."""
    taken = sum(ms * share.numerator // share.denominator for ms, share in parts)
    return Fraction(taken, max(whole, 1))


def _days(rows: Iterable[Mapping[str, Any]]) -> int:
    found = list(rows)
    first, last = min(row["first_day"] for row in found), max(row["last_day"] for row in found)
    days: int = (last - first).days + 1
    return days
