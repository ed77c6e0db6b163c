"""Journal entries balance in whole coins, and each amount is rounded once."""

import csv
from collections.abc import Mapping
from dataclasses import replace
from decimal import Decimal
from io import StringIO
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from service.domain.closing import PeriodState
from service.domain.ledger import Account, AccountKind, Entry, Posting
from service.domain.money import Money, minor_digits
from service.domain.periods import Period
from service.errors import InputError
from service.exports.journal import postings_of
from service.exports.journal_file import COLUMNS, Journal, journal_csv, write_journal
from tests.docs_examples import page, section, table_rows
from tests.service.statements import HEAD, usd

COST = Account(AccountKind.COST)
GL = {
    **{kind: f"{number}00" for number, kind in enumerate(AccountKind, start=70)},
    AccountKind.PAYABLE: "2100",
    AccountKind.TEAM: "6100",
}
CURRENCIES = ("USD", "JPY", "KWD")
PAYABLE = Account(AccountKind.PAYABLE, "AWS")
ACCOUNTS = st.builds(Account, st.sampled_from(AccountKind), st.sampled_from(["", "vision", "nlp"]))


def posting(debit: Account, credit: Account, amount: Money, invoice: str = "") -> Posting:
    """Return a posting of October."""
    entry = Entry("2026-10", "2026-10", debit, credit, "bill", "AWS" if invoice else "", invoice)
    return Posting(entry, amount)


def team(name: str) -> Account:
    """Return the account of a team."""
    return Account(AccountKind.TEAM, name)


JOURNAL = Journal(
    period=Period("2026-10"),
    state=PeriodState.CLOSED,
    postings=(
        posting(COST, PAYABLE, usd("1.004"), "I-1"),
        posting(COST, PAYABLE, usd("1.004"), "I-2"),
        posting(team("vision"), COST, usd("1.004")),
        posting(team("nlp"), COST, usd("1.004")),
    ),
    gl_accounts=GL,
    head=HEAD,
)
"""Two invoices of 1.004 each, borne by two teams."""


def rows_of(journal: Journal) -> list[Mapping[str, str]]:
    """Read a journal as any program would."""
    return list(csv.DictReader(StringIO(journal_csv(journal).decode(), newline="")))


def test_an_invoice_is_owed_and_borne_and_cost_is_cleared() -> None:
    """Each 1.004 shows 1.00 on its own line; cost came and went, so it has no line."""
    rows = rows_of(JOURNAL)

    names = ("account_kind", "account_name", "debit", "credit", "invoice", "gl_account")
    assert [tuple(row[name] for name in names) for row in rows] == [
        ("payable", "AWS", "", "1.00", "I-1", "2100"),
        ("payable", "AWS", "", "1.00", "I-2", "2100"),
        ("team", "nlp", "1.00", "", "", "6100"),
        ("team", "vision", "1.00", "", "", "6100"),
    ]
    assert {(row["journal"], row["date"], row["state"], row["head"]) for row in rows} == {
        ("2026-10", "2026-10-31", "closed", HEAD)
    }
    assert [row["line"] for row in rows] == ["1", "2", "3", "4"]


def test_what_rounding_leaves_stands_on_a_line_of_its_name() -> None:
    """2.012 owed shows 2.01, two times 1.006 borne shows 2.02, so rounding gives back 0.01."""
    postings = (
        posting(COST, PAYABLE, usd("2.012"), "I-1"),
        posting(team("vision"), COST, usd("1.006")),
        posting(team("nlp"), COST, usd("1.006")),
    )

    rows = rows_of(replace(JOURNAL, postings=postings))

    (line,) = [row for row in rows if row["account_kind"] == "rounding"]
    assert (line["account_name"], line["credit"], line["reason"]) == ("journal", "0.01", "rounding")


@settings(deadline=None)
@given(
    st.lists(
        st.tuples(ACCOUNTS, ACCOUNTS, st.integers(1, 10**17), st.sampled_from(CURRENCIES))
        .filter(lambda one: one[0] != one[1])
        .map(lambda one: posting(one[0], one[1], Money(one[2], one[3]), "I-1")),
        max_size=12,
    )
)
def test_debits_are_credits_in_each_currency_to_its_coin(postings: list[Posting]) -> None:
    """For any postings; each line misses its exact sum by half a coin at most."""
    rows = rows_of(replace(JOURNAL, postings=tuple(postings)))

    for currency in CURRENCIES:
        own = [row for row in rows if row["currency"] == currency]
        coin = Decimal(1).scaleb(-minor_digits(currency))
        assert sum(signed(row) for row in own) == 0
        assert all(signed(row) % coin == 0 and signed(row) != 0 for row in own)
        for row in own:
            account = Account(AccountKind(row["account_kind"]), row["account_name"])
            if account.name != "journal":
                assert abs(signed(row) - exact(postings, account, currency)) <= coin / 2


def signed(row: Mapping[str, str]) -> Decimal:
    """Return debit less credit; one of them is empty."""
    assert (row["debit"] == "") != (row["credit"] == "")
    return Decimal(row["debit"] or 0) - Decimal(row["credit"] or 0)


def exact(postings: list[Posting], account: Account, currency: str) -> Decimal:
    """Return what an account received less what it gave."""
    moved = [(one.entry, one.amount) for one in postings if one.amount.currency == currency]
    signs = [(entry.debit == account) - (entry.credit == account) for entry, _ in moved]
    return sum((one[1].decimal * sign for one, sign in zip(moved, signs, strict=True)), Decimal(0))


def test_the_order_of_postings_does_not_matter() -> None:
    """The same postings from behind give the same bytes."""
    turned = replace(JOURNAL, postings=JOURNAL.postings[::-1])

    assert journal_csv(turned) == journal_csv(JOURNAL)


def test_a_team_has_what_it_bears_or_passes_on() -> None:
    """Vision: 1.00 against cost; not nlp's, nor what is owed to AWS."""
    rows = rows_of(replace(JOURNAL, team="vision"))

    assert [(row["account_kind"], row["debit"], row["credit"]) for row in rows] == [
        ("cost", "", "1.00"),
        ("team", "1.00", ""),
    ]
    assert {row["journal"] for row in rows} == {"2026-10 vision"}


@pytest.mark.parametrize(
    ("kind", "name", "owner"),
    [
        (AccountKind.TEAM, "vision", "vision"),
        (AccountKind.IDLE, "vision", "vision"),
        (AccountKind.UNUSED_COMMITMENT, "vision", "vision"),
        (AccountKind.UNALLOCATED, "", "unallocated"),
    ],
)
def test_idle_and_unused_belong_to_their_team(kind: AccountKind, name: str, owner: str) -> None:
    """What nobody owns belongs to ``unallocated``; a pool of the team's name is no team's."""
    own = posting(Account(kind, name), COST, usd("1"))
    pool = posting(Account(AccountKind.POOL, "vision"), COST, usd("1"))

    assert postings_of(owner, (own, pool)) == (own,)
    assert postings_of("nlp", (own, pool)) == ()


def test_a_kind_without_a_number_is_named() -> None:
    """The sentence says which setting to write."""
    with pytest.raises(InputError, match=r"account for team; set journal_accounts = \{ team = "):
        journal_csv(replace(JOURNAL, gl_accounts={AccountKind.PAYABLE: "2100"}))


def test_names_in_a_journal_do_not_run() -> None:
    """An issuer ``=1+1`` has an apostrophe before it."""
    evil = posting(COST, Account(AccountKind.PAYABLE, "=1+1"), usd("1"), "@I")

    rows = rows_of(replace(JOURNAL, postings=(evil,)))

    assert {row["account_name"] for row in rows} == {"", "'=1+1"}
    assert {row["invoice"] for row in rows} == {"", "'@I"}


@pytest.mark.parametrize(
    ("team", "name"), [(None, "journal-2026-10.csv"), ("vision", "journal-2026-10-vision.csv")]
)
def test_a_journal_is_a_file_of_its_period_and_team(
    team: str | None, name: str, tmp_path: Path
) -> None:
    """The whole company's has no team in its name."""
    file = write_journal(replace(JOURNAL, team=team), tmp_path)

    assert file == tmp_path / name
    assert file.read_bytes().startswith(b'"journal","line","date","gl_account"')


def test_the_page_has_the_example_and_every_column() -> None:
    """Two invoices of 1.004 each, borne by two teams, as this module has them."""
    text = section(page("statements.md"), "The journal")

    assert journal_csv(JOURNAL).decode() in text
    assert [row[0].strip("`") for row in table_rows(text)] == list(COLUMNS)
