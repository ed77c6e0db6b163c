"""Disputes and their answers in PostgreSQL."""

from dataclasses import replace
from datetime import timedelta
from uuid import UUID

import pytest

from service.domain.disputes import Dispute, DisputeAnswer, Outcome
from service.errors import ConflictError, NotFoundError
from service.store.store import Store
from tests.service.store.books import NOVEMBER, OCTOBER, SHARE, batch
from tests.service.store.values import NOW

OURS = Dispute(
    id=UUID(int=1),
    period=OCTOBER,
    line_id="00000000000000aa",
    team="vision",
    opened_at=NOW,
    opened_by="ann",
    comment="we did not run in that week",
)
THEIRS = replace(OURS, id=UUID(int=2), team="nlp", opened_at=NOW + timedelta(minutes=1))
COMMENT = DisputeAnswer(
    id=UUID(int=12),
    dispute_id=OURS.id,
    at=NOW + timedelta(hours=1),
    by="cli:bob",
    outcome=Outcome.COMMENT,
    text="we look at the samples",
)
ACCEPTED = replace(
    COMMENT,
    id=UUID(int=11),
    at=NOW + timedelta(hours=2),
    outcome=Outcome.ACCEPTED,
    text="the node was nlp's",
    batch_id=UUID(int=5),
)


def test_a_dispute_comes_back_with_its_answers_and_the_adjusting_batch(store: Store) -> None:
    """A comment, then an acceptance with batch 5: two answers, oldest first."""
    with store.work() as work:
        work.disputes.open(OURS)
        work.disputes.open(THEIRS)
        work.ledger.add(batch(5), [SHARE])
        work.disputes.answer(ACCEPTED)
        work.disputes.answer(COMMENT)

    with store.work() as work:
        found = (work.disputes.of(OCTOBER), work.disputes.get(OURS.id), work.disputes.of(NOVEMBER))

    answered = replace(OURS, answers=(COMMENT, ACCEPTED))
    assert found == ((answered, THEIRS), answered, ())


def test_a_team_sees_its_own_disputes_and_answers_only(store: Store) -> None:
    """Vision opened one, which was answered, and nlp another; each session sees one."""
    with store.work() as work:
        work.disputes.open(OURS)
        work.disputes.open(THEIRS)
        work.disputes.answer(COMMENT)

    with store.work(frozenset({"vision"})) as work:
        ours = (work.disputes.of(OCTOBER), work.disputes.get(THEIRS.id))
    with store.work(frozenset({"nlp"})) as work:
        theirs = (work.disputes.of(OCTOBER), work.disputes.get(OURS.id))

    assert ours == ((replace(OURS, answers=(COMMENT,)),), None)
    assert theirs == ((THEIRS,), None)


def test_a_team_opens_and_comments_its_own_disputes(store: Store) -> None:
    """A session of vision opens a dispute and comments it; nlp's session finds none to answer."""
    with store.work(frozenset({"vision"})) as work:
        work.disputes.open(OURS)
        work.disputes.answer(COMMENT)

    with (
        pytest.raises(NotFoundError, match="there is no dispute 00000000"),
        store.work(frozenset({"nlp"})) as work,
    ):
        work.disputes.answer(replace(COMMENT, id=UUID(int=13)))

    with store.work() as work:
        assert work.disputes.get(OURS.id) == replace(OURS, answers=(COMMENT,))


def test_an_answer_names_a_batch_that_exists(store: Store) -> None:
    """Batch 5 was never posted, so the acceptance that names it is refused."""
    with store.work() as work:
        work.disputes.open(OURS)

    with pytest.raises(ConflictError, match="batch_id"), store.work() as work:
        work.disputes.answer(ACCEPTED)

    with store.work() as work:
        assert work.disputes.get(OURS.id) == OURS


@pytest.mark.parametrize("outcome", [Outcome.ACCEPTED, Outcome.REFUSED, Outcome.COMMENT])
def test_every_outcome_can_be_answered(store: Store, outcome: Outcome) -> None:
    """The database knows the outcomes that the domain knows."""
    with store.work() as work:
        work.disputes.open(OURS)
        work.disputes.answer(replace(COMMENT, outcome=outcome))

    with store.work() as work:
        (found,) = work.disputes.of(OCTOBER)

    assert [answer.outcome for answer in found.answers] == [outcome]
