"""What teams question, and what they are answered; the session's teams decide what is seen."""

from collections import defaultdict
from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import ColumnElement, select, true
from sqlalchemy.orm import Session

from service.domain.disputes import Dispute, DisputeAnswer, Outcome
from service.errors import NotFoundError
from service.store.models import DisputeAnswerRow, DisputeRow


class Disputes:
    """Disputes about statement lines, with their answers."""

    def __init__(self, session: Session) -> None:
        """Read and write inside the session's transaction."""
        self._session = session

    def open(self, dispute: Dispute) -> None:
        """Store a team's question for good, without any answers that it carries."""
        self._session.add(
            DisputeRow(
                id=dispute.id,
                period=dispute.period,
                line_id=dispute.line_id,
                team=dispute.team,
                opened_at=dispute.opened_at,
                opened_by=dispute.opened_by,
                comment=dispute.comment,
            )
        )
        self._session.flush()

    def answer(self, answer: DisputeAnswer) -> None:
        """Store an answer for good.

        Raises:
            NotFoundError: When the session's teams see no such dispute.
        """
        dispute = self._session.get(DisputeRow, answer.dispute_id)
        if dispute is None:
            raise NotFoundError(f"there is no dispute {answer.dispute_id}")
        self._session.add(
            DisputeAnswerRow(
                id=answer.id,
                dispute_id=answer.dispute_id,
                team=dispute.team,
                at=answer.at,
                by=answer.by,
                outcome=answer.outcome.value,
                text=answer.text,
                batch_id=answer.batch_id,
            )
        )
        self._session.flush()

    def get(self, dispute_id: UUID) -> Dispute | None:
        """Give one dispute, ``None`` where the session's teams see none of that id."""
        found = self._disputes(DisputeRow.id == dispute_id)
        return found[0] if found else None

    def of(self, period: str) -> tuple[Dispute, ...]:
        """Give the disputes about lines of ``period``, oldest first."""
        return self._disputes(DisputeRow.period == period)

    def all(self) -> tuple[Dispute, ...]:
        """Give every dispute that the session's teams see, oldest first."""
        return self._disputes(true())

    def _disputes(self, which: ColumnElement[bool]) -> tuple[Dispute, ...]:
        answers = (
            select(DisputeAnswerRow)
            .join(DisputeRow, DisputeRow.id == DisputeAnswerRow.dispute_id)
            .where(which)
            .order_by(DisputeAnswerRow.at, DisputeAnswerRow.id)
        )
        of_dispute: dict[UUID, list[DisputeAnswer]] = defaultdict(list)
        for answer in self._session.scalars(answers):
            of_dispute[answer.dispute_id].append(_answer(answer))
        query = select(DisputeRow).where(which).order_by(DisputeRow.opened_at, DisputeRow.id)
        return tuple(_dispute(row, of_dispute[row.id]) for row in self._session.scalars(query))


def _dispute(row: DisputeRow, answers: Sequence[DisputeAnswer]) -> Dispute:
    return Dispute(
        id=row.id,
        period=row.period,
        line_id=row.line_id,
        team=row.team,
        opened_at=row.opened_at,
        opened_by=row.opened_by,
        comment=row.comment,
        answers=tuple(answers),
    )


def _answer(row: DisputeAnswerRow) -> DisputeAnswer:
    return DisputeAnswer(
        id=row.id,
        dispute_id=row.dispute_id,
        at=row.at,
        by=row.by,
        outcome=Outcome(row.outcome),
        text=row.text,
        batch_id=row.batch_id,
    )
