"""A closed period never changes: what comes late is told in the next open one; all is proven."""

from pathlib import Path

import pytest

from service.bootstrap import Wiring
from service.domain.ledger import balances_of
from service.domain.money import Money
from service.store.repositories.closed import PeriodClosedError
from service.usecases.ledger.close_period import NotClosableError
from service.usecases.ledger.statements import statements_of
from service.usecases.report_costs import report_costs
from tests.service.closing import NOVEMBER, OCTOBER, Company, charge, committed, of_november, usd


@pytest.fixture
def company(wiring: Wiring, tmp_path: Path) -> Company:
    """A company with October's bills: 60 + 30 of its own, 10 to share, a plan of 8 half used."""
    found = Company.of(wiring, tmp_path)
    found.load(
        OCTOBER,
        charge("60", "111"),
        charge("30", "222"),
        charge("10", "333"),
        committed("8", "0", None, "111"),
        committed("0", "4", "Used", "111"),
        committed("0", "1", "Unused", "222"),
    )
    return found


def owed(company: Company, team: str) -> list[tuple[str, str, str]]:
    """Return the lines of November's statement that correct October: line, amount, reason."""
    clock, asks = company.parts.clock, company.asks()
    [one] = statements_of(NOVEMBER, company="c", clock=clock, **asks, teams=frozenset({team}))
    return [
        (line.line, line.effective.text(), line.reason) for line in one.lines if line.origin_period
    ]


def test_the_ledger_holds_the_bills_the_plan_and_what_teams_bear(company: Company) -> None:
    """Payable 60 + 30 + 10 + 8; prepaid 8 - 4 - 1; vision 60 + 5 + 4; nlp 30 + 5, and 1 unused."""
    posted = company.post(OCTOBER)

    with company.parts.store.work() as work:
        found = balances_of(work.ledger.sums(period="2026-10"))
    assert posted.postings == 9
    assert {str(account): amount.text() for (account, _), amount in found.items()} == {
        "cost": "0.00",
        "payable:AWS": "-108.00",
        "pool:gateway": "0.00",
        "prepaid:sp-1": "3.00",
        "team:nlp": "35.00",
        "team:vision": "69.00",
        "unused_commitment:nlp": "1.00",
    }
    assert sum((amount.pico for amount in found.values()), 0) == 0


def test_posting_again_posts_nothing(company: Company) -> None:
    """The ledger holds it already."""
    company.post(OCTOBER)

    assert company.post(OCTOBER).postings == 0


def test_an_open_period_is_posted_by_its_difference(company: Company) -> None:
    """A new bill of 5 of account 111 moves payable and vision by 5, and nothing else."""
    company.post(OCTOBER)
    company.load(OCTOBER, charge("65", "111"), charge("30", "222"))

    company.post(OCTOBER)

    with company.parts.store.work() as work:
        found = balances_of(work.ledger.sums(period="2026-10"))
    kept = {str(account): amount for (account, _), amount in found.items() if amount.pico}
    assert kept == {"payable:AWS": usd("-95"), "team:vision": usd("65"), "team:nlp": usd("30")}


def test_a_late_bill_is_told_in_the_next_open_period(company: Company) -> None:
    """October is closed; 7 more of account 111 and a gateway of 12 come late: 7 + 1 for vision."""
    closed = company.closer().close(OCTOBER, approver="cli:ada")
    company.load(NOVEMBER, of_november("1", "111"))
    company.load(
        OCTOBER,
        charge("67", "111"),
        charge("30", "222"),
        charge("12", "333"),
        committed("8", "0", None, "111"),
        committed("0", "4", "Used", "111"),
        committed("0", "1", "Unused", "222"),
    )

    posted = company.post(NOVEMBER)

    assert posted.restated == ("2026-10",)
    assert sorted(owed(company, "vision")) == [
        ("direct", "7.00", "correction"),
        ("shared", "1.00", "correction"),
    ]
    assert owed(company, "nlp") == [("shared", "1.00", "correction")]
    told = report_costs(OCTOBER, **company.asks())
    assert {row.key: row.effective_cost for row in told.rows} == {
        "nlp": usd("36"),
        "vision": usd("69"),
    }
    with company.parts.store.work() as work:
        assert work.closes.of("2026-10") == closed
        about = balances_of(work.ledger.sums(origin_period="2026-10"))
    assert about[next(key for key in about if str(key[0]) == "payable:AWS")] == usd("-117")
    assert company.verify(closed.head).holds


def test_a_restatement_is_closed_and_not_told_twice(company: Company) -> None:
    """November holds the correction of 5; closed, December has nothing of October to tell."""
    company.closer().close(OCTOBER, approver="cli:ada")
    company.load(NOVEMBER, of_november("1", "111"))
    company.load(OCTOBER, charge("60", "111"), charge("30", "222"), charge("20", "333"))
    november = company.closer().close(NOVEMBER, approver="cli:ada")

    company.load(NOVEMBER.next, charge("2", "222"))
    december = company.post(NOVEMBER.next)

    assert set(november.restated) == {"2026-10"}
    assert december.postings == 2
    assert company.verify().holds
    with company.parts.store.work() as work:
        lines = work.statements.of("2026-11")
    moved = [line.effective for line in lines if line.origin_period == "2026-10"]
    assert sum(moved, Money.zero("USD")) == usd("110") - usd("105")


def test_a_new_policy_changes_no_closed_period(company: Company) -> None:
    """Account 111 goes to nlp from August on: October stays as it was closed."""
    closed = company.closer().close(OCTOBER, approver="cli:ada")

    company.apply((company.folder / "policy.yaml").read_text().replace("team: vision", "team: nlp"))

    company.load(NOVEMBER, of_november("1", "111"))
    assert company.post(NOVEMBER).restated == ()
    assert company.verify(closed.head).holds
    with company.parts.store.work() as work:
        lines = work.statements.of("2026-11") or work.statements.of("2026-10")
    assert {line.team for line in lines} == {"vision", "nlp"}


def test_a_closed_period_takes_no_posting(company: Company) -> None:
    """The use case says so, before the database would."""
    company.closer().close(OCTOBER, approver="cli:ada")

    with pytest.raises(PeriodClosedError, match="2026-10 is closed"):
        company.post(OCTOBER)
    with pytest.raises(PeriodClosedError, match="2026-10 is closed"):
        company.closer().close(OCTOBER, approver="cli:ada")


def test_what_hinders_a_close_is_said_whole(company: Company) -> None:
    """An account without an owner holds 10 of 115, and one charge of AWS is on no invoice yet."""
    company.load(OCTOBER, charge("60", "111"), charge("45", "222"), charge("10", "9", None))

    with pytest.raises(NotClosableError) as refused:
        company.closer().close(OCTOBER, approver="cli:ada")

    assert str(refused.value) == (
        "2026-10 was not closed: invoices are not final: AWS (no invoice yet);"
        " 8.70 % of the cost in USD is unallocated, more than 5 %"
    )


def test_a_person_may_close_over_what_may_still_move(company: Company) -> None:
    """The reason is kept with the close."""
    company.load(OCTOBER, charge("60", "111"), charge("10", "9"))

    closed = company.closer().close(OCTOBER, approver="cli:ada", reason="nobody will claim it")

    assert (closed.reason, closed.approver) == ("nobody will claim it", "cli:ada")
    assert company.verify(closed.head).holds


def test_periods_are_closed_by_rule_oldest_first(company: Company) -> None:
    """November is closed after October; its 30 days and ten more are over on 20 December."""
    company.load(NOVEMBER, of_november("1", "111"))

    closed = company.closer().close_by_rule()

    assert [one.period for one in closed] == ["2026-10", "2026-11"]
    assert {one.approver for one in closed} == {"rule"}
    assert company.verify(*(one.head for one in closed)).holds
