"""Samples as Prometheus reads them, under the names and labels of dcgm-exporter."""

from __future__ import annotations

from typing import TYPE_CHECKING

from prometheus_client.core import (
    CounterMetricFamily,
    GaugeMetricFamily,
    Metric,
    UnknownMetricFamily,
)

from agent.metrics import ENERGY, HELP

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from agent.sample import Process, Sample, Use

_GPU = (
    *("Hostname", "UUID", "device", "gpu", "modelName", "pci_bus_id"),
    *("GPU_I_ID", "GPU_I_PROFILE", "hpc_job"),
)
_PROCESS = (
    *("Hostname", "UUID", "gpu", "GPU_I_ID", "GPU_I_PROFILE"),
    *("pid", "command", "user", "slurm_job_id", "pod_uid"),
)


class Exposition:
    """What a registry of prometheus_client collects: one sample, taken when asked."""

    def __init__(self, take: Callable[[], Sample]) -> None:
        """Ask ``take`` at each scrape."""
        self._take = take

    def collect(self) -> Iterator[Metric]:
        """Yield the metrics of one sample; a label without a value is left out by Prometheus."""
        sample = self._take()
        yield from _of_gpus(sample)
        yield from _of_processes(sample)
        yield from _of_sampler(sample)

    def describe(self) -> list[Metric]:
        """Name no metrics before the first sample, so that to register takes none."""
        return []


def _of_gpus(sample: Sample) -> Iterator[Metric]:
    for name, meaning in HELP.items():
        # DCGM's counter has no ``_total`` in its name, which the format asks of a counter.
        kind = UnknownMetricFamily if name == ENERGY else GaugeMetricFamily
        family = kind(name, meaning, labels=_GPU)
        for use in sample.uses:
            # As dcgm-exporter does, the value of a GPU that jobs share is told for each of them.
            for job in (use.jobs or ("",)) if name in use.values else ():
                family.add_metric((*_gpu_labels(sample, use), job), use.values[name])
        if family.samples:
            yield family


def _gpu_labels(sample: Sample, use: Use) -> tuple[str, ...]:
    return (
        *(sample.host, use.uuid, use.device, str(use.gpu), use.model, use.pci_bus_id),
        *_instance_labels(use),
    )


def _instance_labels(use: Use) -> tuple[str, str]:
    return ("" if use.instance is None else str(use.instance)), use.profile


def _of_processes(sample: Sample) -> Iterator[Metric]:
    told: tuple[tuple[str, str, Callable[[Process], float | None]], ...] = (
        (
            "comptroller_gpu_process_sm_utilization",
            "Mean per cent of SM time since the last sample, of processes that had any.",
            lambda one: one.sm_utilization,
        ),
        (
            "comptroller_gpu_process_memory_mib",
            "GPU memory of a process, in MiB.",
            lambda one: one.memory_mib,
        ),
    )
    for name, meaning, value_of in told:
        family = GaugeMetricFamily(name, meaning, labels=_PROCESS)
        for use in sample.uses:
            for one in use.processes:
                value = value_of(one)
                if value is not None:
                    family.add_metric(_process_labels(sample, use, one), value)
        if family.samples:
            yield family


def _process_labels(sample: Sample, use: Use, one: Process) -> tuple[str, ...]:
    return (
        *(sample.host, use.uuid, str(use.gpu), *_instance_labels(use)),
        *(str(one.pid), one.command, one.user, one.slurm_job_id, one.pod_uid),
    )


def _of_sampler(sample: Sample) -> Iterator[Metric]:
    gpus = len({use.uuid for use in sample.uses})
    yield GaugeMetricFamily("comptroller_sampler_gpus", "GPUs that answered.", value=gpus)
    lost = CounterMetricFamily(
        "comptroller_sampler_lost",
        "Samples in which a GPU did not answer any more.",
        labels=("Hostname", "UUID", "gpu"),
    )
    for one in sample.lost:
        lost.add_metric((sample.host, one.uuid, str(one.gpu)), one.samples)
    faults = CounterMetricFamily(
        "comptroller_sampler_faults",
        "Answers of NVML that are errors, other than that it has no such value.",
        labels=("Hostname", "function", "error"),
    )
    for fault in sample.faults:
        faults.add_metric((sample.host, fault.function, fault.error), fault.count)
    yield from (lost, faults)
