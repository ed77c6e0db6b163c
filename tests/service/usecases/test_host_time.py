"""A Slurm cluster without the label hpc_job: its job runs say who held the GPUs of a host."""

import json
from decimal import Decimal
from typing import Any

import pytest

from service.domain.gpu_accounts import HOUR_MS
from service.domain.periods import Period
from service.domain.policy import Policy, Rule
from service.domain.pools import Pool, Sharing
from service.usecases.allocate import allocate
from service.usecases.charge_owners import Reader
from service.usecases.gpu_time.account import Accounts, account
from service.usecases.gpu_time.account_period import coverage
from service.usecases.gpu_time.host_time import host_time
from service.usecases.gpu_time.job_attempts import attempts_in
from service.usecases.gpu_time.tables import entry_table, run_table
from service.usecases.stale_periods import READS
from tests.service.facts import Row, at, job, line, node, put
from warehouse.lake import Lake
from warehouse.port import Engine

OCTOBER = Period("2026-10")
MINUTE_MS = HOUR_MS // 60
POLICY = Policy(
    OCTOBER.first_day,
    frozenset(("vision", "nlp", "platform")),
    rules=(Rule({"pool": "slurm"}, pool="slurm"),),
    pools={"slurm": Pool("slurm", "platform", Sharing.BY_USE)},
)


def seen(host: str, gpu: int, active: int | None, **columns: object) -> Row:
    """Return an hour of a GPU without a label, observed throughout, at work for some minutes."""
    usual = {"hour": at(5, 3), "host": host, "gpu_uuid": f"GPU-{host}-{gpu}", "slice": None}
    times = {"capacity_ms": HOUR_MS, "allocated_ms": 0, "observed_ms": HOUR_MS}
    return usual | times | {"activity_ms": None if active is None else active * MINUTE_MS} | columns


def ran(job_id: str, team: str, gpus: int, *hosts: str, **columns: object) -> Row:
    """Return a job that ran from 03:00 to 04:00 on some hosts."""
    times = {"started": at(5, 3), "ended": at(5, 4), "state": "completed"}
    return job(job_id, team, gpus=gpus, hosts=json.dumps(hosts), **(times | columns))


class Cluster:
    """A lake to fill, and what is accounted and allocated from it."""

    def __init__(self, lake: Lake, engine: Engine) -> None:
        """Take the parts; two machines are in the pool slurm."""
        self.lake, self.engine = lake, engine
        put(lake, "node", [node("i-1", "slurm", host="n1"), node("i-2", "slurm", host="n2")])
        costs = [line("80", ResourceId="i-1"), line("80", ResourceId="i-2")]
        put(lake, "cost_line", costs)

    def fill(self, use: list[Row], runs: list[Row]) -> None:
        """Load usage and job runs."""
        put(self.lake, "gpu_usage", use, period="2026-10-05")
        put(self.lake, "job_run", runs)

    def account(self) -> Accounts:
        """Account October."""
        return account(OCTOBER, POLICY, Reader(self.engine, self.lake.view(READS)), {})

    def minutes(self, *names: str) -> dict[tuple[Any, ...], float]:
        """Sum GPU-minutes of the accounts by columns."""
        found = self.account()
        sums: dict[tuple[Any, ...], float] = {}
        for row in entry_table(found.entries, found.node_split).to_pylist():
            if row["kind"] != "unmatched_no_usage":
                key = tuple(row[name] for name in names)
                sums[key] = sums.get(key, 0) + row["gpu_ms"] / MINUTE_MS
        return sums

    def shares(self) -> dict[tuple[str, str], Decimal]:
        """Allocate October and sum the cost by team and line."""
        found = allocate(OCTOBER, POLICY, Reader(self.engine, self.lake.view(READS)))
        sums: dict[tuple[str, str], Decimal] = {}
        for row in found.rows.to_pylist():
            key = row["team"], row["line"]
            sums[key] = sums.get(key, Decimal(0)) + row["effective_cost"]
        return sums


@pytest.fixture
def cluster(lake: Lake, engine: Engine) -> Cluster:
    """Two hosts of 8 GPUs."""
    return Cluster(lake, engine)


@pytest.fixture
def hour(cluster: Cluster) -> Cluster:
    """An hour of a whole-node job on n1; on n2 a job with 4 GPUs and half an hour one with 3."""
    use = [
        *(seen("n1", gpu, 30, energy=60.0) for gpu in range(8)),
        *(seen("n2", gpu, 20) for gpu in range(7)),
        seen("n2", 7, 0),
    ]
    runs = [
        ran("whole", "vision", 8, "n1"),
        ran("four", "nlp", 4, "n2"),
        ran("three", "vision", 3, "n2", ended=at(5, 3).replace(minute=30)),
    ]
    cluster.fill(use, runs)
    return cluster


def test_a_whole_node_job_has_its_host_and_others_the_busiest_gpus(hour: Cluster) -> None:
    """Whole: 8 x 60 minutes, half at work. n2 has 480.

    For 30 minutes 7 GPUs are held, 120 minutes by four and 90 by three; then 4 by four, 120 more.
    Of the 4 GPUs held for an hour and the 3 for half of one each worked 20 minutes: 140. The rest
    of n2 is idle: 480 - 330 = 150, which are 3 x 30 and the GPU that nobody used.
    """
    by_job = hour.minutes("team", "job_id")
    by_kind = hour.minutes("host", "kind")

    assert by_job == {
        ("vision", "whole"): 480,
        ("nlp", "four"): 240,
        ("vision", "three"): 90,
        ("platform", None): 150,
    }
    assert by_kind == {
        ("n1", "utilised"): 240,
        ("n1", "unused"): 240,
        ("n2", "utilised"): 140,
        ("n2", "unused"): 190,
        ("n2", "unreserved_idle"): 150,
    }


def test_the_pool_is_shared_by_the_same_hours(hour: Cluster) -> None:
    """160 dollars for 16 GPU-hours: vision held 8 + 1.5, nlp 4, the owner has 2.5 idle ones."""
    assert hour.shares() == {
        ("vision", "shared"): 95,
        ("nlp", "shared"): 40,
        ("platform", "idle"): 25,
    }


def test_the_run_says_how_much_of_it_no_label_tells(hour: Cluster) -> None:
    """480 + 330 minutes; attempts have what they held, and all energy of n1 is the whole job's."""
    found = hour.account()

    said = coverage(found)
    assert (said["held_by_host_ms"], said["disputed_ms"]) == (810 * MINUTE_MS, 0)
    assert said["allocated_ms"] == 810 * MINUTE_MS
    runs = {row["job_id"]: row for row in run_table(found.runs).to_pylist()}
    assert {name: row["gpu_ms"] / MINUTE_MS for name, row in runs.items()} == {
        "whole": 480,
        "four": 240,
        "three": 90,
    }
    assert runs["whole"]["energy"] == pytest.approx(480)


def test_what_a_label_or_pod_claims_is_never_taken(cluster: Cluster) -> None:
    """The job has 3 GPUs, a label says one of them: it takes 2 of the others, not the pod's."""
    held = {"allocated_ms": HOUR_MS, "job_id": "j"}
    pod = {"allocated_ms": HOUR_MS, "namespace": "x", "pod": "p"}
    use = [
        seen("n1", 0, 10, **held),
        seen("n1", 1, 60, **pod),
        seen("n1", 2, 0, namespace="x"),
        *(seen("n1", gpu, gpu) for gpu in (3, 4, 5)),
    ]
    cluster.fill(use, [ran("j", "nlp", 3, "n1")])

    assert cluster.minutes("job_id", "namespace", "kind") == {
        ("j", None, "utilised"): 10 + 4 + 5,
        ("j", None, "unused"): 180 - 19,
        (None, "x", "utilised"): 60,
        (None, None, "busy_unheld"): 3,
        (None, None, "unreserved_idle"): 120 - 3,
    }


def test_a_job_that_has_all_its_gpus_by_label_takes_none(cluster: Cluster) -> None:
    """8 GPUs on two hosts, 7 of them on n1 and 1 on n2 by their labels: the idle one stays."""
    held = {"allocated_ms": HOUR_MS, "job_id": "j"}
    use = [
        *(seen("n1", gpu, 60, **held) for gpu in range(7)),
        seen("n2", 0, 60, **held),
        seen("n2", 1, 0),
    ]
    cluster.fill(use, [ran("j", "nlp", 8, "n1", "n2")])

    assert cluster.minutes("job_id") == {("j",): 480, (None,): 60}


@pytest.mark.parametrize(
    "columns",
    [
        {"hosts": None},
        {"gpus": 0},
        {"started": None},
        {"started": at(5, 1), "ended": at(5, 3)},
        {"started": at(5, 4), "ended": at(5, 5)},
        {"hosts": '["n2"]'},
        {"ended": None},
        {"ended": None, "state": None},
        {"job_id": "vision/serve-a"},
        {"job_id": "vision/serve-a", "ended": None, "state": "running"},
    ],
)
def test_who_did_not_run_there_then_with_gpus_takes_nothing(
    cluster: Cluster, columns: dict[str, Any]
) -> None:
    """The hour of the one GPU stays idle."""
    cluster.fill([seen("n1", 0, 0)], [{**ran("j", "nlp", 1, "n1"), **columns}])

    assert cluster.minutes("kind") == {("unreserved_idle",): 60}


def test_what_was_not_seen_is_held_and_not_observed(cluster: Cluster) -> None:
    """A whole node for 45 minutes: GPU 0 has no signal, GPU 1 was observed for 20 minutes only."""
    use = [
        seen("n1", 0, None, observed_ms=0),
        seen("n1", 1, 5, observed_ms=20 * MINUTE_MS, memory_mean=9.0),
    ]
    ends = at(5, 3).replace(minute=45)
    cluster.fill(use, [ran("j", "nlp", 2, "n1", ended=ends)])

    assert cluster.minutes("kind") == {
        ("utilised",): 5,
        ("unused",): 15,
        ("unobserved",): 45 + 25,
        ("unseen",): 30,
    }


def test_a_host_of_two_clusters_is_nobodys(cluster: Cluster) -> None:
    """Two sources tell of a job on n1 in this hour: which n1 it is nobody knows."""
    cluster.fill([seen("n1", 0, 60)], [ran("7", "nlp", 1, "n1")])
    put(cluster.lake, "job_run", [ran("8", "vision", 1, "n1")], source="other")

    found = cluster.account()

    assert (found.by_host_ms, found.disputed_ms) == (0, HOUR_MS)
    assert cluster.minutes("kind", "team") == {("busy_unheld", "platform"): 60}
    assert cluster.shares() == {("platform", "idle"): 160}


def test_hosts_are_known_by_the_names_that_usage_and_machines_tell(cluster: Cluster) -> None:
    """The exporter says n1.example, the GPU's machine is n1: a job may say the one or the other."""
    machine = node("i-1", "slurm", host="n1", gpu_uuids='["GPU-n1.example-0"]')
    put(cluster.lake, "node", [machine])
    for name in ("n1", "n1.example"):
        cluster.fill([seen("n1.example", 0, 60)], [ran("j", "nlp", 1, name)])

        assert cluster.minutes("host", "job_id") == {("n1", "j"): 60}


def test_a_job_that_is_running_holds_its_hosts_gpus(cluster: Cluster) -> None:
    """It began at 03:00, has no end and is said to run: the 60 minutes are its."""
    cluster.fill([seen("n1", 0, 60)], [ran("j", "nlp", 1, "n1", ended=None, state="running")])

    assert cluster.minutes("job_id") == {("j",): 60}


def test_where_labels_work_only_a_job_that_has_one_takes_what_it_lacks(cluster: Cluster) -> None:
    """Of 4 GPUs a has 2 and a label for 1: it takes another; b has no label and takes none.

    Nor does a job of another cluster, whose n1 is another machine: 120 minutes are nobody's.
    """
    use = [
        seen("n1", 0, 60, allocated_ms=HOUR_MS, job_id="a"),
        *(seen("n1", gpu, 0) for gpu in (1, 2, 3)),
    ]
    cluster.fill(use, [ran("a", "nlp", 2, "n1"), ran("b", "vision", 1, "n1")])
    put(cluster.lake, "job_run", [ran("c", "vision", 1, "n1")], source="other")

    assert cluster.minutes("job_id") == {("a",): 120, (None,): 120}


def test_a_machine_that_was_there_for_a_part_of_an_hour_is_its_jobs(cluster: Cluster) -> None:
    """8 GPUs from 03:40 on, with a job from 03:40 to 04:00: all 8 x 20 = 160 minutes are its."""
    times = {"capacity_ms": 20 * MINUTE_MS, "observed_ms": 20 * MINUTE_MS}
    use = [seen("n1", gpu, 20, **times) for gpu in range(8)]
    cluster.fill(use, [ran("j", "nlp", 8, "n1", started=at(5, 3).replace(minute=40))])

    assert cluster.minutes("job_id", "kind") == {("j", "utilised"): 160}


def test_jobs_of_two_clusters_that_were_never_there_at_once_dispute_nothing(
    cluster: Cluster,
) -> None:
    """One ended at 03:05, the other began at 03:30: 5 and 30 minutes; 25 are nobody's."""
    ends, begins = (at(5, 3).replace(minute=minute) for minute in (5, 30))
    cluster.fill([seen("n1", 0, 60)], [ran("a", "nlp", 1, "n1", ended=ends)])
    put(cluster.lake, "job_run", [ran("b", "vision", 1, "n1", started=begins)], source="other")

    assert cluster.minutes("job_id") == {("a",): 5, ("b",): 30, (None,): 25}
    assert cluster.account().disputed_ms == 0


def test_a_job_never_holds_more_gpus_than_it_has(cluster: Cluster) -> None:
    """9 GPUs on two hosts of 8 are 5 and 4: 300 and 240 minutes; 180 and 240 are idle."""
    use = [seen(host, gpu, 60) for host in ("n1", "n2") for gpu in range(8)]
    cluster.fill(use, [ran("j", "nlp", 9, "n1", "n2")])

    assert cluster.minutes("host", "job_id") == {
        ("n1", "j"): 300,
        ("n2", "j"): 240,
        ("n1", None): 180,
        ("n2", None): 240,
    }


def test_what_was_taken_is_packed(cluster: Cluster) -> None:
    """8 hours of GPUs of one job are 8 rows: their texts are numbers into a list of one each."""
    cluster.fill([seen("n1", gpu, 60) for gpu in range(8)], [ran("j", "nlp", 8, "n1")])
    reader = Reader(cluster.engine, cluster.lake.view(READS))
    attempts = attempts_in(OCTOBER.window, reader)

    taken = host_time(OCTOBER.window, attempts, reader.ask("machine_times"), reader).taken

    assert [len(one.dictionary) for one in taken["job_id"].chunks] == [1]
    assert taken["job_id"].to_pylist() == ["j"] * 8
    assert sum(taken["allocated_ms"].to_pylist()) == 8 * HOUR_MS
