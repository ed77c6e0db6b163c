"""Hours are numbered from the next full hour; windows keep whole hours only."""

from datetime import UTC, datetime

from service.domain.horizon import Horizon

START = datetime(2026, 11, 21, 3, tzinfo=UTC)


def at(hour: int, minute: int = 0) -> datetime:
    """A moment of 21 November."""
    return datetime(2026, 11, 21, hour, minute, tzinfo=UTC)


def test_a_horizon_begins_with_the_next_full_hour() -> None:
    """02:30 becomes 03:00; a full hour is its own."""
    assert Horizon.after(at(2, 30), 24).start == START
    assert Horizon.after(START, 24).start == START


def test_an_earliest_start_within_an_hour_waits_for_the_next() -> None:
    """From 03:00: 05:00 is slot 2, 05:01 is slot 3, yesterday is slot 0."""
    horizon = Horizon(START, 24)

    assert horizon.first_slot_from(at(5)) == 2
    assert horizon.first_slot_from(at(5, 1)) == 3
    assert horizon.first_slot_from(at(1)) == 0


def test_a_deadline_within_an_hour_does_not_count_that_hour() -> None:
    """From 03:00: 05:59 leaves slots 0 and 1; after the horizon all, before it none."""
    horizon = Horizon(START, 4)

    assert horizon.last_slot_until(at(5, 59)) == 2
    assert horizon.last_slot_until(at(23)) == 4
    assert horizon.last_slot_until(at(2)) == 0


def test_a_window_covers_the_hours_that_lie_wholly_in_it() -> None:
    """04:30 to 07:30 holds 05:00 and 06:00, slots 2 and 3, the first at 05:00."""
    horizon = Horizon(START, 24)

    covered = horizon.covered(at(4, 30), at(7, 30))

    assert list(covered) == [2, 3]
    assert horizon.moment(2) == at(5)
