"""Two clusters count their jobs from 1: equal ids of two sources are two jobs."""

from typing import Any

import pytest

from service.domain.gpu_accounts import HOUR_MS
from service.usecases.gpu_time.tables import run_table
from tests.service.facts import Row, at, job, put
from tests.service.usecases.test_host_time import Cluster, seen
from warehouse.lake import Lake
from warehouse.port import Engine

HOUR = {"started": at(5, 3), "ended": at(5, 4), "state": "completed", "gpus": 1}


@pytest.fixture
def cluster(lake: Lake, engine: Engine) -> Cluster:
    """Two machines in a pool that is shared by use."""
    return Cluster(lake, engine)


def tell(cluster: Cluster, use: list[Row], east: Row, west: Row) -> None:
    """Load usage, and job runs of two clusters."""
    cluster.fill(use, [])
    put(cluster.lake, "job_run", [east], source="east")
    put(cluster.lake, "job_run", [west], source="west")


def held(host: str, gpu: int = 0, **columns: object) -> Row:
    """Return an hour of a GPU that the job 7 held."""
    return seen(host, gpu, 60, **({"allocated_ms": HOUR_MS, "job_id": "7"} | columns))


def test_a_row_is_the_job_of_the_source_whose_hosts_name_its_host(cluster: Cluster) -> None:
    """Both ran in this hour: n1 is east's, n2 is west's, for money as for GPU time."""
    tell(
        cluster,
        [held("n1"), held("n2")],
        job("7", "vision", hosts='["n1"]', **HOUR),
        job("7", "nlp", hosts='["n2", "n3"]', **HOUR),
    )

    runs = run_table(cluster.account().runs).to_pylist()
    assert cluster.minutes("team", "host") == {("vision", "n1"): 60, ("nlp", "n2"): 60}
    assert cluster.shares() == {("vision", "shared"): 80, ("nlp", "shared"): 80}
    assert [(row["team"], row["attempt"], row["gpu_ms"]) for row in runs] == [
        ("vision", 1, HOUR_MS),
        ("nlp", 1, HOUR_MS),
    ]


def test_a_named_host_goes_before_hosts_that_nobody_knows(cluster: Cluster) -> None:
    """West may have run anywhere; east says n1."""
    tell(
        cluster,
        [held("n1")],
        job("7", "vision", hosts='["n1"]', **HOUR),
        job("7", "nlp", hosts=None, **HOUR),
    )

    assert cluster.minutes("team") == {("vision",): 60}


def test_a_source_without_an_attempt_at_that_time_is_not_meant(cluster: Cluster) -> None:
    """East's job ended at 03:00, when west's began; no hosts are known."""
    tell(
        cluster,
        [held("n1")],
        job("7", "vision", **{**HOUR, "started": at(5, 1), "ended": at(5, 3)}),
        job("7", "nlp", **HOUR),
    )

    assert cluster.minutes("team") == {("nlp",): 60}
    assert cluster.shares() == {("nlp", "shared"): 160}


def test_an_attempt_without_an_end_is_over_when_the_next_one_comes(cluster: Cluster) -> None:
    """East's first attempt gave way to its second at 02:00, which ended before 03:00."""
    first = {"submitted": at(5), "started": at(5), "gpus": 1}
    second = {"submitted": at(5, 2), "started": at(5, 2), "ended": at(5, 3), "gpus": 1}
    tell(cluster, [held("n1")], job("7", "vision", **first), job("7", "nlp", **HOUR))
    runs = [job("7", "vision", **first), job("7", "vision", **second)]
    put(cluster.lake, "job_run", runs, source="east")

    assert cluster.minutes("team") == {("nlp",): 60}


@pytest.mark.parametrize(
    ("east", "west"),
    [
        ({}, {}),
        ({"hosts": '["n1"]'}, {"hosts": '["n1"]'}),
        ({"hosts": '["n8"]'}, {"hosts": '["n9"]'}),
        ({"ended": at(5, 2), "started": at(5, 1)}, {"started": None, "ended": None}),
    ],
)
def test_where_several_may_be_meant_or_none_nobody_guesses(
    cluster: Cluster, east: dict[str, Any], west: dict[str, Any]
) -> None:
    """The hour is held by job 7 of nobody's, and counted; a namespace would still decide."""
    tell(cluster, [held("n1")], job("7", "vision", **HOUR | east), job("7", "nlp", **HOUR | west))

    found = cluster.account()

    assert cluster.minutes("team", "job_id") == {("unallocated", "7"): 60}
    assert found.disputed_ms == HOUR_MS
    assert cluster.shares() == {("unallocated", "unallocated"): 160}


def test_an_id_that_one_source_knows_is_its_job_whenever(cluster: Cluster) -> None:
    """The job's record says another day and host; no other source knows the id."""
    cluster.fill([held("n1")], [job("7", "vision", hosts='["n2"]', **{**HOUR, "ended": at(4)})])

    assert cluster.minutes("team") == {("vision",): 60}
    assert cluster.account().disputed_ms == 0


def test_the_team_is_the_newest_attempts_for_money_and_for_gpu_time(cluster: Cluster) -> None:
    """The attempt of this hour says nlp, a later one vision: accounts and bill say vision."""
    first = job("7", "nlp", **HOUR)
    later = job("7", "vision", attempt=2, **{**HOUR, "started": at(6), "ended": at(7)})
    cluster.fill([held("n1")], [first, later])

    assert cluster.minutes("team") == {("vision",): 60}
    assert cluster.shares() == {("vision", "shared"): 160}
