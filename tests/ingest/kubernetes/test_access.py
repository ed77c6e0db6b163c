"""The ways into a cluster, and what is said where there is none."""

import json
from pathlib import Path

import pytest
import trustme
from kubernetes.config import incluster_config
from pydantic import ValidationError

from ingest.port import Check, Kind, RejectedSourceError, TransientSourceError
from ingest.settings import KubernetesSettings
from tests.ingest.kubernetes.world import (
    ALL_NODES,
    ALL_PODS,
    FINISHED,
    runs,
    source_at,
)
from tests.peers.kubernetes import PODS, FakeCluster


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
