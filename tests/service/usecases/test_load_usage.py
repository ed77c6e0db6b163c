"""GPU usage comes from a server that may be away: what is missing is told, and filled later."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from ingest.port import SourceError
from ingest.settings import PrometheusSettings
from ingest.sources.prometheus.source import PrometheusUsage
from service.bootstrap import Wiring
from service.usecases.load_source import Loaded, load_source
from tests.peers.fake_prometheus import FakePrometheus, Scripted, busy, fake_prometheus
from warehouse.load_state import loader

START_MS = int(datetime(2026, 11, 19, tzinfo=UTC).timestamp()) * 1000
STEP_MS = 600_000
HOUR_MS = 3_600_000
ACTIVITY = "DCGM_FI_PROF_GR_ENGINE_ACTIVE"
TELLS = "activity"
Load = Callable[..., list[Loaded]]


@pytest.fixture
def peer() -> Iterator[FakePrometheus]:
    """A GPU that a pod holds half busy from the 19th to the 21st, 02:00."""
    labels = {"UUID": "GPU-1", "Hostname": "node-1", "namespace": "vision", "pod": "train-0"}
    with fake_prometheus() as found:
        found.add(ACTIVITY, [0.5] * (50 * 6), start_ms=START_MS, step_ms=STEP_MS, **labels)
        yield found


@pytest.fixture
def load(wiring: Wiring, peer: FakePrometheus, tmp_path: Path) -> Load:
    """Load what the server has since the 19th."""
    metrics = [name for name in PrometheusSettings.model_fields if name.endswith("_metric")]
    setting = PrometheusSettings.model_validate(
        {name: "" for name in metrics if not name.startswith(f"{TELLS}_metric")}
        | {"name": "gpus", "type": "prometheus", "url": peer.url}
        | {"since": "2026-11-19", "step_s": 600}
    )

    def run(periods: frozenset[str] | None = None, later: timedelta = timedelta()) -> list[Loaded]:
        def clock() -> datetime:
            return wiring.clock() + later

        return load_source(
            PrometheusUsage(setting, clock=clock, pause=lambda _: None),
            lake=wiring.lake,
            engine=wiring.engine,
            store=wiring.store,
            new_id=wiring.new_id,
            clock=clock,
            temp_folder=tmp_path / "temp",
            periods=periods,
        )

    return run


def outcomes(done: list[Loaded]) -> dict[str | None, str]:
    """Say how it went with each day."""
    return {one.period: one.outcome for one in done}


def hours_in(wiring: Wiring) -> dict[str, tuple[float, float]]:
    """Return the hours of each day that are in the lake: allocated and observed."""
    with loader(wiring.engine).connection(wiring.lake.view(["gpu_usage"])) as connection:
        found = connection.execute(
            "SELECT strftime(hour, '%m-%d'), sum(allocated_ms)::BIGINT, sum(observed_ms)::BIGINT"
            " FROM gpu_usage GROUP BY ALL ORDER BY ALL"
        ).fetchall()
    return {day: (allocated / HOUR_MS, observed / HOUR_MS) for day, allocated, observed in found}


def test_what_a_server_has_is_loaded_by_the_day(wiring: Wiring, load: Load) -> None:
    """Two days of 24 hours, and the two hours of the 21st that are over at 02:30."""
    done = load()

    assert outcomes(done) == dict.fromkeys(("2026-11-19", "2026-11-20", "2026-11-21"), "loaded")
    assert hours_in(wiring) == {"11-19": (24, 24), "11-20": (24, 24), "11-21": (2, 2)}


@pytest.mark.parametrize(
    "fault",
    [busy(503), busy(429), Scripted(200, b"<html>"), Scripted(200, b"{}", cut=True)],
    ids=["503", "429", "garbage", "cut"],
)
def test_hours_that_are_missing_are_told_and_filled_by_a_later_run(
    wiring: Wiring, load: Load, peer: FakePrometheus, fault: Scripted
) -> None:
    """On the 19th 06:00 to 08:00 are unobserved at first: 22 hours, then 24, and never 46."""
    peer.always.append((r"11-19T0[67]:59", fault))

    first = load()

    assert outcomes(first)["2026-11-19"] == "loaded"
    [note] = next(one.notes for one in first if one.period == "2026-11-19")
    assert note.startswith("2026-11-19 06:00 to 08:00 UTC: Prometheus at ")
    assert hours_in(wiring)["11-19"] == (24, 22)
    peer.always.clear()
    second = load()
    assert outcomes(second)["2026-11-19"] == "loaded"
    assert all(one.notes == () for one in second)
    assert hours_in(wiring)["11-19"] == (24, 24)
    third = load()
    assert "2026-11-19" not in outcomes(third)


def test_a_gap_that_stays_is_told_every_night(load: Load, peer: FakePrometheus) -> None:
    """The rows are the same, so nothing is loaded, and what is missing is still told."""
    peer.warnings["11-19T06:59"] = ["store a is away"]

    first, second = load(), load()

    assert [outcomes(done)["2026-11-19"] for done in (first, second)] == ["loaded", "unchanged"]
    for done in (first, second):
        [told] = [one.as_json() for one in done if one.period == "2026-11-19"]
        [note] = told["notes"]
        assert "the answer is partial (store a is away)" in note


def test_a_read_that_breaks_off_leaves_what_the_lake_has_of_the_day(
    wiring: Wiring, load: Load, peer: FakePrometheus
) -> None:
    """The 20th has 24 hours; an hour later three of them are answered, and the 24 stay."""
    load()
    later = timedelta(hours=1)
    peer.always.append((r"11-20T(0[3-9]|[12])|11-21T", busy(503)))

    with pytest.raises(SourceError, match="2026-11-20 could not be read whole; what the lake has"):
        load(frozenset({"2026-11-20"}), later)

    assert hours_in(wiring)["11-20"] == (24, 24)
    peer.always.clear()
    assert outcomes(load(later=later))["2026-11-20"] == "unchanged"
    assert "2026-11-20" not in outcomes(load(later=later))


def test_a_server_that_is_down_leaves_what_is_there(
    wiring: Wiring, load: Load, peer: FakePrometheus
) -> None:
    """Nothing can be had, and the 19th to 21st stay as they are."""
    load()
    peer.always.append(("", busy(503)))

    with pytest.raises(SourceError, match="the server is busy"):
        load()

    assert hours_in(wiring) == {"11-19": (24, 24), "11-20": (24, 24), "11-21": (2, 2)}


def test_a_month_stands_for_its_days(wiring: Wiring, load: Load) -> None:
    """November has all three days and October none; a day is named by itself as well."""
    assert load(frozenset({"2026-10"})) == []
    assert len(load(frozenset({"2026-11-20"}))) == 1
    assert hours_in(wiring) == {"11-20": (24, 24)}

    assert len(load(frozenset({"2026-11"}))) == 3
