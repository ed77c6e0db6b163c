"""kube-state-metrics night after night: what is new is read, gaps are filled, none counts twice."""

from datetime import date, datetime
from pathlib import Path
from typing import Any

import pytest

from ingest.port import Kind, RejectedSourceError, SourceError, TransientSourceError
from ingest.sources.kube_state.marks import Read, read_from
from service.bootstrap import Wiring
from tests.ingest.kube_state.world import SINCE, World, at, finished, running
from tests.ingest.kubernetes.world import pod, source_at, state
from tests.ingest.kubernetes.world import running as api_running
from tests.ingest.nights import asked, load, outcomes
from tests.peers.fake_prometheus import Scripted, busy, failure
from tests.peers.kube_state import Node
from tests.peers.kubernetes import PODS, fake_cluster

NEWEST = """SELECT job_id, attempt, state, strftime(ended, '%d %H:%M') FROM (
    SELECT *, row_number() OVER (
        PARTITION BY x_SourceId, job_id, submitted, attempt
        ORDER BY ended DESC NULLS LAST, started DESC NULLS LAST, x_LoadId
    ) AS newest
    FROM job_run
) WHERE newest = 1 ORDER BY job_id, submitted, attempt"""
"""Each attempt once, as docs/connect/kubernetes.md has it."""


def marks(world: World, now: datetime, known: Any = None) -> dict[tuple[Kind, str], str]:  # noqa: ANN401
    """What a lake would hold after it has loaded all that is announced at a moment."""
    found = world.source(now).announced(known or {})
    return {**(known or {}), **{(one.kind, one.period or ""): one.mark or "" for one in found}}


def test_nights_add_what_is_new_and_count_each_run_once(
    world: World, wiring: Wiring, tmp_path: Path
) -> None:
    """Night 1: a done, b runs. Night 2: b deleted at 21:00, c done. Night 3, a Monday: the node."""
    world.until = at("23 03:00")
    later = [(at("21 10:00"), "Running"), (at("21 12:05"), "Failed")]
    world.tell(
        finished("a"),
        running("b", until=at("21 21:01")),
        finished("c", created=at("21 10:00"), phases=later, starts=[at("21 10:05")],
                 completed=at("21 12:00"), until=at("21 13:00")),
    )  # fmt: skip
    world.tell_nodes(Node("gpu-1", at("20 00:00"), world.until))

    nights = [
        outcomes(load(world.source(at(f"{day} 02:30")), wiring, tmp_path)) for day in (21, 22, 23)
    ]

    assert nights == [
        [("nodes", "*", "loaded", 1), ("jobs", "2026-11", "loaded", 2)],
        [("jobs", "2026-11", "loaded", 2)],
        [("nodes", "*", "loaded", 1)],
    ]
    assert asked(wiring, "job_run", NEWEST) == [
        ("vision/a", 1, "completed", "20 14:02"),
        ("vision/b", 1, "cancelled", "21 21:05"),
        ("vision/c", 1, "failed", "21 12:00"),
    ]
    found = asked(wiring, "node", "SELECT DISTINCT resource_id, host FROM node")
    assert found == [("i-0abc", "gpu-1")]


def test_a_night_reads_no_more_than_what_is_new(world: World) -> None:
    """Until 02:00 all was read; the next night begins 3 hours to settle and one before that."""
    world.until = at("22 03:00")
    world.tell(running())
    known = marks(world, at("21 02:30"))
    world.peer.asked.clear()

    marks(world, at("22 02:30"), known)

    begun = [one for one in world.peer.asked if one.startswith("max(max_over_time")]
    assert len(begun) == 7
    assert all("[14400000ms" in one for one in begun)


@pytest.mark.parametrize(
    ("fault", "reason"),
    [
        (busy(503), "the server is busy (status 503: busy)"),
        (busy(429), "the server is busy (status 429: busy)"),
        (Scripted(200, b"<html>please sign in</html>"), "none of Prometheus's"),
        (Scripted(200, b'{"status":"success"', cut=True), "cannot be reached"),
        (failure(422, "execution", "too many samples"), "not even a few minutes can be read"),
    ],
)
def test_hours_that_cannot_be_read_are_named_and_filled_later(
    world: World, wiring: Wiring, tmp_path: Path, fault: Scripted, reason: str
) -> None:
    """12:00 to 16:00 fail, in which a lives and dies; b is told at once, a the next night."""
    world.until = at("22 03:00")
    short = [(at("20 12:30"), "Running")]
    world.tell(
        running("a", created=at("20 12:30"), phases=short, starts=[at("20 12:31")],
                until=at("20 15:01")),
        finished("b"),
    )  # fmt: skip
    world.peer.always.append((r"_over_time.* 2026-11-20T1[2345]:", fault))

    first = load(world.source(at("21 02:30")), wiring, tmp_path)
    world.peer.always.clear()
    second = load(world.source(at("22 02:30")), wiring, tmp_path)

    assert [one.outcome for one in first] == ["loaded", "failed"]
    told = first[-1].reason or ""
    assert "2026-11-20 12:00 to 16:00 UTC: " in told
    assert reason in told
    assert [one.outcome for one in second] == ["loaded"]
    assert asked(wiring, "job_run", NEWEST) == [
        ("vision/a", 1, "cancelled", "20 15:05"),
        ("vision/b", 1, "completed", "20 14:02"),
    ]


def test_hours_that_can_never_be_read_are_left_behind_by_a_later_first_day(world: World) -> None:
    """The 20th, 12:00 to 16:00, stays missing night after night, until ``since`` is the 21st."""
    world.until = at("22 03:00")
    world.tell(running("a"))
    world.peer.always.append((r"_over_time.* 2026-11-20T1[2345]:", busy(503)))
    known: dict[tuple[Kind, str], str] = {}
    for day in (21, 22):
        announced = world.source(at(f"{day} 02:30")).announced(known)
        known[Kind.JOBS, "2026-11"] = next(announced).mark or ""
        with pytest.raises(TransientSourceError, match="2026-11-20 12:00 to 16:00"):
            next(announced)

    later = date(2026, 11, 21)

    assert [one.state for one in world.runs(at("22 02:30"), known, since=later)] == ["running"]


def test_what_passes_by_itself_is_tried_again(world: World) -> None:
    """Three times busy, then the answer: nothing is missing."""
    world.tell(finished())
    world.peer.scripted += [("kube_pod_status_phase", busy(503))] * 3

    assert [one.state for one in world.runs()] == ["completed"]


def test_an_answer_that_is_partial_is_read_again(world: World) -> None:
    """A store behind Thanos did not answer; hints about PromQL are no warnings."""
    world.tell(finished())
    world.peer.warnings["kube_pod_status_phase"] = ["PromQL info: metric might not be a counter"]
    assert len(world.runs()) == 1
    world.peer.warnings["kube_pod_status_phase.*T15:59"] = ["a store is away"]

    with pytest.raises(TransientSourceError, match="the answer is partial"):
        world.runs()


def test_a_server_that_is_not_whole_is_read_again(world: World) -> None:
    """VictoriaMetrics says isPartial."""
    body = b'{"status":"success","isPartial":true,"data":{"resultType":"vector","result":[]}}'
    world.tell(finished())
    world.peer.scripted.append(("kube_pod_completion_time", Scripted(200, body)))

    with pytest.raises(TransientSourceError, match="says that it is not whole"):
        world.runs()


def test_a_server_that_is_away_is_left_alone(world: World) -> None:
    """Nodes, a day and 4 stretches of hours are asked for, each tried 4 times: 24 requests."""
    world.peer.always.append(("", busy(503)))

    with pytest.raises(TransientSourceError, match="11-20 00:00 to 2026-11-22 02:00 UTC"):
        world.runs(at("22 02:30"), kinds=["jobs"])

    assert len(world.peer.asked) == 24


def test_a_server_that_refuses_ends_the_reading(world: World) -> None:
    """Nothing passes by itself where the sign-in is refused."""
    world.peer.always.append(("", Scripted(401)))

    with pytest.raises(RejectedSourceError, match="the sign-in is refused"):
        world.runs()


def test_a_server_without_the_metrics_is_named(world: World) -> None:
    """Nobody scrapes kube-state-metrics there."""
    with pytest.raises(RejectedSourceError, match="nothing of kube-state-metrics since 2026-11-20"):
        world.runs()


def test_before_the_first_day_nothing_is_asked(world: World) -> None:
    """It is the 19th, and the 20th is the first day."""
    assert world.runs(datetime.fromisoformat("2026-11-19T02:30:00+00:00")) == []
    assert world.peer.asked == []


def test_what_is_too_much_is_asked_for_in_halves(world: World) -> None:
    """Four hours are refused once; two times two are as good."""
    world.tell(finished())
    refused = failure(422, "execution", "query processing would load too many samples")
    world.peer.scripted.append(("kube_pod_status_phase.*T15:59", refused))

    assert [one.ended for one in world.runs()] == [at("20 14:02")]
    assert any("[7200000ms" in one for one in world.peer.asked)


def test_what_the_server_does_not_say_of_a_day_its_hours_say(world: World) -> None:
    """Whether there is anything is refused; the hours are asked all the same."""
    world.tell(finished())
    world.peer.always.append((r"/labels", failure(422, "execution", "too many series")))

    with pytest.raises(TransientSourceError, match=r"nodes: .*not even a few minutes"):
        world.runs()
    assert any("kube_pod_completion_time" in one for one in world.peer.asked)


def test_a_month_that_was_not_loaded_is_read_again() -> None:
    """Of October and November only the latter was loaded, so the reading begins as before."""
    last = Read(at("20 02:00"), at("21 02:00"), ("2026-10", "2026-11"))
    before = Read(at("19 02:00"), at("20 02:00"), ("2026-10", "2026-11"))
    told = {(Kind.JOBS, "2026-11"): last.mark("a1"), (Kind.NODES, "*"): "nodes"}

    half = read_from({**told, (Kind.JOBS, "2026-10"): before.mark("b2")}, SINCE)
    whole = read_from({**told, (Kind.JOBS, "2026-10"): last.mark("b2")}, SINCE)

    assert read_from(told, SINCE) == half == at("20 02:00")
    assert whole == at("21 02:00")
    assert read_from({(Kind.JOBS, "2026-11"): "seen by another source"}, SINCE) == at("20 00:00")


def test_the_same_pods_may_be_loaded_again_and_again(
    world: World, wiring: Wiring, tmp_path: Path
) -> None:
    """Three looks within an hour tell the same pod, which is one run, and nothing fails."""
    world.tell(running())

    looks = [
        outcomes(load(world.source(at(f"21 02:{minute}")), wiring, tmp_path))
        for minute in (10, 20, 30)
    ]

    assert looks[:2] == [[("jobs", "2026-11", "loaded", 1)]] * 2
    assert asked(wiring, "job_run", NEWEST) == [("vision/train-0", 1, "running", None)]


def test_only_what_the_settings_name_is_brought(world: World) -> None:
    """Jobs or nodes, where another source brings the others."""
    world.tell(finished())
    world.tell_nodes(Node("gpu-1", at("20 00:00"), world.until))

    found = {
        kind: [one.kind.value for one in world.source(kinds=[kind]).announced({})]
        for kind in ("jobs", "nodes")
    }

    assert found == {"jobs": ["jobs"], "nodes": ["nodes"]}


def test_the_pods_are_told_though_the_nodes_cannot_be(
    world: World, wiring: Wiring, tmp_path: Path
) -> None:
    """Questions about nodes fail; the night's report says so."""
    world.tell(finished())
    world.tell_nodes(Node("gpu-1", at("20 00:00"), world.until))
    world.peer.always.append(("kube_node_info", busy(503)))

    found = load(world.source(), wiring, tmp_path)

    assert [(one.kind, one.outcome) for one in found] == [("jobs", "loaded"), ("", "failed")]
    assert "nodes: " in (found[1].reason or "")


def test_nothing_is_loaded_where_nothing_is_answered(
    world: World, wiring: Wiring, tmp_path: Path
) -> None:
    """The source fails as a whole, and what the lake has stays."""
    world.peer.always.append(("", busy(503)))

    with pytest.raises(SourceError, match="nodes: "):
        load(world.source(), wiring, tmp_path)


def test_a_source_that_changes_its_type_counts_a_pod_once(
    world: World, wiring: Wiring, tmp_path: Path
) -> None:
    """The API saw it run on the 20th, the metrics its end: one run under the one name."""
    world.tell(finished("train-0"))
    works = state(running=api_running("20 10:10"))
    with fake_cluster() as cluster:
        cluster.add(PODS, pod("train-0", "Running", works, created="20 10:00"))
        load(source_at(cluster, at("20 12:30"), name="metrics"), wiring, tmp_path)

    load(world.source(at("21 02:30")), wiring, tmp_path)

    assert asked(wiring, "job_run", "SELECT count(*) FROM job_run") == [(2,)]
    assert asked(wiring, "job_run", NEWEST) == [("vision/train-0", 1, "completed", "20 14:02")]
