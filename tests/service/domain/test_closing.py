"""Closes: how final figures are, and a chain in which nothing can be altered unseen."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta, timezone
from typing import Any
from uuid import UUID

import pytest

from service.domain.closing import (
    METHOD,
    Finality,
    PeriodClose,
    PeriodState,
    chain_faults,
    content_faults,
    finality,
    unproven,
)
from service.domain.hash_chain import GENESIS
from service.domain.ledger import Account, AccountKind, Entry, Posting, Reason
from service.domain.periods import Period
from tests.service.books import line, usd

OWED = Posting(
    Entry(
        "2026-10",
        "2026-10",
        Account(AccountKind.COST),
        Account(AccountKind.PAYABLE, "AWS"),
        Reason.BILL,
    ),
    usd("10"),
)
LINE = line("vision", "direct", "10")
ALTERED: dict[str, Any] = {
    "period": "2026-09",
    "at": datetime(2026, 12, 8, 7, tzinfo=UTC),
    "approver": "cli:bob",
    "policy_version": None,
    "policy_sha256": "other bytes",
    "allocation_method": "allocation 3",
    "allocation_run": UUID(int=8),
    "snapshots": {"cost_line": 1001},
    "restated": {"2026-09": "another run"},
    "files": {"/cost_line/a.parquet": "other bytes"},
    "cost": "list",
    "rates": {},
    "method": "statement 2",
    "lines_sha256": "0",
    "postings_sha256": "0",
    "reason": "because",
}


def draft(period: str) -> PeriodClose:
    """Return a close that is not sealed yet."""
    return PeriodClose(
        period=period,
        at=datetime(2026, 12, 8, 6, tzinfo=UTC),
        approver="cli:alice",
        policy_version=3,
        allocation_run=UUID(int=7),
        snapshots={"cost_line": 1001, "node": None},
        cost="effective",
        allocation_method="allocation 2",
        rates={"EUR/USD": "1.080000000000"},
    )


OCT = draft("2026-10").sealed(None, [LINE], [OWED])
NOV = draft("2026-11").sealed(OCT, [], [])
DEC = draft("2026-12").sealed(NOV, [LINE], [])


def test_a_sealed_close_names_its_method_and_follows_the_one_before() -> None:
    """The first follows 64 zeros; each head is 64 digits and gives the next its start."""
    assert (OCT.previous_head, NOV.previous_head) == (GENESIS, OCT.head)
    assert (OCT.method, len(OCT.head)) == (METHOD, 64)
    assert len({OCT.head, NOV.head, DEC.head}) == 3


def test_the_head_is_the_same_in_every_time_zone() -> None:
    """A database gives the moment back in its own zone."""
    there = OCT.at.astimezone(timezone(timedelta(hours=2)))

    assert replace(OCT, at=there).computed_head == OCT.head


def test_an_untouched_chain_has_no_faults() -> None:
    """Also with a head that was published in between."""
    assert chain_faults([OCT, NOV, DEC], [NOV.head]) == ()
    assert chain_faults([]) == ()


@pytest.mark.parametrize("name", ALTERED)
def test_an_altered_close_does_not_give_its_head(name: str) -> None:
    """Each field counts."""
    altered = replace(OCT, **{name: ALTERED[name]})

    (fault,) = chain_faults([altered, NOV])

    assert fault == f"the close of {altered.period} was altered: it does not give its head"


def test_a_close_that_was_written_anew_cuts_the_chain() -> None:
    """October is sealed again with other lines; November still follows the head of old."""
    forged = draft("2026-10").sealed(None, [], [OWED])

    assert chain_faults([forged, NOV, DEC]) == (
        "the close of 2026-11 does not follow the close of 2026-10: its chain is cut",
    )


def test_a_removed_beginning_is_seen() -> None:
    """November is the first that is left."""
    assert chain_faults([NOV, DEC]) == (
        "the close of 2026-11 does not follow the beginning: its chain is cut",
    )


def test_a_chain_that_was_written_anew_lacks_the_published_head() -> None:
    """All three are forged one after the other: only a head that is known elsewhere tells."""
    first = draft("2026-10").sealed(None, [], [OWED])
    second = draft("2026-11").sealed(first, [], [])

    assert chain_faults([first, second]) == ()
    assert chain_faults([first, second], [NOV.head]) == (
        f"no close has the head {NOV.head} that was published",
    )


def test_stored_rows_are_those_that_were_closed() -> None:
    """A line or a posting that is altered, added or gone is found."""
    altered = replace(OWED, amount=usd("10.01"))

    assert content_faults(OCT, [LINE], [OWED]) == ()
    assert content_faults(OCT, [], [OWED]) == (
        "the statement lines of 2026-10 are not those that were closed",
    )
    assert content_faults(OCT, [LINE], [altered]) == (
        "the postings of 2026-10 are not those that were closed",
    )


@pytest.mark.parametrize(
    ("period", "allocated", "found"),
    [
        ("2026-08", True, Finality(PeriodState.PROVISIONAL, None)),
        ("2026-09", True, Finality(PeriodState.CLOSED, date(2026, 9, 30))),
        ("2026-11", True, Finality(PeriodState.PROVISIONAL, date(2026, 10, 31))),
        ("2026-12", False, Finality(PeriodState.OPEN, date(2026, 10, 31))),
    ],
    ids=["before", "closed", "provisional", "open"],
)
def test_figures_say_how_final_they_are(period: str, *, allocated: bool, found: Finality) -> None:
    """September and October are closed: what is later is final through 31 October."""
    closed = ("2026-09", "2026-10")

    assert finality(Period(period), closed, ("2026-11",), allocated=allocated) == found


@pytest.mark.parametrize(
    ("opened", "final_through"),
    [
        (("2026-11",), date(2026, 10, 31)),
        (("2026-09", "2026-11"), date(2026, 8, 31)),
        (("2026-07", "2026-11"), None),
    ],
    ids=["all before are closed", "one between is open", "one before all is open"],
)
def test_no_figure_is_final_after_an_open_month(
    opened: tuple[str, ...], final_through: date | None
) -> None:
    """August and October are closed: bills of September that came later end what is final."""
    closed = ("2026-08", "2026-10")

    found = finality(Period("2026-11"), closed, opened, allocated=True)

    assert found == Finality(PeriodState.PROVISIONAL, final_through)


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({}, []),
        ({"restated": {"2026-10": "a run"}}, []),
        ({"allocation_method": "allocation 1"}, ["2026-11 was closed by allocation 1"]),
        ({"method": "statement 0"}, ["2026-11 was closed by statement 0"]),
        (
            {"restated": {"2026-09": "a run"}},
            ["2026-11 corrects 2026-09, which was closed by allocation 1"],
        ),
    ],
    ids=["same", "correction", "allocation", "statement", "corrects an older one"],
)
def test_what_other_methods_made_is_not_proven(change: dict[str, Any], told: list[str]) -> None:
    """September was allocated by a method of before, October by that of now."""
    september = replace(OCT, period="2026-09", allocation_method="allocation 1")

    found = unproven(replace(NOV, **change), [september, OCT], "allocation 2")

    assert found == tuple(f"{one}, which this version cannot compute again" for one in told)
