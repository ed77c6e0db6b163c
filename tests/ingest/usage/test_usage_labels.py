"""What labels tell, and what weight a slice has."""

import pytest

from ingest.device_models import model_of_device
from ingest.usage.labels import NOBODY, Holder, LabelReader, memory_gib
from ingest.usage.mig import WHOLE, mig_profiles, slice_weight
from ingest.usage.signals import LabelNames

READER = LabelReader(LabelNames())


@pytest.mark.parametrize(
    ("labels", "host", "uuid"),
    [
        ({"UUID": "GPU-1", "Hostname": "n1", "instance": "10.0.0.1:9400"}, "n1", "GPU-1"),
        ({"uuid": "GPU-1", "Hostname": "", "instance": "n2:9400"}, "n2", "GPU-1"),
        ({"gpu": "3", "hostname": "n1"}, "n1", "n1/3"),
        ({"gpu": "3"}, "", ""),
        ({"deviceuuid": "GPU-1", "instance": "fe80::1"}, "fe80::1", "GPU-1"),
        ({}, "", ""),
    ],
)
def test_a_gpu_is_known_by_its_id_else_by_host_and_number(
    labels: dict[str, str], host: str, uuid: str
) -> None:
    """The first label that is there and not empty counts; a port is no part of a host."""
    place = READER.place(labels)

    assert (place.host, place.gpu_uuid) == (host, uuid)


@pytest.mark.parametrize(
    ("labels", "holder"),
    [
        ({"pod": "a", "namespace": "ml", "container": "main"}, Holder("ml", "a")),
        ({"exported_pod": "a", "exported_namespace": "ml", "pod": "x"}, Holder("ml", "a")),
        ({"pod": "nvidia-dcgm-exporter-7x", "namespace": "gpu-operator"}, NOBODY),
        ({"namespace": "monitoring"}, NOBODY),
        ({"hpc_job": "77", "user": "ann"}, Holder(job_id="77", user_name="ann")),
    ],
)
def test_who_holds_a_gpu_is_its_pod_or_job_and_never_the_exporter(
    labels: dict[str, str], holder: Holder
) -> None:
    """Prometheus moves a pod's labels aside where the exporter has its own; that holds nothing."""
    assert READER.place(labels).holder == holder


@pytest.mark.parametrize(
    ("told", "model", "gib"),
    [
        ("NVIDIA H100 80GB HBM3", "H100", 80),
        ("NVIDIA H100 NVL", "H100-NVL", None),
        ("NVIDIA A100-SXM4-40GB", "A100-40GB", 40),
        ("NVIDIA A100 80GB PCIe", "A100-80GB", 80),
        ("Tesla V100-SXM2-16GB", "V100", 16),
        ("NVIDIA L40S", "L40S", None),
        ("NVIDIA L4", "L4", None),
        ("NVIDIA GH200 480GB", "GH200", 480),
        ("NVIDIA RTX PRO 6000 Blackwell Server Edition", "RTX-PRO-6000", None),
        ("Quadro K2200", "Quadro K2200", None),
    ],
)
def test_models_have_the_names_that_machines_have(told: str, model: str, gib: int | None) -> None:
    """An unknown model keeps the driver's name."""
    assert (model_of_device(told), memory_gib(told)) == (model, gib)


@pytest.mark.parametrize(
    ("model", "profile", "compute", "memory"),
    [
        ("NVIDIA A100-SXM4-40GB", "1g.5gb", WHOLE // 7, WHOLE // 8),
        ("NVIDIA A100-SXM4-40GB", "1g.10gb", WHOLE // 7, WHOLE // 4),
        ("NVIDIA A100-SXM4-80GB", "1g.10gb", WHOLE // 7, WHOLE // 8),
        ("NVIDIA A30", "1g.6gb", WHOLE // 4, WHOLE // 4),
        ("NVIDIA H100 NVL", "3g.47gb", WHOLE * 3 // 7, WHOLE // 2),
        ("NVIDIA H200", "7g.141gb", WHOLE, WHOLE),
        ("NVIDIA B200", "1g.23gb+me", WHOLE // 7, WHOLE // 8),
        ("NVIDIA Future 100GB", "3g.25gb", WHOLE * 3 // 7, WHOLE // 4),
        ("NVIDIA Future", "3g.25gb", WHOLE * 3 // 7, WHOLE * 3 // 7),
        ("NVIDIA Future", "odd", WHOLE // 7, WHOLE // 7),
    ],
)
def test_a_slice_weighs_what_it_has_of_the_gpu(
    model: str, profile: str, compute: int, memory: int
) -> None:
    """By compute slices of 7 (A30: 4) or by memory slices of 8; unpublished ones by their name."""
    assert slice_weight(model, f"1:{profile}", "compute").part == compute
    assert slice_weight(model, f"1:{profile}", "memory").part == memory
    assert slice_weight(model, f"1:{profile}", "memory").published == ("Future" not in model)


def test_profiles_are_dated_and_sourced_and_fit_their_gpu() -> None:
    """No slice is more than its GPU, and the largest of each is the whole."""
    profiles = mig_profiles().values()

    assert all(one.source and one.version.year >= 2026 for one in profiles)
    assert all(one.compute_slices <= one.max_compute for one in profiles)
    assert all(one.memory_slices <= one.max_memory for one in profiles)
    whole = {(p.model, p.memory_gib) for p in profiles if p.compute_slices == p.max_compute}
    assert whole == {(p.model, p.memory_gib) for p in profiles}


def test_all_metrics_of_a_gpu_are_of_one_place() -> None:
    """What a metric is called is not remembered, nor which driver told it."""
    first = READER.key({"__name__": "A", "driver": "1", "UUID": "GPU-1", "pod": "a"})
    second = READER.key({"__name__": "B", "driver": "2", "UUID": "GPU-1", "pod": "a"})

    assert first == second
