"""Batches and postings in PostgreSQL."""

from dataclasses import replace
from uuid import UUID

import pytest
from sqlalchemy.exc import ProgrammingError

from service.domain.ledger import Account, AccountKind, Posting
from service.domain.money import Money
from service.errors import ConflictError, InputError
from service.store.repositories import bulk
from service.store.repositories.closed import PeriodClosedError
from service.store.store import Store
from tests.service.store.books import (
    BILL,
    COST,
    NLP,
    NOVEMBER,
    OCTOBER,
    REST,
    SHARE,
    VISION,
    allocation_run,
    batch,
    closed,
    entry,
    usd,
)


def test_postings_come_back_to_the_last_digit_in_the_order_in_which_they_were_made(
    store: Store,
) -> None:
    """Two batches of two and one; 100.000000000001 USD keeps its twelfth decimal."""
    with store.work() as work:
        counts = (
            work.ledger.add(batch(2), [REST]),
            work.ledger.add(batch(1), [SHARE, BILL]),
        )

    with store.work() as work:
        found = work.ledger.postings(OCTOBER)
        of_first = work.ledger.of_batch(UUID(int=1))

    assert counts == (1, 2)
    assert found == (SHARE, BILL, REST)
    assert of_first == (SHARE, BILL)


def test_batches_come_back_with_the_run_that_they_post(store: Store) -> None:
    """A batch of a run and one of a person in October, oldest first; November has none."""
    of_run = replace(batch(1), run_id=UUID(int=77))
    with store.work() as work:
        allocation_run(work)
        work.ledger.add(batch(2), [])
        work.ledger.add(of_run, [BILL])

    with store.work() as work:
        found = (work.ledger.batches(OCTOBER), work.ledger.batches(NOVEMBER))

    assert found == ((of_run, batch(2)), ())


def test_sums_are_by_entry_and_currency(store: Store) -> None:
    """60 + 60 of one entry are 120; the same in euros and the mirror that takes 15 back stay."""
    back = Posting(SHARE.entry.mirror, usd("15"))
    euros = replace(SHARE, amount=Money.parse("7", "EUR"))
    with store.work() as work:
        work.ledger.add(batch(1), [SHARE, euros])
        work.ledger.add(batch(2), [SHARE, back])

    with store.work() as work:
        sums = work.ledger.sums(OCTOBER)

    assert sums == {
        (SHARE.entry, "USD"): usd("120"),
        (SHARE.entry, "EUR"): Money.parse("7", "EUR"),
        (SHARE.entry.mirror, "USD"): usd("15"),
    }
    assert list(sums) == sorted(sums)


def test_sums_are_of_the_period_posted_in_or_of_the_one_told_of(store: Store) -> None:
    """5 USD of October come late, in November: both periods have two entries, all is three."""
    late = Posting(replace(SHARE.entry, period=NOVEMBER), usd("5"))
    own = Posting(entry(VISION, COST, NOVEMBER), usd("8"))
    with store.work() as work:
        work.ledger.add(batch(1), [SHARE])
        work.ledger.add(batch(2, NOVEMBER), [late, own])

    with store.work() as work:
        posted_in = work.ledger.sums(NOVEMBER)
        told_of = work.ledger.sums(origin_period=OCTOBER)
        both = work.ledger.sums(NOVEMBER, OCTOBER)
        everything = work.ledger.sums()
        periods = work.ledger.periods()

    assert set(posted_in) == {(late.entry, "USD"), (own.entry, "USD")}
    assert set(told_of) == {(SHARE.entry, "USD"), (late.entry, "USD")}
    assert both == {(late.entry, "USD"): usd("5")}
    assert len(everything) == 3
    assert periods == (OCTOBER, NOVEMBER)


def test_a_batch_of_more_rows_than_one_statement_takes_is_stored_whole(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two rows a statement: five postings of 1 USD need three statements and sum to 5."""
    monkeypatch.setattr(bulk, "_ROWS_AT_ONCE", 2)
    with store.work() as work:
        count = work.ledger.add(batch(1), [Posting(SHARE.entry, usd("1"))] * 5)

    with store.work() as work:
        sums = work.ledger.sums()

    assert count == 5
    assert sums == {(SHARE.entry, "USD"): usd("5")}


def test_every_kind_of_account_can_be_posted_to(store: Store) -> None:
    """The database knows the kinds that the domain knows: each moves 1 USD from x to y."""
    postings = [
        Posting(entry(Account(kind, "x"), Account(kind, "y")), usd("1")) for kind in AccountKind
    ]
    with store.work() as work:
        work.ledger.add(batch(1), postings)

    with store.work() as work:
        assert work.ledger.postings(OCTOBER) == tuple(postings)


def test_a_posting_of_another_period_than_its_batch_is_refused(store: Store) -> None:
    """The second posting stands in November, the batch in October; nothing of it is stored."""
    stray = Posting(entry(NLP, COST, NOVEMBER), usd("1"))

    with (
        pytest.raises(InputError, match="posting 1 stands in 2026-11, its batch in 2026-10"),
        store.work() as work,
    ):
        work.ledger.add(batch(1), [SHARE, stray])

    with store.work() as work:
        assert work.ledger.batches(OCTOBER) == ()


def test_a_batch_is_stored_once(store: Store) -> None:
    """The same id again is a conflict, and no posting is there twice."""
    with store.work() as work:
        work.ledger.add(batch(1), [SHARE])

    with pytest.raises(ConflictError), store.work() as work:
        work.ledger.add(batch(1), [SHARE])

    with store.work() as work:
        assert work.ledger.postings(OCTOBER) == (SHARE,)


def test_a_posting_into_a_closed_period_is_refused_in_a_sentence(store: Store) -> None:
    """October is closed: 409, code ``period-closed``; November still takes the same amount."""
    with store.work() as work:
        closed(work)

    with pytest.raises(PeriodClosedError) as refused, store.work() as work:
        work.ledger.add(batch(2), [SHARE])
    with store.work() as work:
        late = replace(SHARE.entry, period=NOVEMBER)
        work.ledger.add(batch(3, NOVEMBER), [Posting(late, usd("60"))])

    assert (refused.value.status, refused.value.code) == (409, "period-closed")
    assert str(refused.value) == (
        "2026-10 is closed; what comes late is told as a restatement in the next open period"
    )
    with store.work() as work:
        assert work.ledger.postings(OCTOBER) == (BILL, SHARE, REST)


def test_a_team_sees_the_postings_of_its_own_accounts_only(store: Store) -> None:
    """Of bill, vision's 60 and nlp's 40.000000000001, vision sees its own; nobody sees none."""
    with store.work() as work:
        work.ledger.add(batch(1), [BILL, SHARE, REST])

    seen = []
    for teams in (frozenset({"vision"}), frozenset({"vision", "nlp"}), frozenset[str]()):
        with store.work(teams) as work:
            seen.append(work.ledger.postings(OCTOBER))

    assert seen == [(SHARE,), (SHARE, REST), ()]


def test_a_team_cannot_post(store: Store) -> None:
    """A session of vision may not even charge itself: who sees all posts."""
    with (
        pytest.raises(ProgrammingError, match="row-level security"),
        store.work(frozenset({"vision"})) as work,
    ):
        work.ledger.add(batch(1), [SHARE])

    with store.work() as work:
        assert work.ledger.batches(OCTOBER) == ()
