"""Closed periods, the lines of their statements, and the rates of months in PostgreSQL."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import psycopg
import pytest
from psycopg import errors

from service.domain.bookkeeping import MonthRate
from service.errors import ConflictError
from service.store.repositories.closed import BrokenChainError, PeriodClosedError
from service.store.roles import Logins
from service.store.store import Store
from tests.service.store.books import (
    GENESIS,
    NOVEMBER,
    OCTOBER,
    SHARE,
    allocation_run,
    batch,
    close,
    closed,
    line,
)
from tests.service.store.values import NOW

DECEMBER = "2026-12"
EURO = MonthRate(OCTOBER, "EUR", "USD", Decimal("1.080000000001"), "ECB", NOW, "cli:ann")
POST = (
    "INSERT INTO ledger_batch (id, period, at, actor, reason)"
    " VALUES (gen_random_uuid(), '2026-10', now(), 'x', 'x')"
)


@pytest.fixture
def app(database: Logins) -> Iterator[psycopg.Connection]:
    """A login as the app role, which gives up on a lock that it does not get at once."""
    with psycopg.connect(database.app.replace("+psycopg", ""), autocommit=True) as connection:
        connection.execute("SET lock_timeout = '50ms'")
        yield connection


def test_a_close_comes_back_as_it_was_made(store: Store) -> None:
    """Also snapshots beyond 2⁵³, rates as texts, and the reason; another month is not closed."""
    with store.work() as work:
        made = closed(work, line(1))

    with store.work() as work:
        found = (work.closes.of(OCTOBER), work.closes.latest(), work.closes.of(NOVEMBER))

    assert found == (made, made, None)


def test_nothing_is_closed_at_first(store: Store) -> None:
    """There is no newest close, and the list is empty."""
    with store.work() as work:
        found = (work.closes.latest(), work.closes.all())

    assert found == (None, ())


def test_closes_come_in_the_order_of_their_chain(store: Store) -> None:
    """December was closed first, October follows it, November follows October."""
    links = [
        close(DECEMBER, GENESIS, "d" * 64),
        close(OCTOBER, "d" * 64, "1" * 64),
        close(NOVEMBER, "1" * 64, "9" * 64),
    ]
    with store.work() as work:
        allocation_run(work)
        for link in links:
            work.closes.add(link)

    with store.work() as work:
        found = (work.closes.all(), work.closes.latest())

    assert found == (tuple(links), links[-1])


@pytest.mark.parametrize("previous", [GENESIS, "e" * 64])
def test_a_close_must_follow_the_newest_one(store: Store, previous: str) -> None:
    """The newest head is aaaa…; neither the beginning nor an unknown head may be followed."""
    with store.work() as work:
        closed(work)

    with (
        pytest.raises(BrokenChainError, match=r"2026-11 was not closed, .* close it again"),
        store.work() as work,
    ):
        work.closes.add(close(NOVEMBER, previous, "f" * 64))

    with store.work() as work:
        assert work.closes.of(NOVEMBER) is None


def test_a_period_is_closed_once(store: Store) -> None:
    """A second close of October is refused, even one that follows the first."""
    with store.work() as work:
        first = closed(work)

    with pytest.raises(PeriodClosedError), store.work() as work:
        work.closes.add(close(OCTOBER, first.head, "f" * 64))

    with store.work() as work:
        assert work.closes.all() == (first,)


def test_a_close_that_was_altered_is_still_listed(store: Store, database: Logins) -> None:
    """A superuser changes the first head; both closes are listed, for ``verify`` to find it."""
    with store.work() as work:
        first = closed(work)
        second = close(NOVEMBER, first.head, "f" * 64)
        work.closes.add(second)
    with psycopg.connect(database.admin.replace("+psycopg", "")) as admin:
        admin.execute("SET session_replication_role = replica")
        admin.execute("UPDATE period_close SET head = repeat('1', 64) WHERE period = '2026-10'")

    with store.work() as work:
        found = work.closes.all()

    assert found == (replace(first, head="1" * 64), second)


def test_what_is_no_hash_is_refused(store: Store) -> None:
    """A head of 64 letters z is no SHA-256 in hex digits."""
    with store.work() as work:
        allocation_run(work)

    with pytest.raises(ConflictError, match="head_is_sha256"), store.work() as work:
        work.closes.add(close(head="z" * 64))


def test_nobody_posts_while_a_period_is_held(store: Store, app: psycopg.Connection) -> None:
    """The holder may post; another login waits (here: gives up), and may when the holder ended."""
    with store.work() as work:
        work.closes.hold(OCTOBER)
        work.ledger.add(batch(1), [SHARE])
        with pytest.raises(errors.LockNotAvailable):
            app.execute(POST)

    app.execute(POST)

    with store.work() as work:
        assert len(work.ledger.batches(OCTOBER)) == 2


def test_a_period_is_not_held_while_somebody_posts(store: Store, app: psycopg.Connection) -> None:
    """One posts to October and has not ended: October cannot be held, but November can."""
    with store.work() as work:
        work.ledger.add(batch(1), [SHARE])

        with pytest.raises(errors.LockNotAvailable):
            app.execute("SELECT hold_period('2026-10')")
        app.execute("SELECT hold_period('2026-11')")

    app.execute("SELECT hold_period('2026-10')")


def test_a_closed_period_cannot_be_reached_around_the_store(
    store: Store, app: psycopg.Connection, database: Logins
) -> None:
    """Not by a posting in an old batch, nor by a temporary table that hides the closes."""
    with store.work() as work:
        closed(work)
    posting = (
        "INSERT INTO ledger_posting SELECT batch_id, 100 + number, period, origin_period,"
        " debit_kind, debit_name, credit_kind, credit_name, reason, invoice_issuer, invoice,"
        " amount, currency FROM ledger_posting"
    )
    app.execute("SELECT set_config('app.teams', '*', false)")

    with pytest.raises(errors.IntegrityError, match="2026-10 is closed: ledger_posting takes"):
        app.execute(posting)
    with psycopg.connect(database.owner.replace("+psycopg", "")) as owner:
        owner.execute("CREATE TEMPORARY TABLE period_close (LIKE period_close)")
        with pytest.raises(errors.IntegrityError, match="2026-10 is closed: ledger_batch takes"):
            owner.execute(POST)


def test_lines_come_back_to_the_last_digit(store: Store) -> None:
    """By id, with unknown costs as unknown and every kind of letter; one of them, and no other."""
    lines = (line(1), line(2, "nlp"), replace(line(3), contracted=line(1).billed, list=None))
    with store.work() as work:
        closed(work, *reversed(lines))

    with store.work() as work:
        found = work.statements.of(OCTOBER)
        of_team = work.statements.of(OCTOBER, "nlp")
        one = (work.statements.line(OCTOBER, lines[2].id), work.statements.line(OCTOBER, "x"))
        others = work.statements.of(NOVEMBER)

    assert found == lines
    assert of_team == (lines[1],)
    assert one == (lines[2], None)
    assert others == ()


def test_lines_need_a_close_in_the_same_transaction(store: Store) -> None:
    """Lines of a period that is still open when the transaction ends are refused."""
    with pytest.raises(ConflictError, match="statement_line"), store.work() as work:
        work.statements.add(OCTOBER, [line(1)])

    with store.work() as work:
        assert work.statements.of(OCTOBER) == ()


def test_a_closed_period_takes_no_more_lines(store: Store) -> None:
    """One line was told when October was closed; a second one is refused."""
    with store.work() as work:
        closed(work, line(1))

    with pytest.raises(PeriodClosedError, match="2026-10 is closed"), store.work() as work:
        work.statements.add(OCTOBER, [line(2)])

    with store.work() as work:
        assert work.statements.of(OCTOBER) == (line(1),)


def test_a_team_sees_its_own_lines_only(store: Store) -> None:
    """Vision has lines 1 and 3, nlp has line 2; asking for another team's lines gives nothing."""
    with store.work() as work:
        closed(work, line(1), line(2, "nlp"), line(3))

    with store.work(frozenset({"vision"})) as work:
        seen = work.statements.of(OCTOBER)
        foreign = (work.statements.of(OCTOBER, "nlp"), work.statements.line(OCTOBER, line(2).id))

    assert seen == (line(1), line(3))
    assert foreign == ((), None)


def test_the_newest_rate_of_a_month_holds_and_older_ones_stay_on_record(store: Store) -> None:
    """1.080000000001 was corrected to 1.09 an hour later; the pound's rate is its own."""
    corrected = replace(EURO, rate=Decimal("1.09"), at=NOW + timedelta(hours=1))
    pound = replace(EURO, from_currency="GBP", rate=Decimal("1.3"))
    with store.work() as work:
        for rate in (corrected, pound, EURO):
            work.rates.add(rate)

    with store.work() as work:
        held = work.rates.of(OCTOBER)
        history = work.rates.history(OCTOBER)
        other = work.rates.of(NOVEMBER)

    assert held == {("EUR", "USD"): corrected, ("GBP", "USD"): pound}
    assert history == (EURO, corrected, pound)
    assert other == {}


def test_the_rates_of_a_closed_month_cannot_change(store: Store) -> None:
    """October is closed, so 1.09 comes too late for it; for November it is stored."""
    with store.work() as work:
        work.rates.add(EURO)
        closed(work)

    late = replace(EURO, rate=Decimal("1.09"), at=NOW + timedelta(hours=1))
    with pytest.raises(PeriodClosedError), store.work() as work:
        work.rates.add(late)
    with store.work() as work:
        work.rates.add(replace(late, month=NOVEMBER))

    with store.work() as work:
        assert work.rates.of(OCTOBER) == {("EUR", "USD"): EURO}
