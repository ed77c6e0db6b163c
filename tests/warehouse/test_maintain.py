"""Maintenance takes away what nobody can need any more, and nothing else."""

import os
import subprocess
import sys
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tests.warehouse.rows import OCTOBER, amounts, costs, deliver, load_id, stage
from warehouse.errors import UnknownTable, WrongCommit
from warehouse.lake import Lake
from warehouse.maintain import Maintained, maintain
from warehouse.status import table_statuses
from warehouse.tables import TABLES

OPEN_LOAD = """
import sys
from datetime import UTC, datetime
from uuid import UUID
from warehouse.lake import open_lake
lake = open_lake(sys.argv[1], sys.argv[2], clock=lambda: datetime.now(UTC))
lake.folder(UUID(sys.argv[3]))
print("open", flush=True)
sys.stdin.read()
"""


def in_days(days: float) -> datetime:
    """The time ``days`` from now: PyIceberg itself stamps snapshots with the real time."""
    return datetime.now(UTC) + timedelta(days=days)


def age(path: Path, hours: float) -> None:
    """Make a file look ``hours`` old."""
    then = (datetime.now(UTC) - timedelta(hours=hours)).timestamp()
    os.utime(path, (then, then))


def test_old_snapshots_go_with_their_files_and_tagged_ones_stay(lake: Lake) -> None:
    """Loads 1, 2 and 3 each replace October; 1 is tagged, 2 goes with its file, 3 is current."""
    snapshots = [deliver(lake, {OCTOBER: [str(n)]}, number=n) for n in (1, 2, 3)]
    lake.tag("cost_line", snapshots[0], "statement-2026-10")

    done = maintain(lake, now=in_days(31), keep_days=30)

    files = [path.name for path in sorted((lake.root / "loads").rglob("*.parquet"))]
    assert done.expired_snapshots == 3
    assert done.deleted_files > 3
    assert len(files) == 2
    assert costs(lake, snapshots[0]) == {"2026-10": amounts("1")}
    assert costs(lake) == {"2026-10": amounts("3")}
    with pytest.raises(UnknownTable, match="is not kept any more"):
        lake.files("cost_line", snapshots[1])


def test_who_must_not_write_any_more_takes_nothing_away(lake: Lake) -> None:
    """A guard that refuses at once expires none, one that refuses later deletes no file."""
    deliver(lake, {OCTOBER: ["1"]}, number=1)
    deliver(lake, {OCTOBER: ["2"]}, number=2)
    bills = sorted((lake.root / "loads").rglob("*.parquet"))
    answers = iter([False, True, False])

    def guard() -> None:
        if not next(answers):
            raise WrongCommit("the lease is lost")

    for snapshots in (3, 1):
        with pytest.raises(WrongCommit, match="the lease is lost"):
            maintain(lake, now=in_days(31), guard=guard)
        assert table_statuses(lake)[0].snapshots == snapshots

    assert sorted((lake.root / "loads").rglob("*.parquet")) == bills


def test_snapshots_within_the_days_to_keep_stay(lake: Lake) -> None:
    """After 29 of 30 days nothing has expired, and both states of October can be read."""
    before = deliver(lake, {OCTOBER: ["1"]}, number=1)
    deliver(lake, {OCTOBER: ["2"]}, number=2)

    done = maintain(lake, now=in_days(29), keep_days=30)

    assert done.expired_snapshots == 0
    assert costs(lake, before) == {"2026-10": amounts("1")}


def test_after_maintenance_the_lake_takes_deliveries_as_before(lake: Lake) -> None:
    """A second maintenance finds the little that the third load left behind, and no more."""
    for number in (1, 2):
        deliver(lake, {OCTOBER: [str(number)]}, number=number)
    maintain(lake, now=in_days(31), keep_days=30)

    deliver(lake, {OCTOBER: ["3"]}, number=3)

    assert costs(lake) == {"2026-10": amounts("3")}
    assert maintain(lake, now=in_days(0)) == Maintained(0, 0, 0)


def test_only_files_that_nothing_refers_to_and_that_are_old_are_deleted(lake: Lake) -> None:
    """Of three files of a dead load two are 49 h old; one of these was committed all the same."""
    kept = stage(lake, OCTOBER, ["1"], load_id(7), "young")
    orphan = stage(lake, OCTOBER, ["1"], load_id(7), "old")
    deliver(lake, {OCTOBER: ["2"]}, number=7)
    committed = lake.root / "loads" / str(load_id(7)) / "bill-2026-10.parquet"
    stray = lake.root / "cost_line" / "metadata" / "stray.avro"
    stray.write_bytes(b"123")
    for path in (Path(orphan.uri), committed, stray):
        age(path, 49)
    age(Path(kept.uri), 47)

    done = maintain(lake, now=in_days(0))

    assert done == Maintained(0, 2, orphan.size_bytes + 3)
    assert [Path(orphan.uri).exists(), stray.exists()] == [False, False]
    assert [Path(kept.uri).exists(), committed.exists()] == [True, True]


def test_the_empty_folder_of_a_dead_load_goes(lake: Lake) -> None:
    """First its old file, and once the folder itself is old, the folder."""
    orphan = Path(stage(lake, OCTOBER, ["1"], load_id(7)).uri)
    young = lake.folder(load_id(8))
    age(orphan, 49)
    age(orphan.parent, 49)
    for number in (7, 8):
        lake.close_load(load_id(number))

    maintain(lake, now=in_days(0))
    age(orphan.parent, 49)
    maintain(lake, now=in_days(0))

    assert [orphan.parent.exists(), young.exists()] == [False, True]


@pytest.mark.parametrize("end", [subprocess.Popen.kill, subprocess.Popen.terminate])
def test_an_open_load_keeps_its_files_until_its_process_ends(
    lake: Lake, end: Callable[[subprocess.Popen[str]], None]
) -> None:
    """Three days old and not committed, but the load runs; once it is killed, the file goes."""
    orphan = Path(stage(lake, OCTOBER, ["1"], load_id(7)).uri)
    age(orphan, 72)
    lake.close_load(load_id(7))
    process = subprocess.Popen(
        [sys.executable, "-c", OPEN_LOAD, lake.url, str(lake.root), str(load_id(7))],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    with process:
        assert process.stdout is not None
        assert process.stdout.readline() == "open\n"
        while_open = maintain(lake, now=in_days(0))
        end(process)
        process.wait()
    afterwards = maintain(lake, now=in_days(0))

    assert [while_open.deleted_files, afterwards.deleted_files] == [0, 1]
    assert not orphan.exists()


def test_closing_a_load_ends_its_protection(lake: Lake) -> None:
    """Opened twice and closed once is closed, and closing it again does no harm."""
    stage(lake, OCTOBER, ["1"], load_id(7))
    orphan = Path(stage(lake, OCTOBER, ["1"], load_id(7)).uri)
    age(orphan, 49)

    while_open = maintain(lake, now=in_days(0))
    for _ in range(2):
        lake.close_load(load_id(7))
    afterwards = maintain(lake, now=in_days(0))

    assert [while_open.deleted_files, afterwards.deleted_files] == [0, 1]


def test_a_file_without_a_load_beside_the_tables_is_left_alone(lake: Lake) -> None:
    """Maintenance looks into the folders of loads and tables only."""
    note = lake.root / "note.txt"
    note.write_text("mine")
    age(note, 1000)

    done = maintain(lake, now=in_days(0))

    assert done.deleted_files == 0
    assert note.exists()


@pytest.mark.parametrize(("keep_days", "orphan_hours"), [(-1, 48), (30, -1)])
def test_a_negative_span_is_refused(lake: Lake, keep_days: int, orphan_hours: int) -> None:
    """It would delete what is being written."""
    with pytest.raises(ValueError, match="must be 0 or more"):
        maintain(lake, now=in_days(0), keep_days=keep_days, orphan_hours=orphan_hours)


def test_the_status_counts_rows_files_snapshots_and_tags(lake: Lake) -> None:
    """October has 2 rows in 1 file after 2 loads, which left 1 + 2 snapshots; 1 is tagged."""
    first = deliver(lake, {OCTOBER: ["1"]}, number=1)
    deliver(lake, {OCTOBER: ["1", "2"]}, number=2)
    lake.tag("cost_line", first, "statement-1")

    bills, prices, *others = table_statuses(lake)

    assert (bills.table, bills.rows, bills.files, bills.partitions) == ("cost_line", 2, 1, 1)
    assert (bills.snapshots, bills.tags) == (3, 1)
    assert bills.size_bytes > 100
    assert bills.changed_at is not None
    assert (prices.table, prices.rows, prices.changed_at) == ("price", 0, None)
    assert len(others) == len(TABLES) - 2
