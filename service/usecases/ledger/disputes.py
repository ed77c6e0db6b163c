"""Takes questions about statement lines, and answers them, adjusting what was accepted."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from service.domain.disputes import Dispute, DisputeAnswer, Outcome
from service.domain.records import AuditEntry
from service.errors import ConflictError, InputError, NotFoundError

if TYPE_CHECKING:
    from uuid import UUID

    from service.domain.ledger import Posting
    from service.domain.periods import Period
    from service.store.store import Store, UnitOfWork
    from service.usecases.ledger.adjust_line import Adjuster, Move


@dataclass(frozen=True, slots=True)
class Answered:
    """A dispute with its new answer last, and the posting that adjusts what was accepted."""

    dispute: Dispute
    posting: Posting | None


def disputes_of(
    period: Period | None, *, store: Store, only_open: bool = False
) -> tuple[Dispute, ...]:
    """Return the disputes about a period or about all, oldest first; only unruled ones if asked."""
    with store.work() as work:
        found = work.disputes.all() if period is None else work.disputes.of(str(period))
    return tuple(one for one in found if not (only_open and one.ruling))


@dataclass(frozen=True, slots=True)
class DisputeDesk:
    """Takes and answers disputes."""

    adjuster: Adjuster

    def open(self, line_id: str, period: Period, team: str, comment: str, actor: str) -> Dispute:
        """Keep the question of the team that bears a line of a statement.

        Raises:
            InputError: When the comment is empty, or another team bears the line.
            NotFoundError: When the statements of the period have no such line.
            ConflictError: When the line is questioned already, or the period's facts changed since
                it was allocated.
        """
        comment = _said(comment, "a dispute needs a comment that says what is questioned")
        line = self.adjuster.line(line_id, period)
        if line.team != team:
            raise InputError(
                f"line {line_id} of {period} is borne by {line.team}, not by {team}; only the team"
                " that bears a line can question it"
            )
        at = self.adjuster.clock()
        dispute = Dispute(self.adjuster.new_id(), str(period), line_id, team, at, actor, comment)
        with self.adjuster.store.work() as work:
            work.closes.hold(str(period))
            for other in work.disputes.of(str(period)):
                if other.line_id == line_id and other.ruling is None:
                    raise ConflictError(
                        f"line {line_id} of {period} is questioned already by dispute {other.id}"
                    )
            work.disputes.open(dispute)
            detail = {"period": str(period), "line": line_id, "team": team}
            work.audit.add(AuditEntry(at, actor, "dispute.open", f"dispute {dispute.id}", detail))
        return dispute

    def answer(
        self, dispute_id: UUID, outcome: Outcome, text: str, actor: str, move: Move | None = None
    ) -> Answered:
        """Accept or refuse a dispute, once, or comment on it.

        Args:
            dispute_id: The dispute.
            outcome: What the answer does to it.
            text: What is answered.
            actor: Who answers.
            move: Of an accepted one, what another team bears from now on: posted in the period of
                the line while that is open, else in the next open one.

        Raises:
            NotFoundError: When there is no such dispute, or its line is gone.
            InputError: When the text is empty, or the move is none that the line allows.
            ConflictError: When it was accepted or refused before, the period is closed and no later
                open one has bills yet, or the period's facts changed since it was allocated.
            PeriodClosedError: When the period to post in was closed meanwhile.
        """
        text = _said(text, "an answer needs a text that says why")
        if move is not None and outcome is not Outcome.ACCEPTED:
            raise InputError("only an accepted dispute moves an amount to another team")
        with self.adjuster.store.work() as work:
            dispute = _known(dispute_id, work)
        adjustment = None if move is None else self.adjuster.draft(dispute, move)
        with self.adjuster.store.work() as work:
            # Whoever rules holds the period, so that there is one ruling and one adjustment.
            work.closes.hold(dispute.period)
            dispute = _known(dispute_id, work)
            _check_unruled(dispute, outcome)
            batch, posting = None, None
            if adjustment is not None:
                batch = self.adjuster.post(adjustment, dispute, actor, work)
                posting = adjustment.posting
            answer = DisputeAnswer(
                self.adjuster.new_id(),
                dispute_id,
                self.adjuster.clock(),
                actor,
                outcome,
                text,
                batch,
            )
            work.disputes.answer(answer)
            work.audit.add(_audit(answer, posting))
        return Answered(replace(dispute, answers=(*dispute.answers, answer)), posting)


def _said(text: str, refusal: str) -> str:
    if not text.strip():
        raise InputError(refusal)
    return text.strip()


def _known(dispute_id: UUID, work: UnitOfWork) -> Dispute:
    dispute = work.disputes.get(dispute_id)
    if dispute is None:
        raise NotFoundError(f"there is no dispute {dispute_id}")
    return dispute


def _check_unruled(dispute: Dispute, outcome: Outcome) -> None:
    if dispute.ruling and outcome is not Outcome.COMMENT:
        raise ConflictError(
            f"dispute {dispute.id} was {dispute.ruling.outcome} by {dispute.ruling.by};"
            " it can be commented on only"
        )


def _audit(answer: DisputeAnswer, posting: Posting | None) -> AuditEntry:
    detail: dict[str, object] = {"outcome": str(answer.outcome)}
    if posting is not None:
        entry, amount = posting.entry, posting.amount
        detail |= {
            "batch": str(answer.batch_id),
            "period": entry.period,
            "debit": str(entry.debit),
            "credit": str(entry.credit),
            "amount": f"{amount.text()} {amount.currency}",
        }
    return AuditEntry(
        answer.at, answer.by, "dispute.answer", f"dispute {answer.dispute_id}", detail
    )
