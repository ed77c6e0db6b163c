"""Looks at what GPUs did lately and stores what would suffice; people dismiss what they know."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import TYPE_CHECKING
from uuid import UUID

from service.domain.policy import Policy
from service.domain.records import AuditEntry
from service.domain.rightsizing import Dismissal, Recommendation, RightsizingRun
from service.errors import ConflictError, InputError, NotFoundError
from service.usecases.charge_owners import Reader
from service.usecases.gpu_time.judge_work import READS, judge_work
from service.usecases.gpu_time.state import ACCOUNTING
from service.usecases.lake_runs import stored_runs
from service.usecases.stored_documents import policy_in_effect, policy_of

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from service.store.store import Store
    from service.usecases.stored_documents import VersionedPolicy
    from warehouse.lake import Lake
    from warehouse.port import Engine

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
    """Judge every kind of work of the last days for which there is usage, and store the result.

    Periods that were accounted since are judged as well, as a part of what is wasted in them.
    """
    judge = _Judge(lake, engine, store, clock(), new_id)
    end = _last_day(lake) + timedelta(days=1) if lake.states("gpu_usage") else judge.at.date()
    first = end - timedelta(days=WINDOW_DAYS)
    run = judge.days(first, end, policy_in_effect(store, end - timedelta(days=1)))
    with store.work() as work:
        known = work.recommendations.judged_accounts()
    for period, accounts in stored_runs(ACCOUNTING, lake).items():
        if UUID(accounts) not in known:
            policy = policy_of(store, period)
            judge.days(period.first_day, period.next.first_day, policy, UUID(accounts))
    return run


@dataclass(frozen=True, slots=True)
class _Judge:
    """The parts that it takes to judge some days and store the result."""

    lake: Lake
    engine: Engine
    store: Store
    at: datetime
    new_id: Callable[[], UUID]

    def days(
        self, first: date, end: date, found: VersionedPolicy | None, accounts: UUID | None = None
    ) -> RightsizingRun:
        policy = found.policy if found else Policy(effective_from=first, teams=frozenset())
        reader = Reader(self.engine, self.lake.view(READS))
        judged = judge_work(first, end, policy, reader)
        run = RightsizingRun(
            id=self.new_id(),
            at=self.at,
            first=first,
            end=end,
            works=judged.works,
            unseen=judged.unseen,
            recommendations=judged.recommendations,
            account_run=accounts,
        )
        with self.store.work() as work:
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
