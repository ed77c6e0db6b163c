"""A cluster over HTTP: its pods become job runs, its nodes machine facts, nothing counts twice."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
import trustme
from kubernetes.config import incluster_config
from pydantic import ValidationError

from ingest.job_runs import JobRun
from ingest.port import Check, Kind, Marks, RejectedSourceError, Source, TransientSourceError
from ingest.registry import source_of
from ingest.settings import KubernetesSettings
from ingest.sources.kubernetes.nodes import machine_of
from ingest.sources.kubernetes.source import KubernetesCluster
from tests.ingest.source_contract import SourceContract
from tests.peers.kubernetes import NODES, PODS, FakeCluster, fake_cluster

NOW = datetime(2026, 11, 21, 2, 30, tzinfo=UTC)
ALL_PODS = "/api/v1/pods"
ALL_NODES = "/api/v1/nodes"
NAME = "train-x7k2p"


@pytest.fixture(scope="module")
def serving() -> Iterator[FakeCluster]:
    """A cluster for all tests of this module."""
    with fake_cluster() as found:
        yield found


@pytest.fixture
def cluster(serving: FakeCluster) -> Iterator[FakeCluster]:
    """The cluster, with nothing in it and no fault."""
    yield serving
    serving.faults.once.clear()
    serving.faults.always.clear()
    serving.faults.garbage = False
    serving.asked.clear()
    serving._emulator.objects.clear()


def at(text: str) -> datetime:
    """A moment of November 2026 in UTC, as ``20 10:00``."""
    day, _, clock = text.partition(" ")
    return datetime.fromisoformat(f"2026-11-{day}T{clock}:00+00:00")


def told(text: str) -> str:
    """The same as the cluster spells it."""
    return f"{at(text):%Y-%m-%dT%H:%M:%SZ}"


def settings(cluster: FakeCluster, **more: object) -> KubernetesSettings:
    """Settings that lead to the cluster."""
    given = {"name": "cluster", "type": "kubernetes", "server": cluster.url, **more}
    return KubernetesSettings.model_validate(given)


def source_at(cluster: FakeCluster, now: datetime = NOW, **more: object) -> KubernetesCluster:
    """The source over the cluster, at a moment."""
    return KubernetesCluster(settings(cluster, **more), clock=lambda: now)


def runs(source: KubernetesCluster, known: Marks | None = None) -> list[JobRun]:
    """All runs that a source has to tell."""
    list(source.announced(known or {}))
    return [run for of in source._runs.values() for run in of]


def container(name: str = "main", gpus: str | None = "8", **more: str) -> dict[str, Any]:
    """A container that asks for GPUs."""
    limits = {} if gpus is None else {"limits": {"nvidia.com/gpu": gpus}}
    return {"name": name, "image": "train", "resources": limits} | more


def state(
    name: str = "main",
    *,
    restarts: int = 0,
    before: dict[str, Any] | None = None,
    **now: dict[str, Any],
) -> dict[str, Any]:
    """A container's status: ``running``, ``terminated`` or ``waiting``."""
    last = {"terminated": before} if before else {}
    return {"name": name, "restartCount": restarts, "state": now, "lastState": last}


def ended(since: str, until: str, code: int = 0, reason: str = "Completed") -> dict[str, Any]:
    """A container's life that is over."""
    return {
        "startedAt": told(since),
        "finishedAt": told(until),
        "exitCode": code,
        "reason": reason,
    }


def running(since: str) -> dict[str, Any]:
    """A container's life that goes on."""
    return {"startedAt": told(since)}


def pod(
    name: str = NAME,
    phase: str = "Succeeded",
    *statuses: dict[str, Any],
    created: str = "20 10:00",
    spec: dict[str, Any] | None = None,
    meta: dict[str, Any] | None = None,
    status: dict[str, Any] | None = None,
) -> dict[str, Any]:
    """A pod of the job train in the namespace vision."""
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {
            "name": name,
            "namespace": "vision",
            "uid": name,
            "creationTimestamp": told(created),
            "ownerReferences": [{"kind": "Job", "name": "train", "controller": True}],
            **(meta or {}),
        },
        "spec": {"nodeName": "gpu-1", "containers": [container()], **(spec or {})},
        "status": {"phase": phase, "containerStatuses": list(statuses), **(status or {})},
    }


def node(
    name: str = "gpu-1",
    provider_id: str | None = "aws:///us-east-1a/i-0abc",
    *,
    gpus: str = "8",
    created: str = "01 00:00",
    **labels: str,
) -> dict[str, Any]:
    """A node with GPUs; ``__`` in a label stands for ``/``."""
    given = {
        "node.kubernetes.io/instance-type": "p5.48xlarge",
        "nvidia.com/gpu.product": "NVIDIA-H100-80GB-HBM3",
        "eks.amazonaws.com/nodegroup": "training",
    }
    return {
        "apiVersion": "v1",
        "kind": "Node",
        "metadata": {
            "name": name,
            "creationTimestamp": told(created),
            "labels": given | {key.replace("__", "/"): value for key, value in labels.items()},
        },
        "spec": {} if provider_id is None else {"providerID": provider_id},
        "status": {"capacity": {"cpu": "192", "nvidia.com/gpu": gpus}},
    }


FINISHED = pod(NAME, "Succeeded", state(terminated=ended("20 10:05", "20 14:00")))


class TestContract(SourceContract):
    @pytest.fixture
    def source(self, cluster: FakeCluster) -> Source:
        cluster.add(PODS, FINISHED, pod("old", created="01 10:00"))
        cluster.add(NODES, node())
        return source_of(settings(cluster), clock=lambda: NOW)


def test_a_pod_that_is_done_is_a_run_of_its_gpus(cluster: FakeCluster) -> None:
    """Made at 10:00, at work from 10:05 to 14:00 on 8 H100 of gpu-1: one completed run."""
    labels = {"team": "vision-team", "comptroller-workload": "wl-7", "project": "detector"}
    meta = {"labels": labels, "annotations": {"comptroller-user": "ada"}}
    cluster.add(PODS, FINISHED | {"metadata": FINISHED["metadata"] | meta})
    cluster.add(NODES, node())

    assert runs(source_at(cluster)) == [
        JobRun(
            job_id=f"vision/{NAME}",
            attempt=1,
            workload_id="wl-7",
            user_name="ada",
            team="vision-team",
            project="detector",
            nodes=1,
            gpus=8,
            accelerator_model="H100",
            submitted=at("20 10:00"),
            started=at("20 10:05"),
            ended=at("20 14:00"),
            state="completed",
            hosts=("gpu-1",),
        )
    ]


@pytest.mark.parametrize(
    ("phase", "status", "expected"),
    [
        ("Failed", {}, "failed"),
        ("Failed", {"reason": "Evicted"}, "preempted"),
        ("Failed", {"reason": "DeadlineExceeded"}, "timeout"),
        (
            "Failed",
            {
                "conditions": [
                    {"type": "Ready", "status": "False", "lastTransitionTime": told("20 14:00")},
                    {"type": "DisruptionTarget", "status": "True"},
                ]
            },
            "preempted",
        ),
        ("Succeeded", {"reason": "Evicted"}, "completed"),
    ],
)
def test_how_a_pod_ended_is_told_by_phase_and_reason(
    cluster: FakeCluster, phase: str, status: dict[str, Any], expected: str
) -> None:
    """Evicted or disrupted is preempted, over its deadline is timeout, other failures failed."""
    over = state(terminated=ended("20 10:05", "20 14:00", 137, "OOMKilled"))
    cluster.add(PODS, pod(NAME, phase, over, status=status))

    [one] = runs(source_at(cluster))

    assert (one.state, one.ended) == (expected, at("20 14:00"))


def test_an_evicted_pod_without_containers_ends_with_its_last_condition(
    cluster: FakeCluster,
) -> None:
    """Nothing is left but conditions: it ended when the last of them changed, at 12:00."""
    conditions = [
        {"type": "PodScheduled", "status": "True", "lastTransitionTime": told("20 10:01")},
        {"type": "DisruptionTarget", "status": "True", "lastTransitionTime": told("20 12:00")},
    ]
    status = {"startTime": told("20 10:02"), "conditions": conditions, "containerStatuses": None}
    cluster.add(PODS, pod(NAME, "Failed", status=status))

    [one] = runs(source_at(cluster))

    assert (one.started, one.ended, one.state) == (at("20 10:02"), at("20 12:00"), "preempted")


def test_pods_that_wait_or_run_have_no_end(cluster: FakeCluster) -> None:
    """Pending is queued, without a node; Running is running since its container began."""
    cluster.add(
        PODS,
        pod("waits", "Pending", spec={"nodeName": None}),
        pod("works", "Running", state(running=running("20 11:00"))),
        pod("pulls", "Running", state(waiting={"reason": "ContainerCreating"})),
    )

    found = {one.job_id: one for one in runs(source_at(cluster))}

    assert {name: (one.state, one.started, one.ended) for name, one in found.items()} == {
        "vision/waits": ("queued", None, None),
        "vision/works": ("running", at("20 11:00"), None),
        "vision/pulls": ("queued", None, None),
    }
    assert found["vision/waits"].hosts is None


def test_a_restart_is_another_attempt(cluster: FakeCluster) -> None:
    """Begun for the third time at 13:00 after a crash at 12:50: attempts 2, failed, and 3."""
    crash = ended("20 11:00", "20 12:50", 1, "Error")
    cluster.add(
        PODS, pod(NAME, "Running", state(restarts=2, before=crash, running=running("20 13:00")))
    )

    found = runs(source_at(cluster))

    assert [(one.attempt, one.state, one.started, one.ended) for one in found] == [
        (2, "failed", at("20 11:00"), at("20 12:50")),
        (3, "running", at("20 13:00"), None),
    ]


def test_a_container_that_waits_after_a_crash_keeps_its_numbers(cluster: FakeCluster) -> None:
    """The restart count says 1 while the second life is over and the third waits: 2 and 3."""
    crash = ended("20 11:00", "20 12:50", 0)
    waits = state(restarts=1, before=crash, waiting={"reason": "CrashLoopBackOff"})
    cluster.add(PODS, pod(NAME, "Running", waits))

    found = runs(source_at(cluster))

    assert [(one.attempt, one.state) for one in found] == [(2, "completed"), (3, "queued")]


def test_a_container_that_never_began_has_no_start_in_1970(cluster: FakeCluster) -> None:
    """Runtimes write 1970 where a container could not be started; that is no time."""
    never = {
        "startedAt": "1970-01-01T00:00:00Z",
        "finishedAt": told("20 10:30"),
        "exitCode": 128,
        "reason": "StartError",
    }
    cluster.add(PODS, pod(NAME, "Failed", state(terminated=never)))

    [one] = runs(source_at(cluster))

    assert (one.started, one.ended, one.state) == (None, at("20 10:30"), "failed")


def test_gpus_are_counted_as_the_scheduler_does(cluster: FakeCluster) -> None:
    """2 + 1 of a sidecar are 3, and 4 before them are more; MIG slices count one each."""
    mig = {"limits": {"nvidia.com/mig-1g.10gb": "3", "cpu": "4"}}
    shared = {"name": "a", "resources": {"limits": {"nvidia.com/gpu.shared": "1"}}}
    before = [container("setup", "4"), container("side", "1", restartPolicy="Always")]
    cluster.add(
        PODS,
        pod("first", spec={"containers": [container(gpus="2")], "initContainers": before}),
        pod("slices", spec={"containers": [container() | {"resources": mig}]}),
        pod("asks", spec={"containers": [{"name": "a", "resources": {"requests": {}}}]}),
        pod("slow", spec={"containers": [container(gpus="1k")]}),
        pod("odd", spec={"containers": [container(gpus="some")]}),
        pod("shared", spec={"containers": [shared]}),
        pod("none", spec={"containers": [container(gpus=None)]}),
        pod(
            "amd",
            spec={"containers": [{"name": "a", "resources": {"limits": {"amd.com/gpu": "1"}}}]},
        ),
    )

    found = {one.job_id: one.gpus for one in runs(source_at(cluster))}
    other = {one.job_id: one.gpus for one in runs(source_at(cluster, gpu_resources=["amd.com/*"]))}

    assert found == {"vision/first": 4, "vision/slices": 3, "vision/slow": 1000, "vision/shared": 1}
    assert other == {"vision/amd": 1}


def test_a_namespace_may_stand_for_a_team(cluster: FakeCluster) -> None:
    """Without a label the team is not known, unless namespaces are teams here."""
    cluster.add(PODS, FINISHED)

    [unknown] = runs(source_at(cluster))
    [named] = runs(source_at(cluster, namespace_is_team=True))

    assert (unknown.team, named.team) == (None, "vision")


def test_only_the_named_namespaces_are_asked(cluster: FakeCluster) -> None:
    """Two namespaces are two lists, and nobody asks for all pods."""
    cluster.add(PODS, FINISHED)

    found = runs(source_at(cluster, namespaces=["vision", "nlp"]))

    assert [one.job_id for one in found] == [f"vision/{NAME}"]
    assert [one.path for one in cluster.asked] == [
        ALL_NODES,
        "/api/v1/namespaces/vision/pods",
        "/api/v1/namespaces/nlp/pods",
    ]


def test_lists_come_in_pages(cluster: FakeCluster) -> None:
    """5 pods by 2 are three pages, and each pod is there once."""
    cluster.add(PODS, *(pod(f"p{number}") for number in range(5)))

    found = runs(source_at(cluster, page_size=2))

    assert sorted(one.job_id for one in found) == [f"vision/p{number}" for number in range(5)]
    pages = [one.params.get("continue") for one in cluster.asked if one.path == ALL_PODS]
    assert pages == [None, "2", "4"]


def test_a_list_that_the_cluster_forgot_is_begun_again(cluster: FakeCluster) -> None:
    """410 Gone on the second page: the first is asked for again, and no pod counts twice."""
    cluster.add(PODS, *(pod(f"p{number}") for number in range(3)))
    cluster.faults.once.append((ALL_PODS, 410))

    found = runs(source_at(cluster, page_size=2))

    assert len(found) == 3
    pages = [one.params.get("continue") for one in cluster.asked if one.path == ALL_PODS]
    assert pages == [None, "2", None, "2"]


def test_a_list_that_is_forgotten_always_is_given_up(cluster: FakeCluster) -> None:
    """Three times are enough for one night."""
    cluster.add(PODS, *(pod(f"p{number}") for number in range(3)))
    cluster.faults.always[ALL_PODS] = 410

    with pytest.raises(TransientSourceError, match="forgot the list 3 times"):
        runs(source_at(cluster, page_size=2))


def marks(source: KubernetesCluster) -> dict[tuple[Kind, str], str]:
    """What a lake would hold after it has loaded all that a source announces."""
    return {(one.kind, one.period or ""): one.mark or "" for one in source.announced({})}


def test_what_has_not_changed_is_not_told_again(cluster: FakeCluster) -> None:
    """Two nights later only the pod that ended meanwhile is news, and the new node."""
    works = pod("works", "Running", state(running=running("19 11:00")), created="19 10:00")
    cluster.add(PODS, works, pod("over", "Failed", created="18 10:00"))
    cluster.add(NODES, node())
    known = marks(source_at(cluster, at("20 02:30")))
    over = state(terminated=ended("19 11:00", "21 20:00"))
    cluster.add(PODS, pod("works", "Succeeded", over, created="19 10:00"))
    cluster.add(NODES, node("gpu-2", "aws:///us-east-1a/i-0def", created="21 08:00"))

    later = source_at(cluster, at("22 02:30"))
    announced = [(one.kind, one.period) for one in later.announced(known)]

    assert announced == [(Kind.NODES, "*"), (Kind.JOBS, "2026-11")]
    assert [one.host for one in later._nodes] == ["gpu-2"]
    assert [(run.job_id, run.state) for run in later._runs["2026-11"]] == [
        ("vision/works", "completed")
    ]
    quiet = marks(source_at(cluster, at("25 02:30")))
    assert list(source_at(cluster, at("29 02:30")).announced(quiet)) == []


def test_once_a_week_all_nodes_are_told_again(cluster: FakeCluster) -> None:
    """A node of the 1st got its GPUs by the 20th, a Friday: it is told on Monday, the 23rd."""
    cluster.add(NODES, node(), node("late", gpus="0", **{"node.kubernetes.io__instance-type": "m"}))
    known = marks(source_at(cluster, at("19 02:30")))
    cluster.add(NODES, node("late", **{"node.kubernetes.io__instance-type": "m"}))

    friday, monday = source_at(cluster, at("20 02:30")), source_at(cluster, at("23 02:30"))

    assert list(friday.announced(known)) == []
    assert [one.kind for one in monday.announced(known)] == [Kind.NODES]
    assert [one.host for one in monday._nodes] == ["gpu-1", "late"]


def test_what_is_told_adds_to_what_was_told_before(cluster: FakeCluster, tmp_path: Path) -> None:
    """Pods vanish from the API, so a delivery never replaces; one more look is another file."""
    cluster.add(PODS, FINISHED)
    first, second = source_at(cluster), source_at(cluster, at("21 03:30"))
    [early], [late] = list(first.announced({})), list(second.announced({}))
    (tmp_path / "b").mkdir()

    deliveries = [first.fetch(early, tmp_path, 7), second.fetch(late, tmp_path / "b", 8)]

    assert [one.complete for one in deliveries] == [False, False]
    assert early.mark == "seen 2026-11-21T02:30:00Z"
    assert deliveries[0].files[0].sha256 != deliveries[1].files[0].sha256
    rows = pq.read_table(deliveries[0].files[0].uri).to_pylist()
    assert [(row["job_id"], row["hosts"]) for row in rows] == [(f"vision/{NAME}", '["gpu-1"]')]


def test_months_are_those_in_which_pods_were_made(cluster: FakeCluster) -> None:
    """A pod of 31 October that runs in November is of 2026-10."""
    older = pod("older") | {}
    older["metadata"] = older["metadata"] | {"creationTimestamp": "2026-10-31T23:00:00Z"}
    cluster.add(PODS, FINISHED, older)

    found = [one.period for one in source_at(cluster).announced({})]

    assert found == ["2026-10", "2026-11"]


def test_a_node_is_the_machine_of_the_bill(cluster: FakeCluster, tmp_path: Path) -> None:
    """aws:///us-east-1a/i-0abc is the instance i-0abc, with the 8 H100 of a p5.48xlarge."""
    cluster.add(
        NODES, node(), node("cpu-1", gpus="0", **{"node.kubernetes.io__instance-type": "m5"})
    )
    source = source_at(cluster)
    [one] = list(source.announced({}))

    [file] = source.fetch(one, tmp_path, 7).files

    assert pq.read_table(file.uri).to_pylist() == [
        {
            "provider": "aws",
            "resource_id": "i-0abc",
            "host": "gpu-1",
            "machine_type": "p5.48xlarge",
            "accelerator_model": "H100",
            "accelerator_count": 8,
            "pool": "training",
            "valid_from": at("01 00:00"),
        }
    ]


def test_a_node_that_no_reference_knows_tells_of_itself(cluster: FakeCluster) -> None:
    """Time-slicing shows 32 of 8 GPUs: the label with the real number counts."""
    labels = {
        "node.kubernetes.io__instance-type": "own",
        "nvidia.com__gpu.count": "8",
        "comptroller-pool": "lab",
    }
    cluster.add(NODES, node("own-1", None, gpus="32", **labels))
    source = source_at(cluster)
    list(source.announced({}))

    [one] = source._nodes

    assert (one.provider, one.resource_id, one.host) == ("on-premise", None, "own-1")
    assert (one.accelerator_model, one.accelerator_count, one.pool) == ("H100", 8, "lab")


@pytest.mark.parametrize(
    ("provider_id", "expected"),
    [
        ("aws:///us-east-1a/i-0abc", ("aws", "i-0abc")),
        (
            "gce://acme/us-central1-a/gke-1",
            ("gcp", "//compute.googleapis.com/projects/acme/zones/us-central1-a/instances/gke-1"),
        ),
        (
            "azure:///subscriptions/s/resourceGroups/g/providers/Microsoft.Compute/virtualMachines/v",
            (
                "azure",
                "/subscriptions/s/resourceGroups/g/providers/Microsoft.Compute/virtualMachines/v",
            ),
        ),
        ("oci://ocid1.instance.x", ("oci", "ocid1.instance.x")),
        ("nothing", (None, None)),
        (None, (None, None)),
    ],
)
def test_ids_are_spelled_as_bills_spell_them(
    provider_id: str | None, expected: tuple[str | None, str | None]
) -> None:
    """Bills of AWS say the instance, those of Google and Azure the whole path."""
    assert machine_of(provider_id) == expected


def failed(checks: list[Check]) -> list[str]:
    """What is to be done about checks that failed."""
    return [one.advice for one in checks if not one.passed]


def test_nodes_that_may_not_be_listed_stop_no_pod(cluster: FakeCluster) -> None:
    """The pods are announced first; then the night's report says what is missing."""
    cluster.add(PODS, FINISHED)
    cluster.faults.always[ALL_NODES] = 403
    source = source_at(cluster)
    announced = source.announced({})

    assert next(announced).kind is Kind.JOBS
    with pytest.raises(RejectedSourceError, match="bind the ClusterRole of docs/connect"):
        next(announced)
    assert len(failed(source.check())) == 1


@pytest.mark.parametrize(
    ("status", "error", "message"),
    [
        (401, RejectedSourceError, "renew the token"),
        (403, RejectedSourceError, "listing pods: this may not be listed"),
        (404, RejectedSourceError, "must be the address of the API"),
        (400, RejectedSourceError, "the cluster refuses it"),
        (429, TransientSourceError, r"busy \(429\)"),
        (503, TransientSourceError, r"busy \(503\)"),
    ],
)
def test_what_a_cluster_refuses_is_said_in_plain_words(
    cluster: FakeCluster, status: int, error: type[Exception], message: str
) -> None:
    """Somebody has to do something about 401, 403, 404; another try may help 429 and 503."""
    cluster.faults.always[ALL_PODS] = status

    with pytest.raises(error, match=message):
        runs(source_at(cluster))


def test_an_answer_of_somebody_else_is_recognised(cluster: FakeCluster) -> None:
    """A proxy's page is no list of pods."""
    cluster.faults.garbage = True

    with pytest.raises(TransientSourceError, match="none of a cluster's"):
        runs(source_at(cluster))


def test_a_cluster_that_is_not_there_may_come_back(cluster: FakeCluster) -> None:
    """Nobody listens at port 9; something that speaks no TLS is no cluster to trust."""
    nobody = source_at(cluster, server="http://127.0.0.1:9")
    untrusted = source_at(cluster, server=cluster.url.replace("http:", "https:"))

    with pytest.raises(TransientSourceError, match="cannot be reached"):
        runs(nobody)
    with pytest.raises(RejectedSourceError, match="the certificate is not trusted"):
        runs(untrusted)


def test_a_token_is_sent_as_the_cluster_wants_it(cluster: FakeCluster, tmp_path: Path) -> None:
    """The file's content is the bearer token."""
    (tmp_path / "token").write_text("abc\n")

    runs(source_at(cluster, token_file=str(tmp_path / "token")))

    assert cluster.asked[0].headers["Authorization"] == "Bearer abc"


def test_a_kubeconfig_leads_to_the_cluster(cluster: FakeCluster, tmp_path: Path) -> None:
    """Its context names cluster and user."""
    cluster.add(PODS, FINISHED)
    told = {
        "current-context": "other",
        "contexts": [{"name": "prod", "context": {"cluster": "c", "user": "u"}}],
        "clusters": [{"name": "c", "cluster": {"server": cluster.url}}],
        "users": [{"name": "u", "user": {"token": "xyz"}}],
    }
    file = tmp_path / "config"
    file.write_text(json.dumps(told))

    found = runs(source_at(cluster, server=None, kubeconfig=str(file), context="prod"))

    assert len(found) == 1
    assert cluster.asked[0].headers["Authorization"] == "Bearer xyz"


def test_certificates_to_trust_are_read_when_somebody_is_asked(
    cluster: FakeCluster, tmp_path: Path
) -> None:
    """A file without a certificate is no way to trust anybody."""
    (tmp_path / "ca.pem").write_text("")
    server = cluster.url.replace("http:", "https:")

    with pytest.raises(RejectedSourceError, match="set ca_file to the cluster's"):
        runs(source_at(cluster, server=server, ca_file=str(tmp_path / "ca.pem")))


def test_a_pod_inside_finds_its_cluster(
    cluster: FakeCluster, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Kubernetes tells a pod host, port, token and certificates; here nobody speaks TLS there."""
    with trustme.CA().cert_pem.tempfile(dir=str(tmp_path)) as certificates:
        host, _, port = cluster.url.removeprefix("http://").partition(":")
        monkeypatch.setenv("KUBERNETES_SERVICE_HOST", host)
        monkeypatch.setenv("KUBERNETES_SERVICE_PORT", port)
        (tmp_path / "token").write_text("abc")
        monkeypatch.setattr(incluster_config, "SERVICE_TOKEN_FILENAME", str(tmp_path / "token"))
        monkeypatch.setattr(incluster_config, "SERVICE_CERT_FILENAME", certificates)

        with pytest.raises(RejectedSourceError, match="the certificate is not trusted"):
            runs(source_at(cluster, server=None))


def test_without_a_way_in_there_is_advice(
    cluster: FakeCluster, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Outside of a cluster nothing says where it is."""
    monkeypatch.delenv("KUBERNETES_SERVICE_HOST", raising=False)

    [advice] = failed(source_at(cluster, server=None).check())

    assert "there is no way into the cluster" in advice


@pytest.mark.parametrize("text", [None, "a: [", "", "kind: Config"])
def test_a_kubeconfig_that_is_none_is_named(
    cluster: FakeCluster, tmp_path: Path, text: str | None
) -> None:
    """No file, no YAML, nothing in it, no context."""
    file = tmp_path / "config"
    if text is not None:
        file.write_text(text)

    [advice] = failed(source_at(cluster, server=None, kubeconfig=str(file)).check())

    assert "cluster: there is no way into the cluster" in advice


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"kubeconfig": "a", "server": "http://b"}, "not both"),
        ({"context": "a"}, "context needs kubeconfig"),
        ({"token_file": "a"}, "need server"),
        ({"server": "10.0.0.1:6443"}, "accepted is an address as https"),
    ],
)
def test_settings_name_one_way_in(given: dict[str, str], message: str) -> None:
    """Two clusters, or details of one that is not named, are refused."""
    with pytest.raises(ValidationError, match=message):
        KubernetesSettings.model_validate({"name": "c", "type": "kubernetes", **given})
