"""What is kept of a closed period for good, and whether it is still what was closed."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import UTC, timedelta
from enum import StrEnum
from typing import TYPE_CHECKING

from service.domain.hash_chain import GENESIS, head, lines_digest, postings_digest
from service.domain.periods import Period

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping
    from datetime import date, datetime
    from uuid import UUID

    from service.domain.ledger import Posting
    from service.domain.statements import StatementLine

METHOD = "statement 1"
"""How lines and postings are made from an allocation; another way gets another number."""


class PeriodState(StrEnum):
    """How final the figures of a period are."""

    OPEN = "open"
    PROVISIONAL = "provisional"
    CLOSED = "closed"


@dataclass(frozen=True, slots=True)
class PeriodClose:
    """The close of a period: what it was computed from and by which methods, and its head.

    ``approver`` is a person (``cli:alice``) or ``rule``; ``snapshots`` are those of the lake's
    tables that were read, ``None`` for an empty one; ``cost`` is the basis that was charged;
    ``rates`` are exact decimal texts by pair, such as ``EUR/USD``, of another month ``2026-09
    EUR/USD``; the currency that totals are told in stands among them, worth 1; ``restated`` are the
    runs that corrections of earlier periods were made from, by period; ``files`` are the SHA-256 of
    the lake's files that were read, by their place below the lake; ``policy_sha256`` is that of the
    policy's text; ``allocation_method`` names how the period was allocated, ``method`` how lines
    and postings are made from an allocation; ``reason`` is why a person closed over a hindrance.
    """

    period: str
    at: datetime
    approver: str
    policy_version: int | None
    allocation_run: UUID
    snapshots: Mapping[str, int | None]
    cost: str
    allocation_method: str
    policy_sha256: str | None = None
    rates: Mapping[str, str] = field(default_factory=dict)
    restated: Mapping[str, str] = field(default_factory=dict)
    files: Mapping[str, str] = field(default_factory=dict)
    method: str = METHOD
    lines_sha256: str = ""
    postings_sha256: str = ""
    previous_head: str = ""
    head: str = ""
    reason: str | None = None

    @property
    def header(self) -> Mapping[str, object]:
        """What is hashed beside the digests and the head before, as JSON values."""
        return {
            "period": self.period,
            "at": self.at.astimezone(UTC).isoformat(timespec="microseconds"),
            "approver": self.approver,
            "policy_version": self.policy_version,
            "policy_sha256": self.policy_sha256,
            "allocation_method": self.allocation_method,
            "allocation_run": str(self.allocation_run),
            "snapshots": dict(self.snapshots),
            "cost": self.cost,
            "rates": dict(self.rates),
            "restated": dict(self.restated),
            "files": dict(self.files),
            "method": self.method,
            "reason": self.reason,
        }

    @property
    def computed_head(self) -> str:
        """The head that the close must have."""
        return head(self.previous_head, self.header, self.lines_sha256, self.postings_sha256)

    def sealed(
        self,
        previous: PeriodClose | None,
        lines: Iterable[StatementLine],
        postings: Iterable[Posting],
    ) -> PeriodClose:
        """Return it with the digests of its lines and postings, chained to the close before."""
        chained = replace(
            self,
            lines_sha256=lines_digest(lines),
            postings_sha256=postings_digest(postings),
            previous_head=previous.head if previous else GENESIS,
        )
        return replace(chained, head=chained.computed_head)


@dataclass(frozen=True, slots=True)
class Finality:
    """How final figures are, and the last day whose figures cannot move any more."""

    state: PeriodState
    final_through: date | None


def finality(
    period: Period, closed: Collection[str], opened: Collection[str], *, allocated: bool
) -> Finality:
    """Return how final a period's figures are.

    Those of an open one are final through the last closed month that no open month comes before.

    Args:
        period: The period.
        closed: All periods that are closed.
        opened: All periods that have bills and are not closed.
        allocated: Whether an allocation of the period is stored.
    """
    if period.name in closed:
        return Finality(PeriodState.CLOSED, _last_day(period))
    oldest_open = min((period.name, *opened))
    before = max((name for name in closed if name < oldest_open), default=None)
    state = PeriodState.PROVISIONAL if allocated else PeriodState.OPEN
    return Finality(state, None if before is None else _last_day(Period(before)))


def chain_faults(closes: Iterable[PeriodClose], published: Iterable[str] = ()) -> tuple[str, ...]:
    """Return what is wrong with a chain of closes, in sentences.

    Args:
        closes: All closes in the order in which they were made.
        published: Heads that stand in exports, digests or elsewhere.
    """
    faults: list[str] = []
    previous, name, heads = GENESIS, "the beginning", set()
    for close in closes:
        if close.previous_head != previous:
            faults.append(f"the close of {close.period} does not follow {name}: its chain is cut")
        if close.head != close.computed_head:
            faults.append(f"the close of {close.period} was altered: it does not give its head")
        previous, name = close.head, f"the close of {close.period}"
        heads.add(close.head)
    missing = [one for one in published if one not in heads]
    return (*faults, *(f"no close has the head {one} that was published" for one in missing))


def content_faults(
    close: PeriodClose, lines: Iterable[StatementLine], postings: Iterable[Posting]
) -> tuple[str, ...]:
    """Return whether stored lines and postings are those that were closed, in sentences."""
    faults = []
    if lines_digest(lines) != close.lines_sha256:
        faults.append(f"the statement lines of {close.period} are not those that were closed")
    if postings_digest(postings) != close.postings_sha256:
        faults.append(f"the postings of {close.period} are not those that were closed")
    return tuple(faults)


def unproven(
    close: PeriodClose, earlier: Iterable[PeriodClose], allocation_method: str
) -> tuple[str, ...]:
    """Return what of a close cannot be computed again by the methods of now, in sentences.

    Args:
        close: The close.
        earlier: The closes before it.
        allocation_method: How periods are allocated now.
    """
    why = "which this version cannot compute again"
    closed = f"{close.period} was closed by"
    own = [
        f"{closed} {method}, {why}"
        for method, known in ((close.allocation_method, allocation_method), (close.method, METHOD))
        if method != known
    ]
    corrected = (
        f"{close.period} corrects {one.period}, which was closed by {one.allocation_method}, {why}"
        for one in earlier
        if one.period in close.restated and one.allocation_method != allocation_method
    )
    return (*own, *corrected)


def _last_day(period: Period) -> date:
    return period.next.first_day - timedelta(days=1)
