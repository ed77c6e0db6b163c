"""What hinders a close: wrong figures always, unsettled ones unless a person says why not."""

from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest

from service.domain.hindrances import ClosingFacts, ClosingRule, hindrances
from service.domain.money import Money
from service.domain.periods import Period
from service.domain.reporting import RateKey, missing_rate
from tests.service.books import euro, usd

RULE = ClosingRule(unallocated_limit_percent=Decimal(5), settle_days=7)
FACTS = ClosingFacts(Period("2026-10"), date(2026, 11, 8))


def test_a_settled_period_that_is_right_may_be_closed_by_rule() -> None:
    """Seven days after October, a cent of difference and 5 % without an owner: nothing hinders."""
    facts = replace(
        FACTS,
        differences=[("AWS INV-1", usd("-0.01"))],
        unallocated={"USD": (usd("5"), usd("100")), "EUR": (euro("0"), euro("0"))},
    )

    assert hindrances(facts, RULE) == ()


def test_what_is_wrong_hinders_whatever_anybody_says() -> None:
    """Six sentences, by rule and with a reason alike."""
    facts = ClosingFacts(
        Period("2026-10"),
        date(2026, 10, 31),
        quarantined_rows=3,
        quarantined_corrections={"2026-09": 2},
        differences=[("AWS INV-1", usd("0.01")), ("AWS INV-2", usd("0.02"))],
        stale=True,
        earlier_open=("2026-09", "2026-08"),
    )

    found = hindrances(facts, RULE, "the board meets tomorrow")

    assert found == (
        "2026-10 is not over before 2026-11-01",
        "earlier periods are not closed: 2026-08, 2026-09",
        "the allocation of 2026-10 is older than its bills, usage or policy",
        "3 rows of 2026-10 are quarantined",
        "2 rows of 2026-09, which 2026-10 corrects, are quarantined",
        "invoice AWS INV-2 and the ledger differ by 0.02 USD",
    )
    assert set(found) < set(hindrances(facts, RULE))


def test_what_is_unsettled_hinders_until_a_person_says_why_not() -> None:
    """A day early, an open invoice, 5.01 % unallocated: a reason overrides all three."""
    facts = ClosingFacts(
        Period("2026-10"),
        date(2026, 11, 7),
        open_invoices=("AWS INV-1",),
        unallocated={"USD": (usd("5.01"), usd("100"))},
    )

    assert hindrances(facts, RULE) == (
        "bills of 2026-10 are waited for until 2026-11-08",
        "invoices are not final: AWS INV-1",
        "5.01 % of the cost in USD is unallocated, more than 5 %",
    )
    assert hindrances(facts, RULE, "the provider confirmed by mail") == ()


@pytest.mark.parametrize(("unallocated", "whole"), [("-6", "100"), ("6", "-100"), ("6", "0")])
def test_unallocated_cost_counts_by_its_size(unallocated: str, whole: str) -> None:
    """A credit of 6 in 100 is 6 %, and anything of nothing is all of it."""
    facts = replace(FACTS, unallocated={"USD": (usd(unallocated), usd(whole))})

    assert len(hindrances(facts, RULE)) == 1


def test_the_tolerance_is_in_the_currency_of_the_invoice() -> None:
    """2 yen are more than 0.01 yen; 0.01 euros are not more than 0.01 euros."""
    facts = replace(FACTS, differences=[("A", Money.parse("2", "JPY")), ("B", euro("0.01"))])

    assert hindrances(facts, RULE) == ("invoice A and the ledger differ by 2.00 JPY",)


def test_a_missing_rate_hinders_whatever_anybody_says() -> None:
    """It names month, pair and command, also where a person has a reason."""
    facts = replace(FACTS, missing_rates=[RateKey("2026-10", "EUR", "USD")])

    found = hindrances(facts, RULE, "the board meets tomorrow")

    assert found == hindrances(facts, RULE)
    assert [*found] == [missing_rate(RateKey("2026-10", "EUR", "USD"))]
