"""The program: what it serves over HTTP, what it prints, and what it refuses."""

import re
import signal
import socket
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from threading import Event

import httpx
import pytest
import typer
from typer.testing import CliRunner

from agent.errors import AgentError
from agent.nvml import opened
from agent.pace import recorded
from agent.sampler import Options, main, parsed
from service.cli.sampler import program, register
from tests.agent.documented_nvml import GPU_A, Card, Nvml, Running, pynvml
from tests.agent.serving import ANY_PORT, processes_below, serving

DRIVER_IS_HERE = Path("/proc/driver/nvidia/version").exists()


def test_metrics_are_served_over_http(capsys: pytest.CaptureFixture[str]) -> None:
    """One GPU of 412.5 W; NVML is started once and ended once, the address is told."""
    nvml = Nvml([Card()])

    with serving(nvml, ANY_PORT) as address:
        answer = httpx.get(address)

    assert answer.status_code == 200
    line = rf'^DCGM_FI_DEV_POWER_USAGE{{.*UUID="{GPU_A}".*}} 412\.5$'
    assert re.search(line, answer.text, re.MULTILINE)
    assert (nvml.starts, nvml.ends) == (1, 1)
    assert address in capsys.readouterr().err


def test_within_the_interval_the_gpus_are_not_asked_again() -> None:
    """400 W at first; 10 seconds are not over when 500 W would be told."""
    card = Card(milliwatts=400_000)

    with serving(Nvml([card]), ANY_PORT) as address:
        card.milliwatts = 500_000
        text = httpx.get(address).text

    assert re.findall(r"^DCGM_FI_DEV_POWER_USAGE{.*} (\S+)$", text, re.MULTILINE) == ["400.0"]


def test_openmetrics_is_answered_where_it_is_asked_for() -> None:
    """As Prometheus asks; the energy is there under its own name."""
    with serving(Nvml([Card()]), ANY_PORT) as address:
        answer = httpx.get(address, headers={"Accept": "application/openmetrics-text"})

    assert "openmetrics" in answer.headers["content-type"]
    assert "DCGM_FI_DEV_TOTAL_ENERGY_CONSUMPTION{" in answer.text
    assert answer.text.endswith("# EOF\n")


def test_a_recording_goes_on_without_anybody_asking(tmp_path: Path) -> None:
    """The first sample is written at the start, the next after each interval."""
    file = tmp_path / "samples.jsonl"
    options = replace(ANY_PORT, interval_s=0.01, record=file)

    with serving(Nvml([Card()]), options):
        while file.read_text(encoding="utf-8").count("\n") < 3:
            Event().wait(0.01)

    assert {use.uuid for sample in recorded(file) for use in sample.uses} == {GPU_A}


def test_once_prints_one_sample_and_writes_it_down(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """No port is taken; without --processes nobody is named."""
    file = tmp_path / "samples.jsonl"
    nvml = Nvml([Card(running=[Running(1)])])

    status = main(
        ["--once", "--record", str(file), "--no-processes"],
        module=nvml,
        stop=Event(),
        proc=processes_below(tmp_path / "proc"),
    )

    printed = capsys.readouterr().out
    assert status == 0
    assert re.search(r"^comptroller_gpu_processes{.*} 1\.0$", printed, re.MULTILINE)
    assert "comptroller_gpu_process_memory_mib" not in printed
    assert [len(sample.uses) for sample in recorded(file)] == [1]


def test_a_container_that_sees_its_own_processes_only_tells_no_number(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """NVML shows it none, but that is not 0: the line is absent, and it is said once."""
    proc = tmp_path / "proc"
    (proc / "self" / "ns").mkdir(parents=True)
    (proc / "self" / "ns" / "pid").symlink_to("pid:[4026532999]")

    status = main(["--once"], module=Nvml([Card()]), stop=Event(), proc=proc)

    told = capsys.readouterr()
    assert status == 0
    assert "comptroller_gpu_processes{" not in told.out
    assert told.err.startswith("This container does not see the machine's processes")


def test_once_looks_twice_where_values_need_it(capsys: pytest.CaptureFixture[str]) -> None:
    """Shares of the engine come with the second look; one that is told to stop does not wait."""
    stop = Event()
    stop.set()

    main(["--once"], module=Nvml([Card(gpm={1: 50.0})]), stop=stop)

    assert "DCGM_FI_PROF_GR_ENGINE_ACTIVE{" in capsys.readouterr().out


def test_job_files_that_cannot_be_read_are_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A folder that is not there would look as if nobody held anything."""
    folder = tmp_path / "jobs"

    status = main(["--job-files", str(folder)], module=Nvml([Card()]), stop=Event())

    assert status == 1
    assert capsys.readouterr().err == (
        f"error: --job-files: {folder} is not a folder that can be read\n"
    )


def test_a_port_that_is_taken_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    """The sentence names the address and the option; NVML is ended."""
    nvml = Nvml([Card()])
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        address = f"127.0.0.1:{taken.getsockname()[1]}"

        status = main(["--listen", address], module=nvml, stop=Event())

    assert status == 1
    assert capsys.readouterr().err == (
        f"error: cannot listen on {address} (Address already in use);"
        " choose another address with --listen\n"
    )
    assert nvml.ends == 1


@pytest.mark.parametrize(
    ("text", "host", "port"),
    [("127.0.0.1:9400", "127.0.0.1", 9400), ("[::1]:1", "::1", 1), ("gpu7:65535", "gpu7", 65535)],
)
def test_addresses(text: str, host: str, port: int) -> None:
    """Host and port, with an IPv6 address in brackets."""
    options = parsed(["--listen", text])

    assert (options.host, options.port) == (host, port)


@pytest.mark.parametrize("text", ["9400", ":9400", "host:", "host:http", "host:70000", ""])
def test_a_bad_address_is_wrong_usage(text: str, capsys: pytest.CaptureFixture[str]) -> None:
    """Status 2, and a sentence with an example."""
    with pytest.raises(SystemExit) as ended:
        parsed(["--listen", text])

    assert ended.value.code == 2
    assert f"--listen: {text!r} is not host:port, for example 127.0.0.1:9400" in (
        capsys.readouterr().err
    )


@pytest.mark.parametrize("text", ["0", "0.5", "-1", "3601", "nan", "inf", "soon"])
def test_a_bad_interval_is_wrong_usage(text: str, capsys: pytest.CaptureFixture[str]) -> None:
    """Status 2, and a sentence with the bounds."""
    with pytest.raises(SystemExit) as ended:
        parsed([f"--interval={text}"])

    assert ended.value.code == 2
    assert f"{text!r} is not a number of seconds from 1 to 3600" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("number", "sentence"),
    [
        ("DRIVER_NOT_LOADED", r"installed but not loaded; load it \(modprobe nvidia\)"),
        ("LIBRARY_NOT_FOUND", r"libnvidia-ml\.so\.1 is not found; install the driver"),
        ("GPU_NOT_FOUND", "finds no GPU on this machine"),
        ("LIB_RM_VERSION_MISMATCH", "updated while it ran; restart this machine"),
        ("NO_PERMISSION", "does not start: Insufficient Permissions"),
    ],
)
def test_why_nvml_does_not_start_is_a_sentence(number: str, sentence: str) -> None:
    """With what to do."""

    class Refusing(Nvml):
        def nvmlInit(self) -> None:  # noqa: N802 -- NVIDIA's name
            raise pynvml.NVMLError(getattr(pynvml, f"NVML_ERROR_{number}"))

    with pytest.raises(AgentError, match=sentence), opened(Refusing([])):
        pass


def started(*arguments: str) -> subprocess.CompletedProcess[str]:
    """Run Python with the arguments, as the command does."""
    return subprocess.run(
        [sys.executable, *arguments], capture_output=True, text=True, check=False, timeout=60
    )


@pytest.mark.skipif(DRIVER_IS_HERE, reason="this machine has NVIDIA's driver")
def test_without_a_driver_the_command_says_what_to_install() -> None:
    """The real pynvml, the real command in the place of which the program runs; status 1."""
    code = (
        "import typer; from service.cli.sampler import register;"
        "app = typer.Typer(); register(app); app()"
    )

    ended = started("-P", "-c", code, "--once")

    assert (ended.returncode, ended.stdout) == (1, "")
    assert ended.stderr == (
        "error: no NVIDIA driver here: libnvidia-ml.so.1 is not found; install the driver of the"
        " GPUs (in a container: start it with the NVIDIA runtime and the driver capability"
        " 'utility')\n"
    )


def test_without_the_package_the_program_says_what_to_install() -> None:
    """``pynvml`` is an extra that need not be there."""
    code = (
        "import sys; sys.modules['pynvml'] = None;"
        "from agent.sampler import main; sys.exit(main(['--once']))"
    )

    ended = started("-c", code)

    assert ended.returncode == 1
    assert ended.stderr.startswith("error: the sampler needs NVIDIA's package nvidia-ml-py;")
    assert ended.stderr.endswith("pip install 'nvidia-ml-py>=13'\n")


def test_the_command_passes_its_options_on() -> None:
    """What the program reads is what the command was told."""
    arguments = program(
        listen="[::1]:1",
        interval=2.5,
        once=True,
        record=Path("a b.jsonl"),
        processes=False,
        job_files=Path("/run/jobs"),
    )

    assert arguments[:4] == [sys.executable, "-P", "-m", "agent.sampler"]
    assert parsed(arguments[4:]) == Options(
        "::1",
        1,
        2.5,
        once=True,
        record=Path("a b.jsonl"),
        processes=False,
        job_files=Path("/run/jobs"),
    )


def test_the_defaults_of_command_and_program_are_the_same() -> None:
    """The help of the one shows what the other does."""
    app = typer.Typer()
    register(app)

    shown = CliRunner().invoke(app, ["--help"], env={"COLUMNS": "200"}).output

    assert parsed([]) == Options("127.0.0.1", 9400, 10.0, once=False, record=None, processes=True)
    assert "[default: 127.0.0.1:9400]" in shown
    assert "[default: 10.0]" in shown
    assert "[default: processes]" in shown


@pytest.mark.parametrize("name", ["SIGTERM", "SIGINT"])
def test_term_and_ctrl_c_end_the_program_in_order(name: str) -> None:
    """Status 0, and the port is free again."""
    code = (
        "import sys; sys.path.insert(0, '.');"
        "from agent.sampler import main;"
        "from tests.agent.documented_nvml import Card, Nvml;"
        "sys.exit(main(['--listen', '127.0.0.1:0'], module=Nvml([Card()])))"
    )
    command = [sys.executable, "-c", code]

    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as child:
        assert child.stderr is not None
        # In a container it first says that it does not see every process.
        told = next(line for line in child.stderr if line.startswith("What the GPUs do"))
        child.send_signal(signal.Signals[name])
        rest = child.stderr.read()

    assert "http://127.0.0.1:" in told
    assert (child.returncode, rest) == (0, "")
