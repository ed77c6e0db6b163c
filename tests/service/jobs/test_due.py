"""Which scheduled time is due."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.errors import InputError
from service.jobs.due import due

CRON = "30 2 * * *"


def at(text: str) -> datetime:
    """Return a moment of November 2026 in UTC from ``DD HH:MM``."""
    return datetime.strptime(f"2026-11-{text}", "%Y-%m-%d %H:%M").replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("after", "now", "expected"),
    [
        ("20 02:30", "21 02:29", None),
        ("20 02:30", "21 02:30", "21 02:30"),
        ("20 02:30", "21 14:00", "21 02:30"),
        ("21 02:30", "21 14:00", None),
        ("10 02:30", "21 14:00", "21 02:30"),
        ("01 02:30", "01 02:29", None),
        ("30 00:00", "21 14:00", None),
    ],
)
def test_the_newest_missed_time_is_due_once(after: str, now: str, expected: str | None) -> None:
    """Half past two comes daily; after ten missed days only the newest is made up for."""
    found = due(CRON, after=at(after), now=at(now))

    assert found == (at(expected) if expected else None)


def test_a_rare_schedule_is_found_years_back() -> None:
    """A schedule of 29 February was last due 33 months before November 2026."""
    last = datetime(2024, 2, 29, 0, 0, tzinfo=UTC)

    found = due("0 0 29 2 *", after=last - timedelta(days=1), now=at("21 00:00"))

    assert found == last


def test_what_lies_more_than_four_years_back_is_not_made_up_for() -> None:
    """From 1901 to 1905 there is no 29 February within the four years that are looked at."""
    now = datetime(1903, 12, 31, tzinfo=UTC)

    found = due("0 0 29 2 *", after=datetime(1890, 1, 1, tzinfo=UTC), now=now)

    assert found is None


@pytest.mark.parametrize(
    "cron", ["", "30 2 * *", "61 2 * * *", "30 2 * * 1", "30 2 * * someday", "every night"]
)
def test_a_schedule_that_is_none_is_refused_with_an_example(cron: str) -> None:
    """Days of the week by number are refused too: cron and APScheduler count them differently."""
    with pytest.raises(InputError, match="days of the week by name"):
        due(cron, after=at("20 00:00"), now=at("21 00:00"))


@given(
    st.sampled_from([CRON, "*/7 * * * *", "0 6 * * mon-fri", "0 0 1 * *"]),
    st.integers(0, 60 * 24 * 40),
    st.integers(0, 60 * 24 * 40),
)
def test_what_is_due_lies_after_the_last_run_and_is_the_last_of_its_kind(
    cron: str, since: int, until: int
) -> None:
    """Nothing is due twice: after running what is due, nothing more is due at that moment."""
    after = datetime(2026, 9, 1, tzinfo=UTC) + timedelta(minutes=since)
    now = datetime(2026, 9, 1, tzinfo=UTC) + timedelta(minutes=until)

    found = due(cron, after=after, now=now)

    assert found is None or after < found <= now
    assert found is None or due(cron, after=found, now=now) is None
