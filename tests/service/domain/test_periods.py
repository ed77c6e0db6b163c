"""Billing periods and windows."""

from datetime import UTC, date, datetime, timedelta, timezone

import pytest

from service.domain.periods import Period, Window


def at(day: int, hour: int = 0) -> datetime:
    """Return a moment of October 2026."""
    return datetime(2026, 10, day, hour, tzinfo=UTC)


def test_a_period_is_one_month_in_utc() -> None:
    """October 2026 has 31 days, from its first moment up to that of November."""
    period = Period("2026-10")

    assert (period.start, period.end) == (at(1), datetime(2026, 11, 1, tzinfo=UTC))
    assert period.window == Window(period.start, period.end)
    assert period.first_day == date(2026, 10, 1)
    assert period.days == 31
    assert str(period) == "2026-10"


def test_periods_follow_each_other_over_the_year() -> None:
    """After December 2026 comes January 2027, and the other way round."""
    assert Period("2026-12").next == Period("2027-01")
    assert Period("2027-01").previous == Period("2026-12")
    assert Period("2026-09") < Period("2026-10")
    assert Period("2028-02").days == 29


def test_a_moment_lies_in_the_month_it_has_in_utc() -> None:
    """1 November 00:30 in Berlin (+1) is still October in UTC."""
    berlin = datetime(2026, 11, 1, 0, 30, tzinfo=timezone(timedelta(hours=1)))

    assert Period.of(berlin) == Period("2026-10")
    assert Period.of(date(2026, 11, 1)) == Period("2026-11")


@pytest.mark.parametrize("name", ["2026-13", "2026-00", "2026-1", "26-10", "2026-10-01", "", "x"])
@pytest.mark.parametrize("suffix", ["", "\n"])
def test_what_is_no_month_is_refused(name: str, suffix: str) -> None:
    """The message repeats the text and shows the form that is accepted."""
    with pytest.raises(ValueError, match="no billing period; accepted is YYYY-MM"):
        Period(name + suffix)


@pytest.mark.parametrize("name", ["0000-01", "9999-12", "\uff12\uff10\uff12\uff16-10"])
def test_years_outside_the_calendar_and_other_digits_are_refused(name: str) -> None:
    """The month after must be a date too, and digits are 0 to 9."""
    with pytest.raises(ValueError, match="no billing period"):
        Period(name)


def test_the_end_of_a_window_is_not_in_it() -> None:
    """[1st, 3rd) holds the 1st and the 2nd, not the 3rd, and lasts 2 days."""
    window = Window(at(1), at(3))

    assert at(1) in window
    assert at(2, 23) in window
    assert at(3) not in window
    assert window.length == timedelta(days=2)


def test_windows_overlap_where_both_hold() -> None:
    """[1st, 3rd) and [2nd, 4th) have [2nd, 3rd) in common; ones that only touch have nothing."""
    window = Window(at(1), at(3))

    assert window.overlap(Window(at(2), at(4))) == Window(at(2), at(3))
    assert window.overlap(Window(at(3), at(4))) is None


def test_windows_are_aware_in_utc_and_do_not_run_backwards() -> None:
    """Naive moments, other zones and an end before the start are refused."""
    naive = at(1).replace(tzinfo=None)
    berlin = at(2).replace(tzinfo=timezone(timedelta(hours=1)))

    with pytest.raises(ValueError, match="aware moment in UTC"):
        Window(naive, at(2))
    with pytest.raises(ValueError, match="aware moment in UTC"):
        Window(at(1), berlin)
    with pytest.raises(ValueError, match="before it begins"):
        Window(at(2), at(1))
