"""The ledger: postings between two accounts that add up to zero, posted as differences."""

from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.domain.ledger import (
    Account,
    AccountKind,
    Entry,
    Posting,
    Reason,
    balances,
    balances_of,
    delta,
    sums,
)
from service.domain.money import Money, money_sums
from tests.service.books import LAWS, euro, usd

AWS = Account(AccountKind.PAYABLE, "AWS")
COST = Account(AccountKind.COST)
VISION = Account(AccountKind.TEAM, "vision")
BILL = Entry("2026-10", "2026-10", COST, AWS, Reason.BILL, "AWS", "INV-1")
CHARGED = Entry("2026-10", "2026-10", VISION, COST, Reason.CHARGEBACK)
ACCOUNTS = st.sampled_from([AWS, COST, VISION])
ENTRIES = st.builds(
    Entry,
    st.sampled_from(["2026-10", "2026-11"]),
    st.just("2026-10"),
    ACCOUNTS,
    ACCOUNTS,
    st.sampled_from([Reason.BILL, Reason.CHARGEBACK]),
).filter(lambda entry: entry.debit != entry.credit)
POSTINGS = st.lists(
    st.builds(
        Posting, ENTRIES, st.builds(Money, st.integers(1, 10**30), st.sampled_from(["EUR", "USD"]))
    ),
    max_size=12,
)


def test_an_account_is_written_with_its_kind_and_its_name() -> None:
    """One of vision, and the only one of its kind."""
    assert str(VISION) == "team:vision"
    assert str(COST) == "cost"


@pytest.mark.parametrize("amount", ["0", "-0.01"])
def test_a_posting_moves_something(amount: str) -> None:
    """Nothing and less than nothing are refused: a credit swaps the accounts instead."""
    with pytest.raises(ValueError, match="a posting moves an amount above 0, not"):
        Posting(BILL, usd(amount))


def test_a_posting_has_two_accounts() -> None:
    """From vision to vision nothing moves."""
    with pytest.raises(ValueError, match="a posting needs two accounts, not team:vision twice"):
        Posting(Entry("2026-10", "2026-10", VISION, VISION, Reason.CHARGEBACK), usd("1"))


def test_only_what_is_missing_is_posted() -> None:
    """Of 12 wanted 10 are posted, so 2 more are; of 5 wanted 8 are, so 3 go back."""
    posted = {(BILL, "USD"): usd("10"), (CHARGED, "USD"): usd("8")}

    found = delta({(BILL, "USD"): usd("12"), (CHARGED, "USD"): usd("5")}, posted)

    assert found == (Posting(BILL, usd("2")), Posting(CHARGED.mirror, usd("3")))


def test_an_entry_and_its_mirror_count_against_each_other() -> None:
    """10 there and 4 back are 6; 6 are wanted, so nothing is left to post."""
    posted = {(BILL, "USD"): usd("10"), (BILL.mirror, "USD"): usd("4")}

    assert delta({(BILL, "USD"): usd("6")}, posted) == ()


def test_what_is_wanted_no_more_goes_back_in_its_own_currency() -> None:
    """10 euros of a bill that is gone go back; its dollars are as they should be."""
    posted = {(BILL, "EUR"): euro("10"), (BILL, "USD"): usd("1")}

    assert delta({(BILL, "USD"): usd("1")}, posted) == (Posting(BILL.mirror, euro("10")),)


def test_no_run_takes_back_what_a_person_adjusted() -> None:
    """An adjustment of 7 stands beside what a run wants."""
    by_hand = Entry("2026-10", "2026-10", VISION, COST, Reason.ADJUSTMENT)

    assert delta({}, {(by_hand, "USD"): usd("7")}) == ()


def test_a_balance_is_what_came_less_what_went() -> None:
    """A bill of 10, of which 8 reach vision: cost keeps 2 for now."""
    postings = [Posting(BILL, usd("10")), Posting(CHARGED, usd("8"))]

    found = balances(postings)

    assert found == {(COST, "USD"): usd("2"), (AWS, "USD"): usd("-10"), (VISION, "USD"): usd("8")}


@LAWS
@given(POSTINGS)
def test_balances_always_add_up_to_zero(postings: list[Posting]) -> None:
    """Whatever moves between accounts, each currency sums to 0 over all of them."""
    found = money_sums(balances(postings).values())

    assert all(total.pico == 0 for total in found.values())


@LAWS
@given(POSTINGS, POSTINGS)
def test_after_the_difference_is_posted_the_sums_are_those_wanted(
    one: list[Posting], other: list[Posting]
) -> None:
    """Posting the difference makes the sums right, and leaves none for a second time."""
    wanted, posted = sums(one), sums(other)

    missing = delta(wanted, posted)

    assert sums([*other, *missing]) == wanted
    assert delta(wanted, sums([*other, *missing])) == ()


@LAWS
@given(POSTINGS, st.randoms(use_true_random=False))
def test_order_does_not_matter(postings: list[Posting], chance: Random) -> None:
    """Shuffled postings have the same sums, differences and balances, in the same order."""
    shuffled = list(postings)
    chance.shuffle(shuffled)

    assert list(sums(shuffled).items()) == list(sums(postings).items())
    assert delta(sums(shuffled), {}) == delta(sums(postings), {})
    assert list(balances(shuffled).items()) == list(balances(postings).items())


@LAWS
@given(POSTINGS)
def test_sums_balance_as_their_postings_do(postings: list[Posting]) -> None:
    """What nets to nothing is 0 in one and missing in the other."""
    full = {key: amount for key, amount in balances(postings).items() if amount.pico}
    netted = {key: amount for key, amount in balances_of(sums(postings)).items() if amount.pico}

    assert netted == full
