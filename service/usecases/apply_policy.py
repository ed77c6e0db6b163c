"""Applies a policy file: checked, previewed on the newest bills, stored, and then allocated by."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from service.documents.policy import PolicyDocument
from service.documents.yaml_file import parse_document, read_text
from service.domain.money import Money
from service.domain.records import AllocationRun, AuditEntry, DocumentVersion
from service.usecases.allocate import allocate
from service.usecases.allocate_period import allocate_period
from service.usecases.charge_owners import Reader
from service.usecases.run_period import no_guard
from service.usecases.stale_periods import READS, loaded_periods, open_periods
from service.usecases.stored_documents import (
    fingerprint,
    newest_of,
    next_version,
    policy_of,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from datetime import datetime
    from pathlib import Path
    from uuid import UUID

    import pyarrow as pa

    from service.domain.periods import Period
    from service.domain.policy import Policy
    from service.store.store import Store
    from warehouse.lake import Lake
    from warehouse.port import Engine, Guard


@dataclass(frozen=True, slots=True)
class Effect:
    """What one team would bear of the previewed period, before and after."""

    team: str
    currency: str
    before: Money
    after: Money

    @property
    def difference(self) -> Money:
        """How much more it would bear."""
        return self.after - self.before


@dataclass(frozen=True, slots=True)
class PolicyProposal:
    """A policy that was found valid, and what storing it would change.

    ``stored`` is the version that already has this very text and is the newest one;
    ``period`` is the newest one with bills that the policy would hold for.
    """

    text: str
    document: PolicyDocument
    stored: int | None
    period: Period | None
    effects: tuple[Effect, ...]


@dataclass(frozen=True, slots=True)
class AppliedPolicy:
    """The version that is stored now, whether it is new, and the periods that were allocated."""

    version: int
    is_new: bool
    runs: tuple[AllocationRun, ...]


def propose_policy(path: Path, *, lake: Lake, engine: Engine, store: Store) -> PolicyProposal:
    """Check the file at ``path`` and work out its effect; nothing is stored.

    Raises:
        DocumentError: When the file cannot be used.
    """
    text = read_text(path)
    document = parse_document(text, path.name, PolicyDocument)
    with store.work() as work:
        versions = work.policies.all()
    newest = newest_of(versions)
    same = newest is not None and newest.sha256 == fingerprint(text)
    period = _newest_affected(document, versions, lake, store)
    effects = () if period is None else _effects(period, document.policy(), lake, engine, store)
    return PolicyProposal(
        text, document, newest.version if newest and same else None, period, effects
    )


def apply_policy(  # noqa: PLR0913  (every long-lived part comes by name)
    proposal: PolicyProposal,
    *,
    lake: Lake,
    engine: Engine,
    store: Store,
    new_id: Callable[[], UUID],
    clock: Callable[[], datetime],
    actor: str,
    guard: Guard = no_guard,
) -> AppliedPolicy:
    """Store the policy unless it is stored, and allocate every period whose policy it changes.

    Killed in between, the same call allocates what is left.
    """
    version = proposal.stored or _store(proposal, store, clock(), actor)
    runs = tuple(
        allocate_period(
            period, lake=lake, engine=engine, store=store, new_id=new_id, clock=clock, guard=guard
        )
        for period in loaded_periods(lake)
        if _is_outdated(period, store)
    )
    return AppliedPolicy(version, proposal.stored is None, runs)


def _store(proposal: PolicyProposal, store: Store, at: datetime, actor: str) -> int:
    document = proposal.document
    with store.work() as work:
        version = next_version(
            proposal.text, document.effective_from, work.policies.all(), at, actor
        )
        work.policies.add(version)
        detail = {"sha256": version.sha256, "effective_from": str(version.effective_from)}
        subject = f"policy version {version.version}"
        work.audit.add(AuditEntry(at, actor, "policy.apply", subject, detail))
    return version.version


def _is_outdated(period: Period, store: Store) -> bool:
    policy = policy_of(store, period)
    with store.work() as work:
        run = work.allocations.latest(str(period))
    return run is None or run.policy_version != (policy.version if policy else None)


def _newest_affected(
    document: PolicyDocument, versions: Sequence[DocumentVersion], lake: Lake, store: Store
) -> Period | None:
    """Return the newest open period with bills for which the policy would be the one in effect."""
    later = [one.effective_from for one in versions if one.effective_from > document.effective_from]
    affected = [
        period
        for period in open_periods(lake=lake, store=store)
        if document.effective_from <= period.first_day
        and not any(start <= period.first_day for start in later)
    ]
    return max(affected, default=None)


def _effects(
    period: Period, policy: Policy, lake: Lake, engine: Engine, store: Store
) -> tuple[Effect, ...]:
    reader = Reader(engine, lake.view(READS))
    current = policy_of(store, period)
    before = borne_by_team(allocate(period, current.policy if current else None, reader).rows)
    after = borne_by_team(allocate(period, policy, reader).rows)
    return tuple(
        Effect(team, currency, *(side.get(key, Money.zero(currency)) for side in (before, after)))
        for key in sorted({*before, *after})
        for team, currency in [key]
    )


def borne_by_team(rows: pa.Table) -> dict[tuple[str, str], Money]:
    """Return the effective cost of allocated rows by team and currency."""
    costs = rows.group_by(["team", "currency"]).aggregate([("effective_cost", "sum")])
    return {
        (row["team"], row["currency"]): Money.parse(
            row["effective_cost_sum"] or "0", row["currency"]
        )
        for row in costs.to_pylist()
    }
