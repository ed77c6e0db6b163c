"""Hours, months and spans of the invented window."""

from datetime import UTC, date, datetime

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from service.demo.timeline import Timeline, cut_at_hours, runs_of

SPANS = st.lists(st.tuples(st.integers(0, 5_000), st.integers(1, 5_000)), min_size=1, max_size=30)


@given(SPANS)
def test_cutting_at_hours_loses_nothing(spans: list[tuple[int, int]]) -> None:
    """The pieces of each span add up to its length, and no piece is longer than an hour."""
    starts = np.array([start for start, _ in spans])
    ends = starts + np.array([ticks for _, ticks in spans])

    span, hour, ticks = cut_at_hours(starts, ends)

    assert np.bincount(span, weights=ticks).tolist() == (ends - starts).tolist()
    assert ticks.min() > 0
    assert ticks.max() <= 100
    assert (hour >= starts[span] // 100).all()


def test_a_span_is_cut_at_each_full_hour() -> None:
    """From tick 150 to 310: 50 ticks of hour 1, 100 of hour 2, 10 of hour 3."""
    _, hour, ticks = cut_at_hours(np.array([150]), np.array([310]))

    assert hour.tolist() == [1, 2, 3]
    assert ticks.tolist() == [50, 100, 10]


def test_runs_are_half_open() -> None:
    """Hours 0, 1 and 3 are the runs [0, 200) and [300, 400) in ticks."""
    assert runs_of(np.array([True, True, False, True])) == [(0, 200), (300, 400)]


def test_months_cover_the_window() -> None:
    """40 days before 5 March 2026 begin on 24 January: 8 days, 28 days and 4 days."""
    months = Timeline(date(2026, 3, 5), 40).months()

    assert [(month.name, month.end - month.first) for month in months] == [
        ("2026-01", 8 * 24),
        ("2026-02", 28 * 24),
        ("2026-03", 4 * 24),
    ]
    assert months[1].begins == datetime(2026, 2, 1, tzinfo=UTC)
    assert months[1].ends == datetime(2026, 3, 1, tzinfo=UTC)


def test_ticks_are_36_seconds() -> None:
    """Tick 250 of a day is two and a half hours after midnight."""
    timeline = Timeline(date(2026, 3, 2), 1)

    assert timeline.at(250) == datetime(2026, 3, 1, 2, 30, tzinfo=UTC)
    assert timeline.epoch_us(np.array([250]))[0] == timeline.at(250).timestamp() * 1_000_000


def test_weekends_are_quiet() -> None:
    """Sunday, 1 March 2026 is a weekend; at three in the afternoon Monday is 2.5 times as busy."""
    timeline = Timeline(date(2026, 3, 3), 2)

    assert timeline.weekend().tolist() == [True] * 24 + [False] * 24
    assert round(timeline.rhythm()[39] / timeline.rhythm()[15], 2) == 2.5
