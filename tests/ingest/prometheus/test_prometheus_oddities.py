"""What of a day could be read and did not fit is told as well."""

from pathlib import Path

import pytest

from tests.ingest.prometheus.conftest import GPU, START_MS, STEP_MS
from tests.ingest.prometheus.conftest import Source as Make
from tests.ingest.prometheus.test_prometheus_source import fetched
from tests.peers.fake_prometheus import FakePrometheus

ACTIVITY = "DCGM_FI_PROF_GR_ENGINE_ACTIVE"
MIG = {**GPU, "GPU_I_ID": "1"}


def test_tokens_of_pods_without_a_gpu_are_told(
    busy_gpu: FakePrometheus, source: Make, tmp_path: Path
) -> None:
    """A counter rises 143 times by 10 within the day: 1,430 tokens."""
    values = [10.0 * n for n in range(144)]
    busy_gpu.add("tokens", values, start_ms=START_MS, step_ms=STEP_MS, namespace="a", pod="cpu")

    [note] = fetched(source(tokens_in_metric="tokens"), tmp_path).notes

    assert note.startswith("1,430 tokens in, 0 out and 0 requests are of pods that held no GPU")


@pytest.mark.parametrize(
    ("labels", "told"),
    [
        ({"pod": "x"}, "1 kinds of series tell no GPU; set the label gpu_uuid in labels"),
        (MIG | {"GPU_I_PROFILE": "5g.99gb"}, "are in no table were read from their name: "),
    ],
)
def test_labels_that_are_not_known_are_told(
    busy_gpu: FakePrometheus, source: Make, tmp_path: Path, labels: dict[str, str], told: str
) -> None:
    """A series without any GPU's id, and a slice that nobody has published."""
    if "UUID" in labels:
        labels |= {"UUID": "GPU-2"}
    busy_gpu.add(ACTIVITY, [0.5] * 144, start_ms=START_MS, step_ms=STEP_MS, **labels)

    [note] = fetched(source(), tmp_path).notes

    assert told in note


def test_shares_that_are_more_than_a_gpu_are_told(
    busy_gpu: FakePrometheus, source: Make, tmp_path: Path
) -> None:
    """Two pods are told 60 percent each of one GPU."""
    for pod in ("train-0", "train-1"):
        labels = {**GPU, "pod": pod}
        busy_gpu.add("share", [60.0] * 144, start_ms=START_MS, step_ms=STEP_MS, **labels)
        busy_gpu.add(ACTIVITY, [0.5] * 144, start_ms=START_MS, step_ms=STEP_MS, **labels)

    [note] = fetched(source(share_metric="share"), tmp_path).notes

    assert "times the shares of a GPU's holders were more than the GPU; they were scaled" in note


def test_slices_that_are_more_than_a_gpu_are_told(
    busy_gpu: FakePrometheus, source: Make, tmp_path: Path
) -> None:
    """Cut into one 7g in the first half of the hour, and into two 3g in the second."""
    for at, name, profile in ((0, "1", "7g.80gb"), (3, "2", "3g.40gb"), (3, "3", "3g.40gb")):
        labels = {**GPU, "UUID": "GPU-2", "GPU_I_ID": name, "GPU_I_PROFILE": profile}
        begin = START_MS + at * STEP_MS
        busy_gpu.add(ACTIVITY, [0.5] * 3, start_ms=begin, step_ms=STEP_MS, **labels)

    [note] = fetched(source(), tmp_path).notes

    assert "times the slices of a GPU were more than the GPU within an hour" in note
