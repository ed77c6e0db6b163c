"""Samples as Prometheus reads them."""

from collections.abc import Callable
from pathlib import Path

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.parser import text_string_to_metric_families

from agent.exposition import Exposition
from agent.gpus import Gpus
from agent.sample import Sample
from tests.agent.documented_nvml import GPU_A, GPU_B, Card, Cut, Nvml, Running


def exposed(take: Callable[[], Sample]) -> list[tuple[str, dict[str, str], float]]:
    """Return what a scrape brings: name, labels that are not empty, value."""
    registry = CollectorRegistry()
    registry.register(Exposition(take))
    text = generate_latest(registry).decode()
    return [
        (one.name, {k: v for k, v in one.labels.items() if v}, one.value)
        for family in text_string_to_metric_families(text)
        for one in family.samples
    ]


def test_a_gpu_has_dcgms_names_and_labels(gpus_of: Callable[..., Gpus]) -> None:
    """The counter of energy has DCGM's name, without the ``_total`` of Prometheus."""
    labels = {
        "Hostname": "node1",
        "UUID": GPU_A,
        "device": "nvidia0",
        "gpu": "0",
        "modelName": "NVIDIA H100 80GB HBM3",
        "pci_bus_id": "00000000:0F:00.0",
    }

    found = exposed(gpus_of(Card()).sample)

    assert ("DCGM_FI_DEV_POWER_USAGE", labels, 412.5) in found
    assert ("DCGM_FI_DEV_TOTAL_ENERGY_CONSUMPTION", labels, 9_000_000) in found
    assert ("comptroller_gpu_processes", labels, 0) in found
    assert ("comptroller_sampler_gpus", {}, 1) in found


def test_an_instance_has_the_uuid_of_its_gpu(gpus_of: Callable[..., Gpus]) -> None:
    """With its number and profile beside it."""
    card = Card(mig=True, cuts={0: Cut(7, "NVIDIA H100 MIG 1g.10gb")})

    found = exposed(gpus_of(card).sample)

    (labels,) = [labels for name, labels, _ in found if name == "DCGM_FI_DEV_FB_USED"]
    assert labels["UUID"] == GPU_A
    assert (labels["GPU_I_ID"], labels["GPU_I_PROFILE"]) == ("7", "1g.10gb")


def test_a_process_is_told_with_its_owner(gpus_of: Callable[..., Gpus]) -> None:
    """55 % and 1,024 MiB of ada's python, in Slurm's job 77; no label of a pod, as it is none."""
    gpus = gpus_of(Card(running=[Running(101, busy={10: 55})]))
    labels = {
        "Hostname": "node1",
        "UUID": GPU_A,
        "gpu": "0",
        "pid": "101",
        "command": "python",
        "user": "ada",
        "slurm_job_id": "77",
    }

    found = exposed(gpus.sample)

    assert ("comptroller_gpu_process_sm_utilization", labels, 55) in found
    assert ("comptroller_gpu_process_memory_mib", labels, 1024) in found


def test_metrics_without_a_value_have_no_line(gpus_of: Callable[..., Gpus]) -> None:
    """No use of SMs is known of an idle process, and no profiling without GPM."""
    found = exposed(gpus_of(Card(running=[Running(101)])).sample)

    names = {name for name, _, _ in found}
    assert "comptroller_gpu_process_memory_mib" in names
    assert "comptroller_gpu_process_sm_utilization" not in names
    assert not [name for name in names if "_PROF_" in name]


def test_counters_say_which_gpu_is_lost_and_what_nvml_refuses(
    gpus_of: Callable[..., Gpus],
) -> None:
    """GPU 0 is lost in one sample; power may not be read of GPU 1."""
    nvml = Nvml([Card(lost=True), Card(uuid=GPU_B)])
    nvml.forbidden = {"nvmlDeviceGetPowerUsage"}

    found = exposed(gpus_of(module=nvml).sample)

    assert ("comptroller_sampler_lost_total", {"Hostname": "node1", "gpu": "0"}, 1) in found
    (fault,) = [labels for name, labels, _ in found if name == "comptroller_sampler_faults_total"]
    assert fault["function"] == "nvmlDeviceGetPowerUsage"
    assert ("comptroller_sampler_gpus", {}, 1) in found


def test_the_values_of_a_gpu_are_told_for_each_job_that_holds_it(
    gpus_of: Callable[..., Gpus], tmp_path: Path
) -> None:
    """GPU 0 is held by 7 and 8, instance 3 of GPU 1 by 9, instance 4 and GPU 2 by nobody."""
    cuts = {0: Cut(3, "X MIG 3g.40gb"), 1: Cut(4, "X MIG 3g.40gb")}
    cards = Card(), Card(uuid=GPU_B, mig=True, cuts=cuts), Card(uuid="GPU-C")
    (tmp_path / "0").write_text("8\n7\n\n7\n", encoding="utf-8")
    (tmp_path / "1.3").write_text("9", encoding="utf-8")
    (tmp_path / "2").write_text("\n", encoding="utf-8")

    found = exposed(gpus_of(*cards, job_files=tmp_path).sample)

    told = [one for name, one, _ in found if name == "DCGM_FI_DEV_FB_USED"]
    assert [(one["gpu"], one.get("GPU_I_ID"), one.get("hpc_job")) for one in told] == [
        ("0", None, "7"),
        ("0", None, "8"),
        ("1", "3", "9"),
        ("1", "4", None),
        ("2", None, None),
    ]
