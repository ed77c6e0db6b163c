"""Posting holds what is newest, takes any text of a bill, and a close waits for set-aside rows."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from service.bootstrap import Wiring
from service.domain.ledger import balances_of
from service.domain.money import Money
from service.errors import ConflictError
from service.store.store import Store, UnitOfWork
from service.usecases.ledger.post_period import post_period
from service.usecases.ledger.statements import period_lines, statements_of
from service.usecases.report_costs import report_costs
from service.usecases.report_savings import report_savings
from tests.service.closing import NOVEMBER, OCTOBER, Company, charge, of_november, usd
from tests.service.facts import Row, put

SET_ASIDE: Row = {
    "kind": "focus",
    "file_name": "bill.csv",
    "record_number": 7,
    "reason": "BilledCost is no number",
    "record": "{}",
}


@pytest.fixture
def company(wiring: Wiring, tmp_path: Path) -> Company:
    """A company without any bill."""
    return Company.of(wiring, tmp_path)


@dataclass
class SlowStore:
    """The store as a poster sees it before whose hold of a period something happens."""

    store: Store
    before: list[Callable[[], object]]

    @contextmanager
    def work(self) -> Iterator[UnitOfWork]:
        """Open a transaction of the store."""
        with self.store.work() as work:
            hold = work.closes.hold

            def late(period: str) -> None:
                while self.before:
                    self.before.pop()()
                hold(period)

            work.closes.hold = late  # type: ignore[method-assign]
            yield work


def post_slowly(company: Company, *before: Callable[[], object]) -> None:
    """Post October, whose books were read before all this happened."""
    store = SlowStore(company.parts.store, list(before))
    post_period(OCTOBER, **(company.wires() | {"store": store}), actor="slow")


def balances(company: Company, period: str) -> dict[str, Money]:
    """Return what each account has in a period, where it is not 0."""
    with company.parts.store.work() as work:
        found = balances_of(work.ledger.sums(period=period))
    return {str(account): amount for (account, _), amount in found.items() if amount.pico}


def test_who_read_long_ago_does_not_take_back_what_is_newer(company: Company) -> None:
    """A poster read 60; 65 were allocated and posted meanwhile: it is refused, and 65 stay."""
    company.load(OCTOBER, charge("60", "111"))

    def newer() -> None:
        company.load(OCTOBER, charge("65", "111"))
        company.post(OCTOBER)

    with pytest.raises(ConflictError, match="2026-10 was allocated anew meanwhile; post it again"):
        post_slowly(company, newer)

    assert balances(company, "2026-10") == {"payable:AWS": usd("-65"), "team:vision": usd("65")}
    assert company.post(OCTOBER).postings == 0


def test_who_read_before_a_late_bill_does_not_take_its_correction_back(company: Company) -> None:
    """September is closed with 60; its 5 that come late are posted in October and stay there."""
    september = OCTOBER.previous
    company.load(september, charge("60", "111"))
    company.closer().close(september, approver="cli:ada")
    company.load(OCTOBER, charge("1", "222"))

    def newer() -> None:
        company.load(september, charge("65", "111"))
        company.post(OCTOBER)

    with pytest.raises(ConflictError, match="2026-10 was allocated anew meanwhile"):
        post_slowly(company, newer)

    assert balances(company, "2026-10")["team:vision"] == usd("5")


def test_who_read_long_ago_posts_while_nothing_is_newer(company: Company) -> None:
    """November's bill came meanwhile, which is nothing to October's 60."""
    company.load(OCTOBER, charge("60", "111"))

    post_slowly(company, lambda: company.load(NOVEMBER, of_november("1", "111")))

    assert balances(company, "2026-10")["team:vision"] == usd("60")


def test_set_aside_rows_of_a_late_bill_hinder_the_close_that_tells_it(company: Company) -> None:
    """Two rows of October and one of no known month: November, which corrects October, waits."""
    company.load(OCTOBER, charge("60", "111"))
    company.closer().close(OCTOBER, approver="cli:ada")
    company.load(NOVEMBER, of_november("1", "111"))
    company.load(OCTOBER, charge("65", "111"))
    put(company.parts.lake, "quarantine", [SET_ASIDE, SET_ASIDE], period="2026-10")
    put(company.parts.lake, "quarantine", [SET_ASIDE], period="")

    found = company.closer().hindrances(NOVEMBER, "the board meets tomorrow")

    assert found == (
        "1 rows of 2026-11 are quarantined",
        "2 rows of 2026-10, which 2026-11 corrects, are quarantined",
    )


def test_set_aside_rows_of_a_month_that_is_not_corrected_hinder_nothing(company: Company) -> None:
    """October stands as it was closed, so what was set aside of it is not November's."""
    company.load(OCTOBER, charge("60", "111"))
    company.closer().close(OCTOBER, approver="cli:ada")
    company.load(NOVEMBER, of_november("1", "111"))
    put(company.parts.lake, "quarantine", [SET_ASIDE], period="2026-10")

    assert company.closer().hindrances(NOVEMBER) == ()


def test_a_month_that_was_closed_without_a_row_costs_nothing(company: Company) -> None:
    """October's bill had no row: its reports are empty, and before the close it says so."""
    company.load(OCTOBER)
    with pytest.raises(ConflictError, match="have no valid row"):
        report_costs(OCTOBER, **company.asks())

    closed = company.closer().close(OCTOBER, approver="cli:ada")

    found = report_costs(OCTOBER, **company.asks())
    assert (found.run.id, found.rows) == (closed.allocation_run, ())
    assert report_savings(OCTOBER, **company.asks()).rows == ()


def test_a_text_that_the_database_cannot_hold_does_not_hinder_posting(company: Company) -> None:
    """NUL in an invoice and a service is kept as U+FFFD: posted once, closed and proven."""
    company.load(OCTOBER, charge("60", "111", "A\0B", ServiceName="S\0" + "3"))

    posted = company.post(OCTOBER)

    assert (posted.postings > 0, company.post(OCTOBER).postings) == (True, 0)
    closed = company.closer().close(OCTOBER, approver="cli:ada")
    assert company.verify(closed.head).holds
    [line] = period_lines(OCTOBER, **company.asks()).lines
    assert line.service == "S\ufffd3"
    with company.parts.store.work() as work:
        invoices = {posting.entry.invoice for posting in work.ledger.postings("2026-10")}
    assert "A\ufffdB" in invoices


def test_figures_are_final_through_the_month_before_the_oldest_open_one(company: Company) -> None:
    """October is closed, then a bill of September comes: November's figures rest on no month."""
    company.load(OCTOBER, charge("60", "111"))
    company.closer().close(OCTOBER, approver="cli:ada")
    company.load(NOVEMBER, of_november("1", "111"))
    parts = {**company.asks(), "company": "c", "clock": company.parts.clock}
    [before] = statements_of(NOVEMBER, **parts)

    company.load(OCTOBER.previous, charge("5", "111"))

    [after] = statements_of(NOVEMBER, **parts)
    assert (str(before.final_through), after.final_through) == ("2026-10-31", None)
