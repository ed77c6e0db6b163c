"""Who uses a GPU."""

from collections.abc import Callable
from pathlib import Path

import pytest

from agent.gpus import Gpus
from agent.metrics import PROCESSES
from agent.proc import Owner, owner_of, pod_in, sees_all, slurm_job_in, user_named
from agent.sample import Process
from tests.agent.documented_nvml import Card, Nvml, Running

FILE_POD = "0123456789abcdef0123456789abcdef"
POD = "0a1b2c3d-1111-2222-3333-444455556666"


def test_a_process_has_its_memory_its_use_and_its_owner(gpus_of: Callable[..., Gpus]) -> None:
    """1,024 MiB; 80 and 60 % of SM time since the last look are 70 %; Slurm's job 77 of ada."""
    gpus = gpus_of(Card(running=[Running(101, busy={10: 80, 20: 60})]))

    (use,) = gpus.sample().uses

    assert use.processes == (Process(101, "python", "ada", "77", "", 1024, 70),)


def test_use_since_the_last_look_is_told_once(gpus_of: Callable[..., Gpus]) -> None:
    """80 % at 10 us; then nothing new, which is absent and not zero; then 30 % at 20 us."""
    running = Running(101, busy={10: 80})
    gpus = gpus_of(Card(running=[running]))

    told = [gpus.sample().uses[0].processes[0].sm_utilization for _ in range(2)]
    running.busy[20] = 30
    told.append(gpus.sample().uses[0].processes[0].sm_utilization)

    assert told == [80, None, 30]


def test_nonsense_of_nvml_about_a_process_is_absent(gpus_of: Callable[..., Gpus]) -> None:
    """NVML tells "not available" for memory as ``None``, and sometimes thousands of per cent."""
    gpus = gpus_of(Card(running=[Running(101, memory=None, busy={10: 4000})]))

    (use,) = gpus.sample().uses

    assert [(one.memory_mib, one.sm_utilization) for one in use.processes] == [(None, None)]


def test_clients_of_mps_count_and_its_server_does_not(gpus_of: Callable[..., Gpus]) -> None:
    """The server (199) holds a context for 101 and 102, of which 101 stands in both lists."""
    card = Card(running=[Running(199), Running(101)], clients=[Running(101), Running(102)])
    gpus = gpus_of(card)

    (use,) = gpus.sample().uses

    assert use.values[PROCESSES] == 2
    assert [one.pid for one in use.processes] == [101, 102]


def test_without_processes_only_their_number_is_told(gpus_of: Callable[..., Gpus]) -> None:
    """Two run; nobody learns whose they are."""
    gpus = gpus_of(Card(running=[Running(101), Running(102)]), tell=False)

    (use,) = gpus.sample().uses

    assert (use.values[PROCESSES], use.processes) == (2, ())


def test_an_unknown_number_of_processes_is_absent(gpus_of: Callable[..., Gpus]) -> None:
    """Neither list may be read: no number, not zero."""
    nvml = Nvml([Card(running=[Running(101)])])
    nvml.forbidden = {
        "nvmlDeviceGetComputeRunningProcesses",
        "nvmlDeviceGetMPSComputeRunningProcesses",
    }

    (use,) = gpus_of(module=nvml).sample().uses

    assert PROCESSES not in use.values
    assert use.processes == ()


def test_a_process_of_another_machine_or_one_that_ended_has_no_owner(tmp_path: Path) -> None:
    """Its folder is not there."""
    assert owner_of(4711, tmp_path) == Owner()


def test_who_cannot_read_its_own_namespace_does_not_see_all(tmp_path: Path) -> None:
    """An empty folder in place of /proc."""
    assert not sees_all(tmp_path)


def test_an_owner_is_read_from_the_folder_of_the_process(tmp_path: Path) -> None:
    """The name, never the arguments; the file's owner is the user."""
    folder = tmp_path / "101"
    folder.mkdir()
    (folder / "comm").write_text("python3\n", encoding="utf-8")
    (folder / "cmdline").write_text("python3\0--token=secret", encoding="utf-8")
    path = "/system.slice/slurmstepd.scope/job_77/step_0/user/task_0"
    (folder / "cgroup").write_text(f"0::{path}\n", encoding="utf-8")

    owner = owner_of(101, tmp_path)

    assert (owner.command, owner.slurm_job_id, owner.pod_uid) == ("python3", "77", "")
    assert owner.user == Path(tmp_path).owner()


def test_a_user_without_a_name_is_a_number() -> None:
    """Users of a container have none on the host."""
    assert user_named(4_000_000_001) == "4000000001"


@pytest.mark.parametrize(
    ("cgroup", "job", "pod"),
    [
        ("0::/system.slice/slurmstepd.scope/job_77/step_0/user/task_0", "77", ""),
        ("0::/system.slice/node1_slurmstepd.scope/job_78/step_batch/user", "78", ""),
        ("9:devices:/slurm/uid_1000/job_79/step_0\n8:cpu:/slurm/uid_1000/job_79", "79", ""),
        ("0::/user.slice/job_80", "", ""),
        (
            f"0::/kubepods.slice/kubepods-pod{POD.replace('-', '_')}.slice/cri-ab12.scope",
            "",
            POD,
        ),
        (f"11:memory:/kubepods/besteffort/pod{POD}/ab12", "", POD),
        (f"0::/../../pod{POD}/kubepods", "", POD),
        (
            f"0::/kubepods/burstable/pod{FILE_POD}/x",
            "",
            FILE_POD,
        ),
        ("0::/user.slice/user-1000.slice/session-3.scope", "", ""),
        ("", "", ""),
    ],
)
def test_jobs_and_pods_are_read_from_cgroups(cgroup: str, job: str, pod: str) -> None:
    """Both versions of cgroups, both drivers of the kubelet, pods of a file on the node."""
    assert (slurm_job_in(cgroup), pod_in(cgroup)) == (job, pod)
