"""Looks at what GPUs did lately and stores what would suffice; people dismiss what they know."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

from service.domain.periods import Period
from service.domain.policy import Policy
from service.domain.records import AuditEntry
from service.domain.rightsizing import (
    TENTHS,
    Dismissal,
    Profile,
    Recommendation,
    RightsizingRun,
    Work,
)
from service.domain.rightsizing_rules import ENOUGH_SIGNAL, recommend
from service.errors import ConflictError, InputError, NotFoundError
from service.usecases.gpu_models import gpu_models, hourly_rates
from service.usecases.stored_documents import policy_in_effect
from warehouse.port import Engine, Question

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from datetime import datetime
    from uuid import UUID

    from service.store.store import Store
    from warehouse.lake import Lake

WINDOW_DAYS = 30
"""How many days are looked at."""

_LONGEST_REASON = 500


@dataclass(frozen=True, slots=True)
class Advice:
    """A recommendation of the newest run, and its dismissal if there is one."""

    recommendation: Recommendation
    dismissal: Dismissal | None


def rightsize(
    *,
    lake: Lake,
    engine: Engine,
    store: Store,
    clock: Callable[[], datetime],
    new_id: Callable[[], UUID],
) -> RightsizingRun:
    """Judge every kind of work of the last days for which there is usage, and store the result."""
    now = clock()
    end = _last_day(lake) + timedelta(days=1) if lake.states("gpu_usage") else now.date()
    first = end - timedelta(days=WINDOW_DAYS)
    found = policy_in_effect(store, end - timedelta(days=1))
    policy = found.policy if found else Policy(effective_from=first, teams=frozenset())
    view = lake.view(["gpu_usage", "job_run", "node", "cost_line"])
    rows = engine.query(
        Question("ask/usage_profiles", {"first": first, "end": end}), view
    ).to_pylist()
    months = {"first_period": str(Period.of(first)), "end_period": str(Period.of(end).next)}
    costs = engine.query(Question("ask/accelerator_unit_cost", months), view).to_pylist()
    profiles = list(_profiles(rows, policy, first, end))
    models = gpu_models(hourly_rates(costs))
    run = RightsizingRun(
        id=new_id(),
        at=now,
        first=first,
        end=end,
        works=len(profiles),
        unseen=sum(one.covered < ENOUGH_SIGNAL for one in profiles),
        recommendations=tuple(
            sorted(
                (one for profile in profiles for one in recommend(profile, models)),
                key=lambda one: (-one.saving.pico, one.id),
            )
        ),
    )
    with store.work() as work:
        work.recommendations.add(run)
    return run


def advice(
    *, store: Store, teams: frozenset[str] | None = None
) -> tuple[RightsizingRun, tuple[Advice, ...]]:
    """Return the newest run, and each recommendation with what was made of it.

    Raises:
        NotFoundError: When there was no run yet.
    """
    with store.work(teams) as work:
        run = work.recommendations.latest()
        dismissed = work.recommendations.dismissed()
    if run is None:
        raise NotFoundError("nothing was looked at yet; run comptroller nightly")
    return run, tuple(Advice(one, dismissed.get(one.id)) for one in run.recommendations)


def dismiss(
    recommendation_id: str, reason: str, *, actor: str, store: Store, at: datetime
) -> Dismissal:
    """Dismiss a recommendation of the newest run for good.

    Raises:
        InputError: When there is no reason, or a very long one.
        NotFoundError: When the newest run has no such recommendation.
        ConflictError: When it is dismissed already.
    """
    told = reason.strip()
    if not 0 < len(told) <= _LONGEST_REASON:
        raise InputError(f"reason: accepted are 1 to {_LONGEST_REASON} characters")
    _, known = advice(store=store)
    found = [one for one in known if one.recommendation.id == recommendation_id]
    if not found:
        raise NotFoundError(
            f"the newest run recommends nothing under {recommendation_id!r};"
            " comptroller rightsize list shows the ids"
        )
    if found[0].dismissal is not None:
        raise ConflictError(
            f"{recommendation_id} was dismissed by {found[0].dismissal.by} already:"
            f" {found[0].dismissal.reason}"
        )
    team = found[0].recommendation.work.team
    dismissal = Dismissal(recommendation_id, team, told, at, actor)
    with store.work() as work:
        work.recommendations.dismiss(dismissal)
        detail = {"reason": told}
        work.audit.add(AuditEntry(at, actor, "rightsize.dismiss", recommendation_id, detail))
    return dismissal


def _last_day(lake: Lake) -> date:
    return max(date.fromisoformat(place.period) for place in lake.states("gpu_usage"))


def _profiles(
    rows: Iterable[Mapping[str, Any]], policy: Policy, first: date, end: date
) -> Iterable[Profile]:
    """Put the rows of each kind of work together: a team may work in several namespaces."""
    groups: defaultdict[Work, list[Mapping[str, Any]]] = defaultdict(list)
    for row in rows:
        team = policy.team_of_use(row["job_team"], row["namespace"])
        project = row["project"] or row["namespace"] or ""
        work = Work(team, project, row["work"] or "", row["accelerator_model"] or "", row["mode"])
        groups[work].append(row)
    for work in sorted(groups, key=lambda one: (one.team, one.project, one.name, one.mode)):
        yield _profile(work, groups[work], first, end)


def _profile(work: Work, rows: list[Mapping[str, Any]], first: date, end: date) -> Profile:
    by_tenth = [0] * TENTHS
    for row in rows:
        if row["tenth"] is not None:
            by_tenth[row["tenth"]] += row["observed_ms"] - (row["no_process_ms"] or 0)
    memory = [row["memory_max"] for row in rows if row["memory_max"] is not None]
    held = [row["no_process_ms"] for row in rows if row["no_process_ms"] is not None]
    return Profile(
        work=work,
        first=first,
        end=end,
        allocated_ms=sum(row["allocated_ms"] for row in rows),
        observed_ms=sum(row["observed_ms"] for row in rows),
        by_tenth=by_tenth,
        memory_max=max(memory, default=None),
        no_process_ms=sum(held) if held else None,
        seen_days=_days(rows),
        spare_ms=sum(row["spare_ms"] for row in rows),
        gpus=max(row["gpus"] for row in rows),
    )


def _days(rows: list[Mapping[str, Any]]) -> int:
    first, last = min(row["first_day"] for row in rows), max(row["last_day"] for row in rows)
    days: int = (last - first).days + 1
    return days
