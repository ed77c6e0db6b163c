"""The sampler over NVML as documented, with a clock that stands and processes of a table."""

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest

from agent.gpus import Gpus, Machine
from agent.job_files import JobFiles
from agent.nvml import Nvml
from agent.proc import Owner
from tests.agent import documented_nvml as documented

NOW = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)
OWNERS = {
    101: Owner("python", "ada", slurm_job_id="77"),
    102: Owner("vllm", "bob", pod_uid="0a1b2c3d-1111-2222-3333-444455556666"),
    199: Owner("nvidia-cuda-mps", "root"),
}

MakeGpus = Callable[..., Gpus]


@pytest.fixture
def gpus_of() -> MakeGpus:
    """Make the sampler of some cards."""

    def make(
        *cards: documented.Card, tell: bool = True, job_files: Path | None = None, **nvml: object
    ) -> Gpus:
        given = nvml.pop("module", None) or documented.Nvml(list(cards), **nvml)  # type: ignore[arg-type]
        machine = Machine(
            host="node1",
            clock=lambda: NOW,
            owner_of=lambda pid: OWNERS.get(pid, Owner()),
            jobs_on=JobFiles(job_files).jobs_on,
        )
        return Gpus(Nvml(given), machine, tell_processes=tell)

    return make
