"""Several threads and processes write to a lake in a bucket at once; one of them is killed."""

import signal
import subprocess
import sys
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from pathlib import Path
from threading import Thread

import pytest

from tests.warehouse.conftest import Bucket
from tests.warehouse.rows import NOVEMBER, OCTOBER, amounts, costs, deliver, load_id
from warehouse.lake import Lake
from warehouse.locks import alive
from warehouse.maintain import maintain
from warehouse.port import Partition

WRITER = """
import sys
from datetime import UTC, datetime
from pathlib import Path
from tests.warehouse.rows import SOURCE, deliver
from warehouse.errors import OlderDelivery
from warehouse.lake import open_lake
from warehouse.port import Partition

url, uri, staging, endpoint, first, last, period, wait = sys.argv[1:]
lake = open_lake(
    url, uri, clock=lambda: datetime.now(UTC), staging=Path(staging), endpoint=endpoint
)

def ready():
    print("ready", flush=True)
    sys.stdin.readline()

if wait == "before":
    ready()
for number in range(int(first), int(last)):
    partition = Partition("cost_line", SOURCE, period)
    guard = ready if wait == "between" else lambda: None
    deliver(lake, {partition: [str(number)] * number}, number=number, guard=guard)
lake.close()
"""


def start(lake: Lake, bucket: Bucket, staging: Path, *arguments: str) -> subprocess.Popen[str]:
    """A writer that says when it is ready and then waits for a line."""
    place = (lake.url, lake.storage.uri, str(staging), bucket.endpoint)
    return subprocess.Popen(
        [sys.executable, "-c", WRITER, *place, *arguments],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        cwd=Path(__file__).parents[2],
    )


@pytest.mark.slow
def test_threads_that_write_at_once_lose_nothing(s3_lake: Lake) -> None:
    """Four threads fill four months with 1 to 4 lines: all are there, each once."""
    months = {
        number: Partition("cost_line", OCTOBER.source, f"2026-0{number}") for number in (1, 2, 3, 4)
    }

    def write(number: int) -> None:
        deliver(s3_lake, {months[number]: [str(number)] * number}, number=number)

    threads = [Thread(target=write, args=(number,)) for number in months]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert costs(s3_lake) == {
        month.period: amounts(*[str(number)] * number) for number, month in months.items()
    }


@pytest.mark.slow
def test_processes_that_write_at_once_lose_nothing(
    bucket: Bucket, s3_lake: Lake, tmp_path: Path
) -> None:
    """Each replaces its own month three times; both end with their last load: 3 and 13 lines."""
    with ExitStack() as stack:
        writers = [
            stack.enter_context(start(s3_lake, bucket, tmp_path / period, *what, period, "before"))
            for *what, period in (("1", "4", "2026-10"), ("11", "14", "2026-11"))
        ]
        for writer in writers:
            assert writer.stdout is not None
            assert writer.stdout.readline() == "ready\n"
        for writer in writers:
            assert writer.stdin is not None
            writer.stdin.write("go\n")
            writer.stdin.flush()
        ended = [writer.wait(120) for writer in writers]

    assert ended == [0, 0]
    assert costs(s3_lake) == {"2026-10": amounts(*["3"] * 3), "2026-11": amounts(*["13"] * 13)}


def test_a_writer_that_is_killed_between_files_and_commit_leaves_nothing_to_be_seen(
    bucket: Bucket, s3_lake: Lake, tmp_path: Path
) -> None:
    """Load 3 uploaded its file and is killed: October stays 1 + 2; its file goes; load 4 works."""
    deliver(s3_lake, {OCTOBER: ["1", "2"]}, number=1)
    staging = tmp_path / "staging"
    arguments = ("3", "4", "2026-10", "between")
    with start(s3_lake, bucket, staging, *arguments) as writer:
        assert writer.stdout is not None
        assert writer.stdout.readline() == "ready\n"
        opened = alive(s3_lake.url, [str(load_id(3))])
        maintain(s3_lake, now=datetime.now(UTC) + timedelta(days=3))
        while_open = bucket.objects(f"a/lake/loads/{load_id(3)}/")
        writer.send_signal(signal.SIGKILL)
    before = costs(s3_lake)
    staged = (staging / "loads" / str(load_id(3))).exists()

    maintain(s3_lake, now=datetime.now(UTC) + timedelta(days=3))
    deliver(s3_lake, {OCTOBER: ["4"], NOVEMBER: ["5"]}, number=4)

    assert writer.returncode == -signal.SIGKILL
    assert opened == {str(load_id(3))}
    assert before == {"2026-10": amounts("1", "2")}
    assert len(while_open) == 1
    assert staged
    assert bucket.objects(f"a/lake/loads/{load_id(3)}/") == []
    assert not (staging / "loads" / str(load_id(3))).exists()
    assert costs(s3_lake) == {"2026-10": amounts("4"), "2026-11": amounts("5")}
