"""The days of a Prometheus: which are read, what is told of what is missing, what is kept."""

import math
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from ingest.port import (
    Announcement,
    Delivery,
    Kind,
    RejectedSourceError,
    Source,
    TransientSourceError,
)
from ingest.settings import PrometheusSettings
from ingest.sources.prometheus.days import SETTLED, Days, answered_in, partial
from ingest.sources.prometheus.source import PrometheusUsage
from tests.ingest.prometheus.conftest import DAY, GPU, HOUR_MS, START_MS, STEP_MS, hour
from tests.ingest.prometheus.conftest import Source as Make
from tests.ingest.source_contract import SourceContract
from tests.peers.fake_prometheus import FakePrometheus, Scripted, busy, failure

ACTIVITY = "DCGM_FI_PROF_GR_ENGINE_ACTIVE"
USED = "DCGM_FI_DEV_FB_USED"
EVENING = datetime(2026, 11, 20, 18, 20, tzinfo=UTC)


@pytest.mark.usefixtures("busy_gpu")
class TestPrometheus(SourceContract):
    @pytest.fixture
    def source(self, setting: PrometheusSettings) -> Source:
        """An evening at which the server has samples of ten minutes ago."""
        return PrometheusUsage(setting, clock=lambda: EVENING, pause=lambda _: None)


def days_of(source: PrometheusUsage, known: dict[tuple[Kind, str], str] | None = None) -> list[str]:
    """Return the days that a source announces."""
    return [one.period or "" for one in source.announced(known or {})]


def fetched(source: PrometheusUsage, folder: Path, day: date = DAY) -> Delivery:
    """Fetch one day as it is announced."""
    one = next(one for one in source.announced({}) if one.period == day.isoformat())
    return source.fetch(one, folder, 7)


def observed_ms(delivery: Delivery) -> dict[int, int]:
    """Return how long the GPU's activity was seen in each hour."""
    rows = pq.read_table(delivery.files[0].uri).to_pylist()
    return {row["hour"].hour: row["observed_ms"] for row in rows}


def test_a_day_is_settled_some_hours_after_its_end(source: Make) -> None:
    """The 20th ended at midnight: with 3 hours to settle it is open until 03:00."""
    setting = source()._setting
    before, after = (
        Days(setting, datetime(2026, 11, 21, *at, tzinfo=UTC)) for at in ((2, 59), (3, 0))
    )

    assert (before.settled(DAY), after.settled(DAY)) == (False, True)


def test_days_from_since_to_now_are_announced(busy_gpu: FakePrometheus, source: Make) -> None:
    """At 04:30 of the 21st the 20th is settled and the 21st is open; the 22nd has not begun."""
    busy_gpu.add(ACTIVITY, [0.5], start_ms=START_MS, step_ms=STEP_MS, **GPU)

    found = list(source().announced({}))

    assert [(one.kind, one.period) for one in found] == [
        (Kind.USAGE, "2026-11-20"),
        (Kind.USAGE, "2026-11-21"),
    ]
    assert [(one.mark or "").partition("-")[0] for one in found] == ["settled", "open"]


def test_a_day_begins_with_its_first_whole_hour(busy_gpu: FakePrometheus, source: Make) -> None:
    """Of the 21st nothing is over at 00:59."""
    now = datetime(2026, 11, 21, 0, 59, tzinfo=UTC)

    assert days_of(source(now=now)) == ["2026-11-20"]
    assert days_of(source(now=now + timedelta(minutes=1))) == ["2026-11-20", "2026-11-21"]
    assert busy_gpu.asked


@pytest.mark.usefixtures("busy_gpu")
def test_a_settled_day_that_the_lake_holds_is_left_alone(source: Make) -> None:
    """Only the open 21st is announced."""
    first, _ = source().announced({})
    assert first.mark

    again = days_of(source(), {(Kind.USAGE, "2026-11-20"): first.mark})

    assert again == ["2026-11-21"]


def test_other_rules_of_reading_make_other_marks(setting: PrometheusSettings, source: Make) -> None:
    """The step counts and the password does not."""
    now = datetime(2026, 11, 21, 4, tzinfo=UTC)
    usual, step, password = (
        Days(setting.model_copy(update=one), now).mark
        for one in ({}, {"step_s": 30.0}, {"bearer_token_file": "x", "timeout_s": 7.0})
    )

    assert usual == password != step
    assert source().name == "gpus"


def test_days_that_the_server_has_deleted_are_not_asked_for(
    busy_gpu: FakePrometheus, source: Make
) -> None:
    """Since 1 August 111 days are missing; eight small questions find the 20th of November."""
    found = days_of(source(since=date(2026, 8, 1)))

    assert found[0] == "2026-11-19"
    assert len(busy_gpu.asked) <= 9


def test_the_oldest_day_of_the_server_does_not_replace_what_the_lake_holds(
    busy_gpu: FakePrometheus, source: Make
) -> None:
    """The 18th is deleted already, the 19th has one hour left: the lake has more of it."""
    made = source(since=date(2026, 11, 18))
    known = {(Kind.USAGE, "2026-11-19"): partial(75)}

    begun = days_of(made, known)
    again = days_of(made, known | {(Kind.USAGE, "2026-11-18"): partial(75)})

    assert begun == ["2026-11-19", "2026-11-20", "2026-11-21"]
    assert again == ["2026-11-20", "2026-11-21"]
    assert busy_gpu.asked


def test_a_server_without_any_of_the_metrics_is_told(peer: FakePrometheus, source: Make) -> None:
    """A misspelled name must not look like GPUs that do nothing."""
    with pytest.raises(RejectedSourceError, match="none of the metrics since 2026-11-20; look at"):
        days_of(source())
    assert peer.asked == ["/api/v1/labels"]


def test_a_server_that_does_not_say_what_it_has_is_asked_later(
    peer: FakePrometheus, source: Make
) -> None:
    """The question about labels is refused for its size."""
    peer.always.append(("labels", failure(422, "execution", "too many series")))

    with pytest.raises(TransientSourceError, match=r"does not say what it has .*too many series"):
        days_of(source())


def test_nothing_is_asked_before_the_first_day(peer: FakePrometheus, source: Make) -> None:
    """Since tomorrow there is nothing yet."""
    assert days_of(source(since=date(2026, 11, 22))) == []
    assert peer.asked == []


@pytest.mark.usefixtures("busy_gpu")
def test_a_day_is_read_by_the_hour(source: Make, tmp_path: Path) -> None:
    """24 rows with 6 samples of 10 minutes each; complete, for the day, under its mark."""
    delivery = fetched(source(), tmp_path)

    assert (delivery.kind, delivery.period, delivery.complete) == (Kind.USAGE, "2026-11-20", True)
    assert delivery.notes == ()
    assert delivery.mark
    assert delivery.mark.startswith("settled-")
    assert observed_ms(delivery) == dict.fromkeys(range(24), HOUR_MS)


def test_of_an_open_day_the_hours_that_are_over_are_read(
    busy_gpu: FakePrometheus, source: Make, tmp_path: Path
) -> None:
    """At 04:30 four hours are over: 4 + 1 questions a metric, 15 of three, which the mark tells."""
    delivery = fetched(source(now=datetime(2026, 11, 20, 4, 30, tzinfo=UTC)), tmp_path)

    assert delivery.mark == "open-15-20261120T043000.000000"
    assert set(observed_ms(delivery)) == {0, 1, 2, 3}
    assert len(busy_gpu.queries(ACTIVITY)) == 5


def test_hours_that_cannot_be_read_are_named_and_the_others_delivered(
    busy_gpu: FakePrometheus, source: Make, tmp_path: Path
) -> None:
    """Of activity 06:00 and 07:00 cannot be had: 22 hours are observed, 24 are delivered."""
    busy_gpu.always.append((f"{ACTIVITY}.*T0[67]:59", busy(503)))

    delivery = fetched(source(), tmp_path)

    assert delivery.mark == partial(26 * 3 - 1 - 2)
    [note] = delivery.notes
    assert note == (
        f"{ACTIVITY} of 2026-11-20 06:00 to 08:00 UTC: Prometheus at {busy_gpu.url}: the server "
        "is busy (status 503: busy); try again later; the next run reads it again"
    )
    observed = observed_ms(delivery)
    assert [one for one in range(24) if not observed[one]] == [6, 7]


def test_an_hour_of_which_nothing_can_be_read_is_told_once(
    busy_gpu: FakePrometheus, source: Make, tmp_path: Path
) -> None:
    """Three metrics fail at 06:00 in the same way; the 24th hour is written as 24:00."""
    for at in ("T06:59", "2026-11-20T23:59"):
        busy_gpu.always += [(f"{one}.*{at}", busy(503)) for one in ("ENGINE", "USED", "FREE")]

    delivery = fetched(source(), tmp_path)

    [note] = delivery.notes
    assert note.startswith("2026-11-20 06:00 to 07:00, 2026-11-20 23:00 to 24:00 UTC: ")


def test_a_partial_answer_is_kept_and_told(
    busy_gpu: FakePrometheus, source: Make, tmp_path: Path
) -> None:
    """A store of Thanos did not answer at 06:00: what the others have is there, without a mark."""
    busy_gpu.warnings[f"{USED}.*T06:59"] = ["store a: connection refused"]

    delivery = fetched(source(), tmp_path)

    assert delivery.mark == partial(26 * 3 - 1 - 1)
    [note] = delivery.notes
    assert note == (
        f"{USED} of 2026-11-20 06:00 to 07:00 UTC: the answer is partial (store a: connection "
        "refused); the next run reads it again"
    )
    assert observed_ms(delivery) == dict.fromkeys(range(24), HOUR_MS)


@pytest.mark.parametrize("held", ["settled-x", "open-77-20261121T023000.000000", partial(76)])
def test_a_day_that_the_lake_has_more_of_is_not_delivered(
    busy_gpu: FakePrometheus, source: Make, tmp_path: Path, held: str
) -> None:
    """26 x 3 - 1 = 77 questions; from 03:00 on none is answered, and 4 x 3 = 12 are less."""
    made = source()
    one = next(iter(made.announced({(Kind.USAGE, "2026-11-20"): held})))
    busy_gpu.always.append((r"DCGM.*(11-20T(0[3-9]|[12])|11-21T)", busy(503)))

    with pytest.raises(
        TransientSourceError,
        match=r"^2026-11-20 could not be read whole; what the lake has of the day stays: .*03:00",
    ):
        made.fetch(one, tmp_path, 7)

    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("held", [None, partial(12), "open-12-20261120T033000.000000"])
def test_a_partial_day_is_delivered_where_the_lake_has_no_more_of_it(
    busy_gpu: FakePrometheus, source: Make, tmp_path: Path, held: str | None
) -> None:
    """The hour before the day and three of it, of three metrics, are 12 answers, as in the lake."""
    made = source()
    known = {(Kind.USAGE, "2026-11-20"): held} if held else {}
    one = next(iter(made.announced(known)))
    busy_gpu.always.append((r"DCGM.*(11-20T(0[3-9]|[12])|11-21T)", busy(503)))

    delivery = made.fetch(one, tmp_path, 7)

    assert delivery.mark == partial(12)
    assert set(observed_ms(delivery)) == {0, 1, 2}


def test_marks_tell_how_much_the_lake_has_of_a_day() -> None:
    """All of a settled day, a number of answers else, and nothing of what is not there."""
    marks = (f"{SETTLED}x", "open-15-20261120T043000.000000", partial(74), "partial", None)

    assert [answered_in(one) for one in marks] == [math.inf, 15, 74, 0, 0]


def test_a_server_that_goes_away_is_not_asked_for_the_days_that_follow(
    busy_gpu: FakePrometheus, source: Make, tmp_path: Path
) -> None:
    """After 5 questions x 4 tries in vain the rest of the day and the 21st are left alone."""
    made = source()
    announced = made.announced({})
    one = next(announced)
    busy_gpu.always.append(("DCGM", busy(503)))

    with pytest.raises(
        TransientSourceError, match=r"2026-11-19 23:00 to 2026-11-21 01:00 UTC: .*busy"
    ):
        made.fetch(one, tmp_path, 7)
    assert len(busy_gpu.queries()) == 20
    with pytest.raises(TransientSourceError, match="the days from 2026-11-21 on wait for the next"):
        next(announced)


def test_a_sign_in_that_is_refused_on_the_way_stops_the_source(
    busy_gpu: FakePrometheus, source: Make, tmp_path: Path
) -> None:
    """The token runs out at 06:00: one question more, and no other day."""
    made = source()
    announced = made.announced({})
    one = next(announced)
    busy_gpu.always.append(("T06:59", Scripted(401)))

    with pytest.raises(RejectedSourceError, match="the sign-in is refused"):
        made.fetch(one, tmp_path, 7)
    with pytest.raises(TransientSourceError, match=r"the sign-in is refused.* 2026-11-21 on wait"):
        next(announced)


def test_the_next_run_asks_again(busy_gpu: FakePrometheus, source: Make, tmp_path: Path) -> None:
    """What was away in one run is there in the next, with the same source."""
    made = source()
    one = next(iter(made.announced({})))
    busy_gpu.always.append(("DCGM", busy(503)))
    with pytest.raises(TransientSourceError):
        made.fetch(one, tmp_path, 7)
    busy_gpu.always.clear()

    delivery = fetched(made, tmp_path)

    assert delivery.notes == ()


def test_a_day_without_any_gpu_is_empty(
    busy_gpu: FakePrometheus, source: Make, tmp_path: Path
) -> None:
    """The server has samples of the 19th and the 22nd, and none of the 21st."""
    busy_gpu.add(ACTIVITY, [0.5], start_ms=hour(60), step_ms=STEP_MS, **GPU)
    made = source(now=datetime(2026, 11, 23, tzinfo=UTC))
    one = Announcement(Kind.USAGE, "2026-11-22", "settled-x", None, "")

    delivery = made.fetch(one, tmp_path, 7)

    assert (len(delivery.files), delivery.mark) == (1, "settled-x")
    empty = made.fetch(Announcement(Kind.USAGE, "2026-11-24", None, None, ""), tmp_path, 7)
    assert (empty.files, empty.period, empty.notes) == ((), "2026-11-24", ())


def test_what_was_read_in_parts_gives_the_same_rows(
    busy_gpu: FakePrometheus, source: Make, tmp_path: Path
) -> None:
    """Two samples at once or all of them: the files have the same checksum."""
    for name in ("whole", "parts"):
        (tmp_path / name).mkdir()
    whole = fetched(source(), tmp_path / "whole")
    busy_gpu.most_samples = 2

    parts = fetched(source(), tmp_path / "parts")

    assert [one.sha256 for one in whole.files] == [one.sha256 for one in parts.files]
