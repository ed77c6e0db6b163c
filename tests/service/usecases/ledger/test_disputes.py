"""A team questions a line; what is accepted is moved by a posting, and stands on statements."""

from decimal import Decimal
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from service.bootstrap import Wiring
from service.domain.disputes import Dispute, Outcome
from service.domain.ledger import balances_of
from service.domain.money import Money, money_sums
from service.domain.periods import Period
from service.errors import ConflictError, InputError, NotFoundError
from service.usecases.ledger.adjust_line import Adjuster, Move
from service.usecases.ledger.disputes import DisputeDesk, disputes_of
from service.usecases.ledger.reconcile import reconcile_period
from service.usecases.ledger.statements import period_lines
from tests.service.closing import NOVEMBER, OCTOBER, Company, charge, committed, of_november, usd

pytestmark = pytest.mark.slow  # Each test closes months of a company of its own.

WE, YOU = "cli:vera", "cli:ada"
OLD_POLICY = """
version: 1
effective_from: 2026-08-01
teams: [{name: vision}]
rules: [{match: {account: "111"}, team: vision}]
"""


@pytest.fixture
def company(wiring: Wiring, tmp_path: Path) -> Company:
    """October: 60 of vision, 30 of nlp, a credit of -6 of vision in S3, 10 shared, 1 unused."""
    found = Company.of(wiring, tmp_path)
    found.load(
        OCTOBER,
        charge("60", "111"),
        charge("30", "222"),
        charge("-6", "111", ServiceName="S3"),
        charge("10", "333"),
        committed("1", "1", "Unused", "222"),
    )
    return found


@pytest.fixture
def desk(company: Company) -> DisputeDesk:
    """What takes and answers disputes of the company."""
    return DisputeDesk(Adjuster(**company.wires()))


def read(company: Company) -> dict[str, Any]:
    """Return what reading needs."""
    wires = company.wires()
    return {name: wires[name] for name in ("lake", "engine", "store")}


def line_id(company: Company, team: str, amount: str, period: Period = OCTOBER) -> str:
    """Return the id of the one line of a team with this effective cost."""
    found = period_lines(period, **read(company)).lines
    [one] = [line for line in found if (line.team, line.effective) == (team, usd(amount))]
    return one.id


def told(company: Company, period: Period) -> list[tuple[str, str, str, str]]:
    """Return the adjustments on the statements of a period: team, line, amount, origin."""
    lines = period_lines(period, **read(company)).lines
    found = [line for line in lines if line.method_id == "adjustment"]
    return sorted((one.team, one.line, one.effective.text(), one.origin_period) for one in found)


def dispute(desk: DisputeDesk, company: Company, team: str, amount: str) -> Dispute:
    """Question the line of a team with this amount in October."""
    return desk.open(line_id(company, team, amount), OCTOBER, team, "not ours", WE)


def moved(team: str, amount: str) -> Move:
    """Return a move to a team."""
    return Move(team, Decimal(amount))


def balances(company: Company) -> dict[str, Money]:
    """Return what each account has over all periods, where it is not 0."""
    with company.parts.store.work() as work:
        found = balances_of(work.ledger.sums())
    return {str(account): amount for (account, _), amount in found.items() if amount.pico}


def test_an_accepted_dispute_moves_a_part_of_the_line_in_its_open_period(
    company: Company, desk: DisputeDesk
) -> None:
    """Vision bears 60 and says that 20 are nlp's: 60 - 20 and 30 + 20; all balances sum to 0."""
    company.post(OCTOBER)
    opened = dispute(desk, company, "vision", "60")

    answered = desk.answer(opened.id, Outcome.ACCEPTED, "true", YOU, moved("nlp", "20"))

    assert answered.posting is not None
    assert str(answered.posting.entry.debit) == "team:nlp"
    assert told(company, OCTOBER) == [
        ("nlp", "adjustment", "20.00", ""),
        ("vision", "adjustment", "-20.00", ""),
    ]
    found = balances(company)
    assert (found["team:vision"], found["team:nlp"]) == (usd("39"), usd("55"))
    assert money_sums(found.values()) == {"USD": usd("0")}
    assert company.post(OCTOBER).postings == 0
    assert reconcile_period(OCTOBER, **read(company)).agrees


def test_the_answer_names_the_batch_and_the_audit_trail_both_acts(
    company: Company, desk: DisputeDesk
) -> None:
    """The batch of the answer holds the one posting, by who answered, because of the dispute."""
    opened = dispute(desk, company, "vision", "60")

    answered = desk.answer(opened.id, Outcome.ACCEPTED, "true", YOU, moved("nlp", "20"))

    with company.parts.store.work() as work:
        [stored] = work.disputes.of("2026-10")
        [batch] = work.ledger.batches("2026-10")
        postings = work.ledger.of_batch(batch.id)
        trail = {entry.action: entry for entry in work.audit.latest(9)}
    assert stored == answered.dispute
    assert stored.answers[-1].batch_id == batch.id
    assert (batch.actor, batch.reason) == (YOU, f"dispute {opened.id}")
    assert postings == (answered.posting,)
    assert trail["dispute.open"].actor == WE
    assert trail["dispute.answer"].detail == {
        "outcome": "accepted",
        "batch": str(batch.id),
        "period": "2026-10",
        "debit": "team:nlp",
        "credit": "team:vision",
        "amount": "20.00 USD",
    }


def test_a_period_closes_with_its_adjustments_and_verifies(
    company: Company, desk: DisputeDesk
) -> None:
    """The lines of the closed statement have the adjustment; recomputed they are the same."""
    opened = dispute(desk, company, "vision", "60")
    desk.answer(opened.id, Outcome.ACCEPTED, "true", YOU, moved("nlp", "20"))

    closed = company.closer().close(OCTOBER, approver="cli:ada")

    assert company.verify(closed.head).holds
    assert [one[:3] for one in told(company, OCTOBER)] == [
        ("nlp", "adjustment", "20.00"),
        ("vision", "adjustment", "-20.00"),
    ]
    assert reconcile_period(OCTOBER, **read(company)).agrees


def test_a_line_of_a_closed_period_is_adjusted_in_the_next_open_one(
    company: Company, desk: DisputeDesk
) -> None:
    """October stays as it was closed; November's statements tell of October's 20."""
    closed = company.closer().close(OCTOBER, approver="cli:ada")
    company.load(NOVEMBER, of_november("1", "111"))
    opened = dispute(desk, company, "vision", "60")

    desk.answer(opened.id, Outcome.ACCEPTED, "true", YOU, moved("nlp", "20"))

    assert told(company, OCTOBER) == []
    assert told(company, NOVEMBER) == [
        ("nlp", "adjustment", "20.00", "2026-10"),
        ("vision", "adjustment", "-20.00", "2026-10"),
    ]
    later = company.closer().close(NOVEMBER, approver="cli:ada")
    assert company.verify(closed.head, later.head).holds
    assert money_sums(balances(company).values()) == {"USD": usd("0")}


def test_a_correction_of_a_closed_period_leaves_its_adjustments_alone(
    company: Company, desk: DisputeDesk
) -> None:
    """October was adjusted and closed; 5 more of nlp come late: November tells these 5 only."""
    opened = dispute(desk, company, "vision", "60")
    desk.answer(opened.id, Outcome.ACCEPTED, "true", YOU, moved("nlp", "20"))
    company.closer().close(OCTOBER, approver="cli:ada")
    company.load(NOVEMBER, of_november("1", "111"))

    company.load(
        OCTOBER,
        charge("60", "111"),
        charge("35", "222"),
        charge("-6", "111", ServiceName="S3"),
        charge("10", "333"),
        committed("1", "1", "Unused", "222"),
    )

    corrected = [one for one in period_lines(NOVEMBER, **read(company)).lines if one.origin_period]
    assert [(one.team, one.effective) for one in corrected] == [("nlp", usd("5"))]
    company.closer().close(NOVEMBER, approver="cli:ada")
    assert company.verify().holds


def test_without_a_later_bill_nothing_can_be_moved_of_a_closed_period(
    company: Company, desk: DisputeDesk
) -> None:
    """November never gets a bill: refused until December has one, and told on its statements."""
    company.closer().close(OCTOBER, approver="cli:ada")
    opened = dispute(desk, company, "vision", "60")

    with pytest.raises(ConflictError, match="load a bill of the next month first"):
        desk.answer(opened.id, Outcome.ACCEPTED, "true", YOU, moved("nlp", "20"))
    december = NOVEMBER.next
    company.load(december, charge("1", "111"))
    answered = desk.answer(opened.id, Outcome.ACCEPTED, "true", YOU, moved("nlp", "20"))

    assert answered.posting is not None
    assert answered.posting.entry.period == "2026-12"
    assert told(company, december) == [
        ("nlp", "adjustment", "20.00", "2026-10"),
        ("vision", "adjustment", "-20.00", "2026-10"),
    ]


def test_a_credit_is_moved_as_the_credit_that_it_is(company: Company, desk: DisputeDesk) -> None:
    """Of vision's -6 nlp shall have -2: nlp bears 2 less, vision 2 more."""
    opened = dispute(desk, company, "vision", "-6")

    desk.answer(opened.id, Outcome.ACCEPTED, "half", YOU, moved("nlp", "-2"))

    assert [one[:3] for one in told(company, OCTOBER)] == [
        ("nlp", "adjustment", "-2.00"),
        ("vision", "adjustment", "2.00"),
    ]


def test_what_was_unused_leaves_the_account_on_which_it_stands(
    company: Company, desk: DisputeDesk
) -> None:
    """The plan's unused 1 of nlp was kept for vision: it leaves nlp's line of unused cost."""
    opened = dispute(desk, company, "nlp", "1")

    desk.answer(opened.id, Outcome.ACCEPTED, "kept for you", YOU, moved("vision", "1"))

    assert told(company, OCTOBER) == [
        ("nlp", "unused_commitment", "-1.00", ""),
        ("vision", "adjustment", "1.00", ""),
    ]


def test_all_disputes_about_a_line_together_move_at_most_what_it_has(
    company: Company, desk: DisputeDesk
) -> None:
    """Of 60, 50 were moved: 10.01 more is too much, and 10 are the rest."""
    first = dispute(desk, company, "vision", "60")
    desk.answer(first.id, Outcome.ACCEPTED, "true", YOU, moved("nlp", "50"))
    second = dispute(desk, company, "vision", "60")

    with pytest.raises(InputError, match=r"has 60.00 USD, of which 50.00 were moved before; 10.01"):
        desk.answer(second.id, Outcome.ACCEPTED, "true", YOU, moved("nlp", "10.01"))
    answered = desk.answer(second.id, Outcome.ACCEPTED, "true", YOU, moved("nlp", "10"))

    assert answered.dispute.ruling is not None
    assert told(company, OCTOBER)[0][2] == "60.00"


def test_an_adjustment_can_be_questioned_and_moved_on(company: Company, desk: DisputeDesk) -> None:
    """Of the 20 that came to nlp 14 go to platform and then 6: what is left is what counts."""
    first = dispute(desk, company, "vision", "60")
    desk.answer(first.id, Outcome.ACCEPTED, "true", YOU, moved("nlp", "20"))
    for left, amount in (("20", "14"), ("6", "6")):
        next_ = dispute(desk, company, "nlp", left)
        desk.answer(next_.id, Outcome.ACCEPTED, "no", YOU, moved("platform", amount))

    assert [one[:3] for one in told(company, OCTOBER)] == [
        ("platform", "adjustment", "20.00"),
        ("vision", "adjustment", "-20.00"),
    ]


def test_an_answered_dispute_takes_comments_only(company: Company, desk: DisputeDesk) -> None:
    """It was refused: it can neither be accepted nor refused again, and said something about."""
    opened = dispute(desk, company, "vision", "60")
    desk.answer(opened.id, Outcome.COMMENT, "we look", YOU)
    desk.answer(opened.id, Outcome.REFUSED, "it ran on your account", YOU)

    with pytest.raises(ConflictError, match="was refused by cli:ada; it can be commented on only"):
        desk.answer(opened.id, Outcome.ACCEPTED, "well", YOU, moved("nlp", "1"))
    last = desk.answer(opened.id, Outcome.COMMENT, "see the ticket", WE)

    assert [one.outcome for one in last.dispute.answers] == ["comment", "refused", "comment"]
    assert told(company, OCTOBER) == []


def test_only_who_bears_a_line_that_exists_can_question_it_once(
    company: Company, desk: DisputeDesk
) -> None:
    """Another team, no such line, an empty comment, and a question that is open already."""
    line = line_id(company, "vision", "60")
    desk.open(line, OCTOBER, "vision", "not ours", WE)

    with pytest.raises(InputError, match="is borne by vision, not by nlp"):
        desk.open(line, OCTOBER, "nlp", "not ours", WE)
    with pytest.raises(NotFoundError, match="have no line 0000"):
        desk.open("0000", OCTOBER, "vision", "not ours", WE)
    with pytest.raises(InputError, match="needs a comment"):
        desk.open(line, OCTOBER, "vision", " ", WE)
    with pytest.raises(ConflictError, match="is questioned already by dispute"):
        desk.open(line, OCTOBER, "vision", "again", WE)


@pytest.mark.parametrize(
    ("move", "refusal"),
    [
        (moved("nlp", "60.01"), "60.01 is too much"),
        (moved("nlp", "-1"), "-1 cannot be moved of a line of 60.00 USD"),
        (moved("nlp", "0"), "0 cannot be moved"),
        (moved("nlp", "NaN"), "NaN is no amount of USD"),
        (moved("nlp", "0.0000000000001"), "with up to 12 decimals"),
        (moved("vision", "1"), "vision bears line"),
        (moved("sales", "1"), "has no team sales; accepted are nlp, platform, vision"),
    ],
    ids=["more", "sign", "nothing", "no-number", "too-fine", "same-team", "unknown-team"],
)
def test_a_move_that_the_line_does_not_allow_changes_nothing(
    company: Company, desk: DisputeDesk, move: Move, refusal: str
) -> None:
    """The dispute stays open, and nothing is posted."""
    opened = dispute(desk, company, "vision", "60")

    with pytest.raises(InputError, match=refusal):
        desk.answer(opened.id, Outcome.ACCEPTED, "true", YOU, move)

    assert disputes_of(OCTOBER, store=company.parts.store, only_open=True) == (opened,)
    assert balances(company) == {}


def test_an_answer_needs_a_text_a_dispute_and_acceptance_to_move_anything(
    company: Company, desk: DisputeDesk
) -> None:
    """Three refusals."""
    opened = dispute(desk, company, "vision", "60")

    with pytest.raises(InputError, match="needs a text"):
        desk.answer(opened.id, Outcome.REFUSED, "", YOU)
    with pytest.raises(InputError, match="only an accepted dispute moves"):
        desk.answer(opened.id, Outcome.REFUSED, "no", YOU, moved("nlp", "1"))
    with pytest.raises(NotFoundError, match="there is no dispute"):
        desk.answer(UUID(int=7), Outcome.REFUSED, "no", YOU)


def test_disputes_are_listed_by_period_and_by_what_is_open(
    company: Company, desk: DisputeDesk
) -> None:
    """Two of October, one of them accepted without a move; none of November."""
    first = dispute(desk, company, "vision", "60")
    second = dispute(desk, company, "nlp", "30")
    ruled = desk.answer(first.id, Outcome.ACCEPTED, "true", YOU).dispute
    store = company.parts.store

    assert disputes_of(None, store=store) == (ruled, second)
    assert disputes_of(OCTOBER, store=store, only_open=True) == (second,)
    assert disputes_of(NOVEMBER, store=store) == ()


def test_what_is_adjusted_while_a_period_closes_is_not_lost(
    company: Company, desk: DisputeDesk
) -> None:
    """The lines were read before the adjustment came: the close is refused, again it is done."""
    opened = dispute(desk, company, "vision", "60")
    closer = company.closer()
    looks: list[object] = []

    def answer_meanwhile() -> None:
        if not looks:
            looks.append(desk.answer(opened.id, Outcome.ACCEPTED, "x", YOU, moved("nlp", "20")))

    def clock() -> Any:  # noqa: ANN401 -- the moment that the company's own clock says
        answer_meanwhile()
        return company.parts.clock()

    company.post(OCTOBER)
    hurried = type(closer)(
        **{name: getattr(closer, name) for name in ("rule", "lake", "engine", "store", "new_id")},
        clock=clock,
    )

    with pytest.raises(ConflictError, match="was posted to meanwhile; close it again"):
        hurried.close(OCTOBER, approver="cli:ada")

    assert company.verify(closer.close(OCTOBER, approver="cli:ada").head).holds
