"""Nodes become machines of the bill."""

from pathlib import Path

import pyarrow.parquet as pq
import pytest

from ingest.clusters.nodes import machine_of
from tests.ingest.kubernetes.world import (
    at,
    node,
    source_at,
)
from tests.peers.kubernetes import NODES, FakeCluster


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
