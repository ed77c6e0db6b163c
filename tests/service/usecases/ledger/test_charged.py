"""What statements charge is what the ledger holds, also by other costs and of closed months."""

from decimal import Decimal
from pathlib import Path

import pytest

from service.bootstrap import Wiring
from service.domain.disputes import Outcome
from service.domain.ledger import AccountKind, balances_of
from service.domain.money import Money, money_sums
from service.domain.periods import Period
from service.usecases.ledger.adjust_line import Adjuster, Move
from service.usecases.ledger.disputes import DisputeDesk
from service.usecases.ledger.explain import explain_line
from service.usecases.ledger.explained import Explanation
from service.usecases.ledger.reconcile import reconcile_period
from service.usecases.ledger.statements import period_lines, statements_of
from tests.service.closing import (
    NOVEMBER,
    OCTOBER,
    POLICY,
    Company,
    charge,
    committed,
    of_november,
    usd,
)


@pytest.fixture
def company(wiring: Wiring, tmp_path: Path) -> Company:
    """A company that has applied a policy, and loaded no bill yet."""
    return Company.of(wiring, tmp_path)


def charging(company: Company, cost: str, since: str = "2026-08-01") -> None:
    """Apply the policy with another cost that is charged."""
    text = POLICY.replace("2026-08-01", since)
    company.apply(text.replace("version: 1", f"version: 1\nchargeback: {{cost: {cost}}}"))


def told(company: Company, period: Period, origin: str = "") -> Money:
    """Return what the statements of a period charge vision of its own cost, or of another's."""
    lines = period_lines(period, **company.asks()).lines
    found = (
        line.charged for line in lines if (line.team, line.origin_period) == ("vision", origin)
    )
    return money_sums(found).get("USD", Money.zero("USD"))


def posted(company: Company, period: Period, origin: Period) -> Money:
    """Return what vision owes by the ledger of a period, of the cost of another."""
    with company.parts.store.work() as work:
        sums = work.ledger.sums(period=str(period), origin_period=str(origin))
        both = {key: sum_ for key, sum_ in sums.items() if key[0].period == str(period)}
    owed = (
        amount
        for (account, _), amount in balances_of(both).items()
        if (account.kind, account.name) == (AccountKind.TEAM, "vision")
    )
    return money_sums(owed).get("USD", Money.zero("USD"))


def corrected(company: Company) -> Explanation:
    """Explain the line on which November corrects what vision was charged for usage in October."""
    lines = period_lines(NOVEMBER, **company.asks()).lines
    (line,) = (
        one for one in lines if one.origin_period == str(OCTOBER) and one.charge_category == "Usage"
    )
    return explain_line(line.id, NOVEMBER, **company.asks())


def test_a_correction_is_charged_by_the_cost_that_its_month_was_closed_by(
    company: Company,
) -> None:
    """1000 prepaid, effective 0, come late to October, which charged effective cost: 0 are owed."""
    company.load(OCTOBER, charge("60", "111"))
    company.closer().close(OCTOBER, approver="cli:ada")
    charging(company, "billed", since="2026-11-01")
    company.load(NOVEMBER, of_november("1", "111"))
    company.load(OCTOBER, charge("60", "111"), committed("1000", "0", None, "111"))

    company.closer().close(NOVEMBER, approver="cli:ada")

    assert told(company, NOVEMBER, "2026-10") == posted(company, NOVEMBER, OCTOBER) == usd("0")
    assert told(company, NOVEMBER) == posted(company, NOVEMBER, NOVEMBER) == usd("1")
    assert company.verify().holds


def test_a_price_that_becomes_known_later_is_charged_less_what_was_charged(
    company: Company,
) -> None:
    """October charged 80, as it knew no contracted cost; that is 100, so November charges 20."""
    charging(company, "contracted")
    company.load(OCTOBER, charge("80", "111", ContractedCost=None))
    company.closer().close(OCTOBER, approver="cli:ada")
    company.load(NOVEMBER, of_november("1", "111"))
    company.load(OCTOBER, charge("80", "111", ContractedCost=Decimal(100)))

    company.closer().close(NOVEMBER, approver="cli:ada")

    assert told(company, OCTOBER) == posted(company, OCTOBER, OCTOBER) == usd("80")
    assert told(company, NOVEMBER, "2026-10") == posted(company, NOVEMBER, OCTOBER) == usd("20")
    assert company.verify().holds


def test_what_has_no_price_is_charged_at_effective_cost_within_a_line(company: Company) -> None:
    """90 at a contracted price of 100, and 50 without one, are 150 on one line: told and posted."""
    charging(company, "contracted")
    company.load(
        OCTOBER,
        charge("90", "111", ContractedCost=Decimal(100)),
        charge("50", "111", ContractedCost=None),
    )

    company.closer().close(OCTOBER, approver="cli:ada")

    (line,) = period_lines(OCTOBER, **company.asks()).lines
    assert (line.charged, line.effective, line.contracted) == (usd("150"), usd("140"), usd("100"))
    assert posted(company, OCTOBER, OCTOBER) == usd("150")
    assert reconcile_period(OCTOBER, **company.asks()).agrees
    assert company.verify().holds


def test_a_statement_tells_what_its_lines_charge(company: Company) -> None:
    """150 of vision, of which 50 have no contracted price; a line with a price counts as one."""
    charging(company, "contracted")
    company.load(
        OCTOBER,
        charge("90", "111", ContractedCost=Decimal(100)),
        charge("50", "111", ContractedCost=None),
        charge("7", "222", ContractedCost=None),
    )

    nlp, vision = statements_of(
        OCTOBER, company="Example Corp", clock=company.parts.clock, **company.asks()
    )

    assert (vision.total("USD").amount, vision.total("USD").unpriced) == (usd("150"), 0)
    assert (nlp.total("USD").amount, nlp.total("USD").unpriced) == (usd("7"), 1)


def test_the_explanation_of_a_line_comes_to_what_it_charges(company: Company) -> None:
    """Of 150, 100 are contracted and 50 effective: the rows of the line, and the lines of bills."""
    charging(company, "contracted")
    company.load(
        OCTOBER,
        charge("90", "111", ContractedCost=Decimal(100)),
        charge("50", "111", ContractedCost=None),
    )
    (line,) = period_lines(OCTOBER, **company.asks()).lines

    found = explain_line(line.id, OCTOBER, **company.asks())

    assert (found.amount, found.cost, found.found.amount) == (usd("150"), "contracted", usd("150"))
    assert [row.amount for row in found.found.rows] == [usd("100"), usd("50")]
    assert [one.amount for row in found.found.rows for one in row.cost_lines] == [
        usd("100"),
        usd("50"),
    ]


def test_the_explanation_of_a_correction_adds_up(company: Company) -> None:
    """80 were charged before, and the newest allocation says 100, so 20 more are owed."""
    charging(company, "contracted")
    company.load(OCTOBER, charge("80", "111", ContractedCost=None))
    company.closer().close(OCTOBER, approver="cli:ada")
    company.load(NOVEMBER, of_november("1", "111"))
    company.load(OCTOBER, charge("80", "111", ContractedCost=Decimal(100)))

    found = corrected(company)

    assert [one.amount for one in found.told] == [usd("80")]
    assert (found.found.amount, found.amount, found.cost) == (usd("100"), usd("20"), "contracted")


def test_a_correction_is_explained_by_the_cost_of_its_month(company: Company) -> None:
    """October charged 60 of effective cost; 65 now are 5 more, though November charges list."""
    company.load(OCTOBER, charge("60", "111", ListCost=Decimal(90)))
    company.closer().close(OCTOBER, approver="cli:ada")
    charging(company, "list", since="2026-11-01")
    company.load(NOVEMBER, of_november("1", "111"))
    company.load(OCTOBER, charge("65", "111", ListCost=Decimal(99)))

    found = corrected(company)

    assert [one.amount for one in found.told] == [usd("60")]
    assert (found.found.amount, found.amount, found.cost) == (usd("65"), usd("5"), "effective")


def test_all_that_a_line_charges_can_be_moved(company: Company) -> None:
    """The 150 that a line of 140 charges go to nlp, and the month still reconciles."""
    charging(company, "contracted")
    company.load(
        OCTOBER,
        charge("90", "111", ContractedCost=Decimal(100)),
        charge("50", "111", ContractedCost=None),
    )
    company.post(OCTOBER)
    (line,) = period_lines(OCTOBER, **company.asks()).lines
    desk = DisputeDesk(Adjuster(**company.wires()))
    dispute = desk.open(line.id, OCTOBER, "vision", "it was lent to nlp", "cli:eve")

    desk.answer(dispute.id, Outcome.ACCEPTED, "so it was", "cli:ada", Move("nlp", Decimal(150)))

    assert told(company, OCTOBER) == posted(company, OCTOBER, OCTOBER) == usd("0")
    assert reconcile_period(OCTOBER, **company.asks()).agrees
