"""Restatements: what a closed statement and today's figures differ by, line by line."""

from dataclasses import replace
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.domain.ledger import Account, AccountKind, Entry, Reason
from service.domain.money import Money
from service.domain.policy import CostBasis
from service.domain.posting_rules import bearer
from service.domain.restating import adjustment_lines, restatement_lines
from service.domain.statements import StatementLine
from tests.service.books import COMPANIES, LAWS, Item, line, lines_of, usd

OCT = "2026-10"
VISION = Account(AccountKind.TEAM, "vision")
NLP = Account(AccountKind.TEAM, "nlp")
IDLE = Account(AccountKind.IDLE, "platform")
NOBODY = Account(AccountKind.UNALLOCATED)


def adjusted(
    debit: Account, credit: Account, period: str = OCT, reason: str = Reason.ADJUSTMENT
) -> tuple[Entry, str]:
    """Return the key of what a person moved."""
    return (Entry(period, OCT, debit, credit, reason), "USD")


def test_a_late_bill_is_the_difference_with_its_origin() -> None:
    """Closed with 10 of 1 cost line; now 12 of 2: 2 more, by a late bill of October."""
    newest, told = line("vision", "direct", "12", cost_lines=2), line("vision", "direct", "10")

    found = restatement_lines(OCT, [newest], [told])

    assert found == (
        line("vision", "direct", "2", cost_lines=1, origin_period=OCT, reason="late bill"),
    )


@pytest.mark.parametrize(
    ("now", "count", "reason"),
    [("12", 3, "late bill"), ("7", 1, "withdrawn bill"), ("9", 2, "correction")],
)
def test_the_reason_follows_from_the_cost_lines(now: str, count: int, reason: str) -> None:
    """Of 2 cost lines over 10: one more came, one is gone, or both are there with other amounts."""
    newest = line("vision", "direct", now, cost_lines=count)

    (found,) = restatement_lines(OCT, [newest], [line("vision", "direct", "10", cost_lines=2)])

    assert found.reason == reason


def test_cost_that_only_changes_hands_is_a_reallocation() -> None:
    """The bill is 10 as before; vision's 10 are 6 now, and nlp bears 4."""
    newest = [
        line("vision", "shared", "6", pool="a100", method_id="by-use.v1"),
        line("nlp", "shared", "4", pool="a100", method_id="by-use.v1", cost_lines=0),
    ]

    found = restatement_lines(OCT, newest, [line("vision", "direct", "10")])

    assert {(one.team, one.line, one.effective.text(), one.reason) for one in found} == {
        ("vision", "direct", "-10.00", "reallocation"),
        ("vision", "shared", "6.00", "reallocation"),
        ("nlp", "shared", "4.00", "reallocation"),
    }


def test_what_is_gone_is_taken_back() -> None:
    """A line of 10 that no run has any more is -10, and so is its known list cost."""
    (found,) = restatement_lines(OCT, [], [line("vision", "direct", "10", list_="15")])

    assert (found.effective, found.list, found.cost_lines) == (usd("-10"), usd("-15"), -1)
    assert found.contracted is None
    assert found.reason == "withdrawn bill"


def test_a_price_that_becomes_known_is_told_once() -> None:
    """The list cost of 15 was unknown: +15 now, and nothing more the next time."""
    told, newest = line("vision", "direct", "10"), line("vision", "direct", "10", list_="15")

    (found,) = restatement_lines(OCT, [newest], [told])

    assert (found.effective, found.list, found.reason) == (usd("0"), usd("15"), "correction")
    assert restatement_lines(OCT, [newest], [told, found]) == ()


def test_a_price_that_is_no_longer_known_is_taken_back_once() -> None:
    """15 were told and nothing is known now: -15, and nothing more the next time."""
    told, newest = line("vision", "direct", "10", list_="15"), line("vision", "direct", "10")

    (found,) = restatement_lines(OCT, [newest], [told])

    assert found.list == usd("-15")
    assert restatement_lines(OCT, [newest], [told, found]) == ()


def test_what_a_restatement_charges_is_the_difference_of_what_was_charged() -> None:
    """80 were charged as no list cost was known; it is 100, so 20 are owed, and nothing again."""
    told = line("vision", "direct", "80")
    newest = line("vision", "direct", "80", list_="100", charged="100")

    (found,) = restatement_lines(OCT, [newest], [told])

    assert (found.charged, found.effective, found.list) == (usd("20"), usd("0"), usd("100"))
    assert restatement_lines(OCT, [newest], [told, found]) == ()


def test_only_another_charge_is_restated_too() -> None:
    """The four costs are as they were told, but 10 are charged instead of 12: -2."""
    told, newest = line("vision", "direct", "10", charged="12"), line("vision", "direct", "10")

    (found,) = restatement_lines(OCT, [newest], [told])

    assert (found.charged, found.effective, found.reason) == (usd("-2"), usd("0"), "correction")


def test_what_a_person_adjusted_is_not_restated() -> None:
    """2 that were moved to vision by hand are no part of the bills of October."""
    told = line("vision", "direct", "10")
    by_hand = line("vision", "adjustment", "2", method_id="adjustment")

    assert restatement_lines(OCT, [told], [told, by_hand]) == ()


def test_an_adjustment_is_a_line_on_both_sides() -> None:
    """7 go from vision to nlp, and 3 come back: vision has -4 and nlp 4."""
    found = adjustment_lines({adjusted(NLP, VISION): usd("7"), adjusted(VISION, NLP): usd("3")})

    assert {(one.team, one.line, one.effective.text()) for one in found} == {
        ("vision", "adjustment", "-4.00"),
        ("nlp", "adjustment", "4.00"),
    }
    assert {(one.origin_period, one.method_id) for one in found} == {("", "adjustment")}
    assert all(one.charged == one.billed == one.effective for one in found)


def test_an_adjustment_stands_on_the_account_that_it_moved() -> None:
    """Idle time of platform that nobody should bear; told in November, of October."""
    found = adjustment_lines({adjusted(NOBODY, IDLE, "2026-11"): usd("5")})

    assert {bearer(one.line, one.team) for one in found} == {IDLE, NOBODY}
    assert {one.origin_period for one in found} == {OCT}


def test_only_adjustments_become_such_lines() -> None:
    """What runs post is on their own lines; what went there and back is none."""
    assert adjustment_lines({adjusted(NLP, VISION, reason=Reason.CHARGEBACK): usd("7")}) == ()
    assert (
        adjustment_lines({adjusted(NLP, VISION): usd("7"), adjusted(VISION, NLP): usd("7")}) == ()
    )


@LAWS
@given(COMPANIES, st.lists(COMPANIES, min_size=1, max_size=3), st.sampled_from(list(CostBasis)))
def test_what_was_told_and_its_restatements_are_the_newest_sums(
    first: list[Item], later: list[list[Item]], basis: CostBasis
) -> None:
    """However often October changes, its statement and all restatements sum to its newest run."""
    told = lines_of(first, basis)

    for items in later:
        newest = lines_of(items, basis)
        told.extend(restatement_lines(OCT, newest, told))

        assert totals(told) == totals(newest)
        assert restatement_lines(OCT, newest, told) == ()


@LAWS
@given(COMPANIES, COMPANIES, st.randoms(use_true_random=False))
def test_the_order_of_lines_does_not_matter(
    first: list[Item], second: list[Item], chance: Random
) -> None:
    """Shuffled statements give the same restatement."""
    told, newest = lines_of(first), lines_of(second)
    expected = restatement_lines(OCT, newest, told)

    chance.shuffle(told)
    chance.shuffle(newest)

    assert restatement_lines(OCT, newest, told) == expected


def totals(lines: list[StatementLine]) -> dict[tuple[str, str], Money]:
    """Return what is charged, and billed, effective and known list cost by line, without zeros."""
    found: dict[tuple[str, str], Money] = {}
    for one in lines:
        amounts = {"billed": one.billed, "effective": one.effective, "list": one.list}
        amounts["charged"] = one.charged
        for cost, amount in amounts.items():
            if amount is not None:
                key = (replace(one.key, origin_period="").id, cost)
                found[key] = found.get(key, Money.zero(one.currency)) + amount
    return {key: total for key, total in found.items() if total.pico}
