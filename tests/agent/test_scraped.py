"""A real Prometheus reads what the sampler serves."""

import json
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from threading import Event
from typing import Any

import httpx
import pytest

from tests.agent.documented_nvml import GPU_A, GPU_B, Card, Cut, Nvml, Running
from tests.agent.serving import ANY_PORT, free_port, processes_below, serving

TRIES = 300


@contextmanager
def prometheus_scraping(target: str, folder: Path) -> Iterator[str]:
    """Run Debian's Prometheus, which asks ``target`` each second; the address of its API."""
    job = {"job_name": "gpus", "static_configs": [{"targets": [target]}]}
    settings = {"global": {"scrape_interval": "1s"}, "scrape_configs": [job]}
    file = folder / "prometheus.yml"  # JSON is YAML
    file.write_text(json.dumps(settings), encoding="utf-8")
    address = f"127.0.0.1:{free_port()}"
    options = (
        f"--config.file={file}",
        f"--storage.tsdb.path={folder / 'data'}",
        f"--web.listen-address={address}",
    )
    with (
        (folder / "log").open("wb") as log,
        subprocess.Popen(["prometheus", *options], stdout=log, stderr=log) as child,
    ):
        try:
            yield f"http://{address}/api/v1/query"
        finally:
            child.terminate()


def answer_of(address: str, query: str) -> list[dict[str, Any]]:
    """Ask until there is an answer that is not empty."""
    for _ in range(TRIES):
        try:
            told = httpx.get(address, params={"query": query}).json()
        except httpx.TransportError:
            told = {}
        found: list[dict[str, Any]] = told.get("data", {}).get("result", [])
        if found:
            return found
        Event().wait(0.1)
    pytest.fail(f"no answer to {query}")


@pytest.mark.needs_peers
def test_prometheus_stores_every_metric_under_dcgms_names(tmp_path: Path) -> None:
    """A whole GPU with a process and a cut one: values, labels, and no label that is empty."""
    cards = [
        Card(running=[Running(4711, busy={10: 55})], gpm={1: 50.0}),
        Card(uuid=GPU_B, mig=True, cuts={0: Cut(7, "NVIDIA H100 80GB HBM3 MIG 1g.10gb")}),
    ]
    options = replace(ANY_PORT, interval_s=1.0)
    with (
        serving(Nvml(cards), options, processes_below(tmp_path / "proc")) as metrics,
        prometheus_scraping(metrics.split("/")[2], tmp_path) as address,
    ):
        (busy,) = answer_of(address, f'DCGM_FI_PROF_GR_ENGINE_ACTIVE{{UUID="{GPU_A}"}}')
        energy = answer_of(address, "DCGM_FI_DEV_TOTAL_ENERGY_CONSUMPTION")
        cut = answer_of(address, 'comptroller_gpu_processes{GPU_I_ID="7"}')
        (process,) = answer_of(address, "comptroller_gpu_process_memory_mib")

    assert busy["value"][1] == "0.5"
    assert {"GPU_I_ID", "GPU_I_PROFILE"}.isdisjoint(busy["metric"])
    assert {one["metric"]["UUID"]: one["value"][1] for one in energy} == {
        GPU_A: "9000000",
        GPU_B: "9000000",
    }
    assert [(one["metric"]["GPU_I_PROFILE"], one["value"][1]) for one in cut] == [("1g.10gb", "0")]
    assert (process["metric"]["pid"], process["value"][1]) == ("4711", "1024")
