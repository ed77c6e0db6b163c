"""Several processes write and read at once: nothing is lost, doubled or half seen."""

import signal
import subprocess
import sys
from contextlib import ExitStack
from decimal import Decimal
from pathlib import Path
from threading import Event, Thread

import psycopg
import pytest

from tests.warehouse.rows import NOVEMBER, OCTOBER, amounts, costs, deliver, load_id
from warehouse.duck import DuckEngine
from warehouse.errors import CommitConflict
from warehouse.lake import Lake
from warehouse.locks import alive, held, lock_key, partition_locks
from warehouse.port import Question

LOADER = """
import sys
from datetime import UTC, datetime
from tests.warehouse.rows import OCTOBER, deliver
from warehouse.errors import OlderDelivery
from warehouse.lake import open_lake
from warehouse.port import Partition

url, root, first, last, periods = sys.argv[1:]
lake = open_lake(url, root, clock=lambda: datetime.now(UTC))
print("ready", flush=True)
sys.stdin.readline()
for number in range(int(first), int(last)):
    parts = [Partition("cost_line", OCTOBER.source, period) for period in periods.split(",")]
    try:
        deliver(lake, {part: [str(number)] * number for part in parts}, number=number)
    except OlderDelivery:
        print("older", number, flush=True)
lake.close()
"""

KILLED = """
import sys
from datetime import UTC, datetime
from tests.warehouse.rows import OCTOBER, deliver
from warehouse.lake import open_lake

def wait():
    print("staged", flush=True)
    sys.stdin.readline()

lake = open_lake(sys.argv[1], sys.argv[2], clock=lambda: datetime.now(UTC))
deliver(lake, {OCTOBER: ["2", "2"]}, number=2, guard=wait)
"""


def start(script: str, *arguments: str) -> subprocess.Popen[str]:
    """A process that waits for a line after it has said that it is ready."""
    return subprocess.Popen(
        [sys.executable, "-c", script, *arguments],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        cwd=Path(__file__).parents[2],
    )


def run_together(lake: Lake, *loaders: tuple[int, int, str]) -> None:
    """Run loaders of the loads [first, last) into periods, all from the same moment on."""
    root = str(lake.root)
    with ExitStack() as stack:
        processes = [
            stack.enter_context(start(LOADER, lake.url, root, str(first), str(last), periods))
            for first, last, periods in loaders
        ]
        for process in processes:
            assert process.stdout is not None
            assert process.stdout.readline() == "ready\n"
        for process in processes:
            assert process.stdin is not None
            process.stdin.write("go\n")
            process.stdin.flush()
        assert [process.wait(60) for process in processes] == [0] * len(processes)


def test_two_processes_that_load_different_partitions_lose_nothing(lake: Lake) -> None:
    """Each replaces its own month five times; both end with their last load: 5 and 15 lines."""
    run_together(lake, (1, 6, "2026-10"), (11, 16, "2026-11"))

    assert costs(lake) == {"2026-10": amounts(*["5"] * 5), "2026-11": amounts(*["15"] * 15)}
    assert {s.version for s in lake.states("cost_line").values()} == {5, 15}


def test_two_processes_that_load_the_same_partitions_leave_one_whole_delivery(lake: Lake) -> None:
    """Loads 1 to 5 and 6 to 10 replace both months: what stays is load 10, with 10 lines each."""
    run_together(lake, (1, 6, "2026-10,2026-11"), (6, 11, "2026-11,2026-10"))

    assert costs(lake) == {"2026-10": amounts(*["10"] * 10), "2026-11": amounts(*["10"] * 10)}
    assert {s.version for s in lake.states("cost_line").values()} == {10}


def test_a_reader_sees_the_old_or_the_new_delivery_and_nothing_between(
    lake: Lake, engine: DuckEngine
) -> None:
    """Load n is n lines of n in two months: every answer is 2n lines that sum to 2n²."""
    deliver(lake, {OCTOBER: ["1"], NOVEMBER: ["1"]}, number=1)
    done, answers = Event(), list[list[tuple[int, Decimal]]]()

    def read() -> None:
        while not done.is_set():
            rows = engine.query(Question("ask/cost_by_source"), lake.view()).to_pylist()
            answers.append([(row["cost_lines"], row["billed_cost"]) for row in rows])

    readers = [Thread(target=read) for _ in range(2)]
    for reader in readers:
        reader.start()
    for number in range(2, 12):
        deliver(lake, {part: [str(number)] * number for part in (OCTOBER, NOVEMBER)}, number=number)
    done.set()
    for reader in readers:
        reader.join()

    whole = [[(number, Decimal(number * number))] * 2 for number in range(1, 12)]
    assert len(answers) > 2
    assert [answer for answer in answers if answer not in whole] == []


def test_a_process_killed_before_its_commit_changes_nothing_and_can_be_repeated(
    lake: Lake,
) -> None:
    """Load 2 is killed with files written and locks held; October keeps 1, then gets 2 + 2."""
    deliver(lake, {OCTOBER: ["1"]}, number=1)
    with start(KILLED, lake.url, str(lake.root)) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "staged\n"
        process.send_signal(signal.SIGKILL)

    before = costs(lake)
    deliver(lake, {OCTOBER: ["2", "2"]}, number=2)

    assert process.returncode == -signal.SIGKILL
    assert (lake.root / "loads" / str(load_id(2))).exists()
    assert before == {"2026-10": amounts("1")}
    assert costs(lake) == {"2026-10": amounts("2", "2")}


def test_a_writer_waits_for_another_one_in_the_same_partition_only_so_long(lake: Lake) -> None:
    """The lock of October is taken: a second writer is refused, one in November is not."""
    october = lock_key("partition", "cost_line", OCTOBER.source, "2026-10")

    with partition_locks(lake.url, [OCTOBER]):
        with pytest.raises(CommitConflict, match="the partition"), held(lake.url, [october], 1):
            pass
        deliver(lake, {NOVEMBER: ["1"]}, number=1)

    assert costs(lake) == {"2026-11": amounts("1")}


def test_open_loads_outlive_a_lost_connection(lake: Lake) -> None:
    """The server ends the session; the next load shows both again, and closing shows one."""
    names = [str(load_id(number)) for number in (1, 2, 3)]
    lake.folder(load_id(1))
    with psycopg.connect(lake.url, autocommit=True) as session:
        session.execute(
            """SELECT pg_terminate_backend(pid) FROM pg_locks JOIN pg_database ON database = oid
               WHERE locktype = 'advisory' AND datname = current_database()"""
        )
    lost = alive(lake.url, names)

    lake.folder(load_id(2))

    assert lost == set()
    assert alive(lake.url, names) == set(names[:2])
    lake.close_load(load_id(1))
    assert alive(lake.url, names) == {names[1]}


def test_lock_keys_of_different_words_differ() -> None:
    """'a' + 'bc' is not 'ab' + 'c', and every key fits PostgreSQL's 64 signed bits."""
    keys = {lock_key("a", "bc"), lock_key("ab", "c"), lock_key("abc"), lock_key("a", "b", "c")}

    assert len(keys) == 4
    assert all(-(2**63) <= key < 2**63 for key in keys)
