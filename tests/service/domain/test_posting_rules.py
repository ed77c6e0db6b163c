"""Which postings a period needs: from the bill to who bears it, and nothing stays on the way."""

from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.domain.ledger import (
    Account,
    AccountKind,
    BooksDoNotBalanceError,
    Entry,
    Posting,
    Reason,
    balances_of,
    delta,
    sums,
)
from service.domain.money import Money, money_sums
from service.domain.policy import CostBasis
from service.domain.posting_rules import BEARERS, restated_postings, wanted_postings
from tests.service.books import COMPANIES, LAWS, Item, charge, charges_of, line, lines_of, usd

OCT, NOV, DEC = "2026-10", "2026-11", "2026-12"
COST = Account(AccountKind.COST)
RESTATED = Account(AccountKind.RESTATEMENT, OCT)
AWS = Account(AccountKind.PAYABLE, "AWS")


def team(name: str) -> Account:
    """Return the account of a team."""
    return Account(AccountKind.TEAM, name)


def pool(name: str) -> Account:
    """Return the account of a pool."""
    return Account(AccountKind.POOL, name)


def bill(debit: Account, credit: Account, reason: Reason = Reason.BILL) -> tuple[Entry, str]:
    """Return the key of October's sum on invoice INV-1."""
    return (Entry(OCT, OCT, debit, credit, reason, "AWS", "INV-1"), "USD")


def moved(debit: Account, credit: Account, reason: Reason = Reason.CHARGEBACK) -> tuple[Entry, str]:
    """Return the key of a sum of October that is on no invoice."""
    return (Entry(OCT, OCT, debit, credit, reason), "USD")


def test_a_bill_becomes_cost_and_cost_a_teams_charge() -> None:
    """10.00 owed to AWS are cost, and the cost is vision's."""
    found = wanted_postings(OCT, [charge("10")], [line("vision", "direct", "10")])

    assert found == {
        bill(COST, AWS): usd("10"),
        moved(team("vision"), COST): usd("10"),
    }


def test_a_commitment_is_prepaid_first_and_cost_as_it_is_used() -> None:
    """100 bought, 8 of it used up this month: 92 stay prepaid; 6 were used and 2 were not."""
    prepaid = Account(AccountKind.PREPAID, "sp-1")
    lines = [line("nlp", "direct", "6"), line("platform", "unused_commitment", "2")]

    found = wanted_postings(OCT, [charge("100", "0", "sp-1"), charge("0", "8", "sp-1")], lines)

    assert found == {
        bill(prepaid, AWS): usd("100"),
        bill(COST, prepaid, Reason.AMORTISATION): usd("8"),
        moved(team("nlp"), COST): usd("6"),
        moved(Account(AccountKind.UNUSED_COMMITMENT, "platform"), COST): usd("2"),
    }
    assert balances_of(found)[prepaid, "USD"] == usd("92")


def test_cost_that_was_billed_at_another_time_without_a_commitment_is_told() -> None:
    """Billed 10 and effective 13: 3 were prepaid, nobody knows by which contract."""
    found = wanted_postings(OCT, [charge("10", "13")], [line("nlp", "direct", "13")])

    prepaid = Account(AccountKind.PREPAID, "unattributed")
    assert found[bill(COST, AWS)] == usd("10")
    assert found[bill(COST, prepaid, Reason.AMORTISATION)] == usd("3")


def test_a_pool_takes_its_cost_and_passes_all_of_it_on() -> None:
    """16 of pool a100: 9 shared, 4 idle with its owner, 3 that nobody is known for."""
    lines = [
        line("vision", "shared", "9", pool="a100"),
        line("platform", "idle", "4", pool="a100"),
        line("unallocated", "unallocated", "3", pool="a100"),
    ]

    found = wanted_postings(OCT, [charge("16")], lines)

    assert found == {
        bill(COST, AWS): usd("16"),
        moved(pool("a100"), COST, Reason.ALLOCATION): usd("16"),
        moved(team("vision"), pool("a100")): usd("9"),
        moved(Account(AccountKind.IDLE, "platform"), pool("a100")): usd("4"),
        moved(Account(AccountKind.UNALLOCATED), pool("a100")): usd("3"),
    }


def test_what_a_team_passes_on_leaves_its_account() -> None:
    """Platform's 10 go to ads and nlp, 5 each: platform ends with 0."""
    lines = [
        line("platform", "direct", "10"),
        line("platform", "distributed", "-10"),
        line("ads", "shared", "5"),
        line("nlp", "shared", "5"),
    ]

    found = balances_of(wanted_postings(OCT, [charge("10")], lines))

    assert (team("platform"), "USD") not in found
    assert found[team("ads"), "USD"] == found[team("nlp"), "USD"] == usd("5")


def test_a_credit_swaps_debit_and_credit() -> None:
    """A refund of 4 is owed by AWS, and vision gets it."""
    found = wanted_postings(OCT, [charge("-4")], [line("vision", "direct", "-4")])

    assert found == {bill(AWS, COST): usd("4"), moved(COST, team("vision")): usd("4")}


def test_lines_of_one_bearer_and_pool_are_one_sum() -> None:
    """5 of EC2 and 7 of S3 are 12 on vision's account; a line of 0 moves nothing."""
    lines = [
        line("vision", "direct", "5"),
        line("vision", "direct", "7", service="S3"),
        line("nlp", "direct", "0"),
    ]

    found = wanted_postings(OCT, [charge("12")], lines)

    assert found == {bill(COST, AWS): usd("12"), moved(team("vision"), COST): usd("12")}


def test_another_price_than_cost_stands_against_the_variance() -> None:
    """Charged by list price: 20 for a cost of 12, 8 more; what has no list price costs its 5."""
    lines = [
        line("vision", "direct", "12", list_="20", charged="20"),
        line("vision", "direct", "5", service="Support"),
    ]

    found = wanted_postings(OCT, [charge("17")], lines, CostBasis.LIST)

    variance = Account(AccountKind.RATE_VARIANCE, "list")
    assert found[moved(team("vision"), variance, Reason.PRICE)] == usd("8")
    assert balances_of(found)[team("vision"), "USD"] == usd("25")


def test_of_a_line_with_a_price_for_a_part_the_rest_costs_its_effective_cost() -> None:
    """90 at a contracted price of 100, and 50 without one: 150 for a cost of 140, 10 more."""
    lines = [line("vision", "direct", "140", contracted="100", charged="150", cost_lines=2)]

    found = wanted_postings(OCT, [charge("140")], lines, CostBasis.CONTRACTED)

    variance = Account(AccountKind.RATE_VARIANCE, "contracted")
    assert found[moved(team("vision"), variance, Reason.PRICE)] == usd("10")
    assert balances_of(found)[team("vision"), "USD"] == usd("150")


def test_lines_that_do_not_add_up_to_the_bills_are_refused() -> None:
    """10.00 were billed and 9.99 reached a team; the message says where the cent stays."""
    with pytest.raises(BooksDoNotBalanceError) as caught:
        wanted_postings(OCT, [charge("10")], [line("vision", "direct", "9.99")])

    assert str(caught.value) == (
        "the books of 2026-10 do not balance: 0.01 USD stay on the account cost, which must pass on"
        " all that it takes in; nothing was posted"
    )


def test_a_late_bill_of_a_closed_month_stands_in_the_open_one() -> None:
    """October was closed with 10; now it is 12: November owes AWS 2 more, and vision bears them."""
    told = wanted_postings(OCT, [charge("10")], [line("vision", "direct", "10")])
    newest = wanted_postings(OCT, [charge("12")], [line("vision", "direct", "12")])

    found = restated_postings(NOV, OCT, newest, told)

    owed = Entry(NOV, OCT, RESTATED, AWS, Reason.BILL, "AWS", "INV-1")
    borne = Entry(NOV, OCT, team("vision"), RESTATED, Reason.CHARGEBACK)
    assert found == {(owed, "USD"): usd("2"), (borne, "USD"): usd("2")}


def test_a_correction_counts_what_earlier_corrections_told() -> None:
    """10 in October and 2 more told in November are 12; of 15 December corrects 3."""
    october = wanted_postings(OCT, [charge("10")], [line("vision", "direct", "10")])
    second = wanted_postings(OCT, [charge("12")], [line("vision", "direct", "12")])
    third = wanted_postings(OCT, [charge("15")], [line("vision", "direct", "15")])
    november = restated_postings(NOV, OCT, second, october)

    found = restated_postings(DEC, OCT, third, {**october, **november})

    assert set(found.values()) == {usd("3")}


def test_an_adjustment_is_no_part_of_what_is_corrected() -> None:
    """5 that a person moved from ads to nlp stay moved; the bills are as they were."""
    told = wanted_postings(OCT, [charge("10")], [line("ads", "direct", "10")])
    by_hand = Entry(NOV, OCT, team("nlp"), team("ads"), Reason.ADJUSTMENT)

    assert restated_postings(DEC, OCT, told, {**told, (by_hand, "USD"): usd("5")}) == {}


def test_books_that_were_tampered_with_are_not_corrected() -> None:
    """A told charge was raised from 10 to 11, so 1 would stay on the restatement."""
    told = wanted_postings(OCT, [charge("10")], [line("ads", "direct", "10")])
    altered = {**told, moved(team("ads"), COST): usd("11")}

    with pytest.raises(BooksDoNotBalanceError, match=r"1\.00 USD stay on the account restatement"):
        restated_postings(NOV, OCT, told, altered)


@LAWS
@given(COMPANIES)
def test_what_is_billed_is_owed_and_what_is_used_is_borne(items: list[Item]) -> None:
    """By currency: owed = Σ billed, borne = Σ effective, and the rest is prepaid."""
    billed = money_sums(one.billed for one in charges_of(items))
    effective = money_sums(one.effective for one in charges_of(items))

    found = by_kind(wanted_postings(OCT, charges_of(items), lines_of(items)))

    for currency, owed in billed.items():
        borne = [found.get((kind, currency), Money.zero(currency)) for kind in BEARERS]
        assert found.get((AccountKind.PAYABLE, currency), Money.zero(currency)) == -owed
        assert sum(borne, Money.zero(currency)) == effective[currency]
        prepaid = found.get((AccountKind.PREPAID, currency), Money.zero(currency))
        assert prepaid == owed - effective[currency]


@LAWS
@given(COMPANIES, st.sampled_from(list(CostBasis)))
def test_books_sum_to_zero_and_no_clearing_account_keeps_anything(
    items: list[Item], basis: CostBasis
) -> None:
    """Whatever the basis, all balances of a currency sum to 0; cost and pools are at 0."""
    wanted = wanted_postings(OCT, charges_of(items), lines_of(items, basis), basis)

    found = balances_of(wanted)

    assert all(total.pico == 0 for total in money_sums(found.values()).values())
    assert all(
        amount.pico == 0
        for (account, _), amount in found.items()
        if account.kind in {AccountKind.COST, AccountKind.POOL}
    )


@LAWS
@given(COMPANIES, st.sampled_from(list(CostBasis)))
def test_a_team_owes_what_its_lines_charge(items: list[Item], basis: CostBasis) -> None:
    """Over all bearers the balance is Σ of what lines charge, whichever cost that is."""
    lines = lines_of(items, basis)
    charged = money_sums(one.charged for one in lines)

    found = by_kind(wanted_postings(OCT, charges_of(items), lines, basis))

    for currency, total in charged.items():
        borne = [found.get((kind, currency), Money.zero(currency)) for kind in BEARERS]
        assert sum(borne, Money.zero(currency)) == total


@LAWS
@given(COMPANIES, st.randoms(use_true_random=False))
def test_the_order_of_bills_and_lines_does_not_matter(items: list[Item], chance: Random) -> None:
    """Shuffled input gives the same sums in the same order."""
    charges, lines = charges_of(items), lines_of(items)
    expected = list(wanted_postings(OCT, charges, lines).items())

    chance.shuffle(charges)
    chance.shuffle(lines)

    assert list(wanted_postings(OCT, charges, lines).items()) == expected


@LAWS
@given(st.lists(COMPANIES, min_size=1, max_size=4))
def test_night_after_night_only_differences_are_posted(nights: list[list[Item]]) -> None:
    """After each night the ledger holds that night's sums, and a second run posts nothing."""
    posted: list[Posting] = []

    for items in nights:
        wanted = wanted_postings(OCT, charges_of(items), lines_of(items))
        posted.extend(delta(wanted, sums(posted)))

        assert sums(posted) == wanted
        assert delta(wanted, sums(posted)) == ()


@LAWS
@given(COMPANIES, st.lists(COMPANIES, min_size=1, max_size=3))
def test_corrections_reach_the_newest_sums_and_never_touch_a_closed_period(
    first: list[Item], later: list[list[Item]]
) -> None:
    """October is corrected in one later month after another: all of it together is the newest."""
    told = dict(wanted_postings(OCT, charges_of(first), lines_of(first)))
    closed = dict(told)

    for number, items in enumerate(later, start=11):
        newest = wanted_postings(OCT, charges_of(items), lines_of(items))
        period = f"2026-{number}"
        found = restated_postings(period, OCT, newest, told)
        told |= found

        assert {(entry.period, entry.origin_period) for entry, _ in found} <= {(period, OCT)}
        assert nonzero(told) == nonzero(newest)
    assert {key: told[key] for key in closed} == closed


@LAWS
@given(COMPANIES)
def test_what_is_unchanged_needs_no_correction(items: list[Item]) -> None:
    """The newest run says what was told, so a later month corrects nothing."""
    told = wanted_postings(OCT, charges_of(items), lines_of(items))

    assert restated_postings(NOV, OCT, told, told) == {}


def by_kind(wanted: dict[tuple[Entry, str], Money]) -> dict[tuple[AccountKind, str], Money]:
    """Return balances by kind of account and currency."""
    found: dict[tuple[AccountKind, str], Money] = {}
    for (account, currency), amount in balances_of(wanted).items():
        key = (account.kind, currency)
        found[key] = found.get(key, Money.zero(currency)) + amount
    return found


def nonzero(wanted: dict[tuple[Entry, str], Money]) -> dict[tuple[Account, str], Money]:
    """Return the balances that are not 0, whichever period they stand in."""
    return {key: amount for key, amount in balances_of(wanted).items() if amount.pico}
