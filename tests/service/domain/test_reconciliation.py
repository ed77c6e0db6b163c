"""Reconciliation: bills, ledger and statements hold the same, to the last digit, at every level."""

from hypothesis import given
from hypothesis import strategies as st

from service.domain.ledger import Account, AccountKind, Charge, Entry, Reason
from service.domain.policy import CostBasis
from service.domain.posting_rules import restated_postings, wanted_postings
from service.domain.reconciliation import Level, invoice_differences, reconcile
from service.domain.restating import adjustment_lines, restatement_lines
from tests.service.books import COMPANIES, LAWS, Item, charge, charges_of, euro, line, lines_of, usd

OCT, NOV = "2026-10", "2026-11"
CHARGES = [charge("100", "0", "sp-1"), charge("0", "8", "sp-1"), charge("16", invoice="INV-2")]
LINES = [
    line("nlp", "direct", "8"),
    line("vision", "shared", "12", pool="a100"),
    line("platform", "idle", "4", pool="a100"),
]
OWED_BY = Account(AccountKind.PAYABLE, "AWS")
COST = Account(AccountKind.COST)


def outline(level: Level, indent: int = 0) -> list[str]:
    """Return the tree as indented rows of name, expected and booked."""
    row = f"{'  ' * indent}{level.name} {level.expected.text(2)} {level.booked.text(2)}"
    return [row, *(row for part in level.parts for row in outline(part, indent + 1))]


def test_the_tree_leads_from_invoices_to_teams() -> None:
    """24 of cost: 116 billed, of which 92 are prepaid; nlp bears 8, vision 12, idle time 4."""
    (found,) = reconcile(CHARGES, wanted_postings(OCT, CHARGES, LINES), LINES)

    assert outline(found) == [
        "USD 24.00 24.00",
        "  billed 116.00 116.00",
        "    AWS 116.00 116.00",
        "      INV-1 100.00 100.00",
        "      INV-2 16.00 16.00",
        "  prepaid 92.00 92.00",
        "    sp-1 92.00 92.00",
        "  cost 24.00 24.00",
        "    AWS 24.00 24.00",
        "      INV-1 8.00 8.00",
        "      INV-2 16.00 16.00",
        "  borne 24.00 24.00",
        "    idle 4.00 4.00",
        "      platform 4.00 4.00",
        "    team 20.00 20.00",
        "      nlp 8.00 8.00",
        "      vision 12.00 12.00",
        "  clearing 0.00 0.00",
        "    cost 0.00 0.00",
        "    pool:a100 0.00 0.00",
    ]
    assert list(found.differing()) == []


def test_another_basis_reconciles_over_the_variance() -> None:
    """Nlp is charged its list cost of 10 for a cost of 8: -2 of variance, and 24 in all."""
    lines = [line("nlp", "direct", "8", list_="10", charged="10"), *LINES[1:]]
    posted = wanted_postings(OCT, CHARGES, lines, CostBasis.LIST)

    (found,) = reconcile(CHARGES, posted, lines, CostBasis.LIST)

    assert [row for row in outline(found) if "variance" in row] == ["  variance -2.00 -2.00"]
    assert found.expected == found.booked == usd("24")
    assert list(found.differing()) == []


def test_a_difference_is_told_at_each_level_above_it() -> None:
    """The ledger holds 1 less of invoice INV-2 than was billed, and vision owes 1 less."""
    posted = wanted_postings(OCT, CHARGES, LINES)
    for key in posted:
        if key[0].invoice == "INV-2" or key[0].debit.name == "vision":
            posted[key] -= usd("1")

    (found,) = reconcile(CHARGES, posted, LINES)

    assert list(found.differing()) == [
        ("USD",),
        ("USD", "billed"),
        ("USD", "billed", "AWS"),
        ("USD", "billed", "AWS", "INV-2"),
        ("USD", "cost"),
        ("USD", "cost", "AWS"),
        ("USD", "cost", "AWS", "INV-2"),
        ("USD", "borne"),
        ("USD", "borne", "team"),
        ("USD", "borne", "team", "vision"),
        ("USD", "clearing", "cost"),
        ("USD", "clearing", "pool:a100"),
    ]
    assert invoice_differences([found]) == (("AWS INV-2", usd("-1")),)


def test_what_is_on_no_invoice_and_of_no_commitment_has_a_name() -> None:
    """Billed 10 and effective 13 before the invoice is there."""
    charges = [charge("10", "13", invoice="")]
    lines = [line("nlp", "direct", "13")]

    (found,) = reconcile(charges, wanted_postings(OCT, charges, lines), lines)

    assert "      (no invoice yet) 10.00 10.00" in outline(found)
    assert "    unattributed -3.00 -3.00" in outline(found)
    assert list(found.differing()) == []


def test_each_currency_has_its_own_tree() -> None:
    """10 euros that nobody has posted, and 5 dollars that no bill tells of."""
    bill = Entry(OCT, OCT, COST, OWED_BY, Reason.BILL, "AWS", "INV-9")
    euros = Charge("AWS", "INV-1", "", euro("10"), euro("10"))

    first, second = reconcile([euros], {(bill, "USD"): usd("5")}, [])

    assert outline(first)[:3] == ["EUR 10.00 0.00", "  billed 10.00 0.00", "    AWS 10.00 0.00"]
    assert outline(second)[:3] == ["USD 0.00 0.00", "  billed 0.00 5.00", "    AWS 0.00 5.00"]
    assert invoice_differences([first, second]) == (
        ("AWS INV-1", euro("-10")),
        ("AWS INV-9", usd("5")),
    )


def test_an_adjustment_reconciles_with_its_lines() -> None:
    """3 go from vision to nlp by hand; the sum of the period stays 24."""
    nlp, vision = (Account(AccountKind.TEAM, name) for name in ("nlp", "vision"))
    by_hand = {(Entry(OCT, OCT, nlp, vision, Reason.ADJUSTMENT), "USD"): usd("3")}
    posted = wanted_postings(OCT, CHARGES, LINES) | by_hand

    (found,) = reconcile(CHARGES, posted, [*LINES, *adjustment_lines(by_hand)])

    assert "      vision 9.00 9.00" in outline(found)
    assert list(found.differing()) == []


@LAWS
@given(COMPANIES, st.sampled_from(list(CostBasis)))
def test_what_is_posted_always_reconciles(items: list[Item], basis: CostBasis) -> None:
    """Whatever the company and the basis, each difference is 0."""
    charges, lines = charges_of(items), lines_of(items, basis)

    found = reconcile(charges, wanted_postings(OCT, charges, lines, basis), lines, basis)

    assert [path for tree in found for path in tree.differing()] == []
    assert invoice_differences(found) == ()


@LAWS
@given(COMPANIES, COMPANIES)
def test_a_closed_period_reconciles_with_its_restatements(
    first: list[Item], second: list[Item]
) -> None:
    """October as it was closed and as November restates it hold together what is billed now."""
    told, newest = (
        wanted_postings(OCT, charges_of(items), lines_of(items)) for items in (first, second)
    )
    posted = told | restated_postings(NOV, OCT, newest, told)
    lines = [*lines_of(first), *restatement_lines(OCT, lines_of(second), lines_of(first))]

    found = reconcile(charges_of(second), posted, lines)

    assert [path for tree in found for path in tree.differing()] == []


def test_an_empty_period_has_no_tree() -> None:
    """Nothing was billed, nothing is posted, nothing is to be compared."""
    assert reconcile([], {}, []) == ()
