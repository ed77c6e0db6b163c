"""How often samples are taken, and how they are written down."""

import stat
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from agent.errors import AgentError
from agent.gpus import Gpus
from agent.pace import Pace, open_record, recorded, recorder
from tests.agent.documented_nvml import GPU_B, Card, Cut, Nvml, Running

if TYPE_CHECKING:
    from agent.sample import Sample


def test_two_readers_within_the_interval_share_a_sample(gpus_of: Callable[..., Gpus]) -> None:
    """At 0, 4 and 9.9 s of an interval of 10 s it is the first, at 10 s the second."""
    times = iter([0.0, 4.0, 9.9, 10.0])
    taken: list[Sample] = []
    pace = Pace(
        gpus_of(Card()).sample,
        interval_s=10,
        elapsed_s=lambda: next(times),
        record=taken.append,
    )

    got = [pace.sample() for _ in range(4)]

    assert [one is got[0] for one in got] == [True, True, True, False]
    assert taken == [got[0], got[3]]


def test_what_is_recorded_can_be_read_again(gpus_of: Callable[..., Gpus], tmp_path: Path) -> None:
    """Two samples, of a whole GPU with a process, a cut one and a lost one, come back equal."""
    cards = [Card(lost=True), Card(uuid=GPU_B, mig=True, cuts={0: Cut(1, "X MIG 1g.10gb")})]
    nvml = Nvml([*cards, Card(running=[Running(101, busy={10: 55})])])
    nvml.forbidden = {"nvmlDeviceGetPowerUsage"}
    (tmp_path / "2").write_text("77\n", encoding="utf-8")
    gpus = gpus_of(module=nvml, job_files=tmp_path)
    file = tmp_path / "samples.jsonl"

    samples = [gpus.sample(), gpus.sample()]
    for sample in samples:
        with open_record(file) as opened:
            recorder(opened)(sample)

    assert list(recorded(file)) == samples
    assert len(file.read_text(encoding="utf-8").splitlines()) == 2


def test_nobody_else_may_read_a_recording(tmp_path: Path) -> None:
    """It tells who used what."""
    file = tmp_path / "samples.jsonl"

    open_record(file).close()

    assert stat.S_IMODE(file.stat().st_mode) == 0o600


def test_a_recording_that_cannot_be_made_is_refused(tmp_path: Path) -> None:
    """The folder is not there; the sentence names the file."""
    with pytest.raises(AgentError, match=r"cannot write .*/none/samples\.jsonl: No such file"):
        open_record(tmp_path / "none" / "samples.jsonl")


def test_a_full_disk_is_a_sentence(gpus_of: Callable[..., Gpus]) -> None:
    """Linux has a file that is always full."""
    sample = gpus_of(Card()).sample()

    with (
        open_record(Path("/dev/full")) as full,
        pytest.raises(AgentError, match="cannot write the recording: No space left on device"),
    ):
        recorder(full)(sample)
