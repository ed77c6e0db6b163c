"""Disputes: a team questions a line of its statement, and what it is answered."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID


class Outcome(StrEnum):
    """What an answer does to a dispute; a comment leaves it as it is."""

    ACCEPTED = "accepted"
    REFUSED = "refused"
    COMMENT = "comment"


@dataclass(frozen=True, slots=True)
class DisputeAnswer:
    """One answer; ``batch_id`` names the postings that adjust what was accepted."""

    id: UUID
    dispute_id: UUID
    at: datetime
    by: str
    outcome: Outcome
    text: str
    batch_id: UUID | None = None


@dataclass(frozen=True, slots=True)
class Dispute:
    """A team's question about a statement line, with its answers, oldest first."""

    id: UUID
    period: str
    line_id: str
    team: str
    opened_at: datetime
    opened_by: str
    comment: str
    answers: tuple[DisputeAnswer, ...] = ()

    @property
    def ruling(self) -> DisputeAnswer | None:
        """The last answer that accepted or refused; ``None`` while the question is open."""
        rulings = [one for one in self.answers if one.outcome is not Outcome.COMMENT]
        return rulings[-1] if rulings else None
