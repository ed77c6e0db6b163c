"""Tables come to be once, grow only, remember who filled them, and are closed to others."""

import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from tests.warehouse.rows import NOVEMBER, OCTOBER, amounts, costs, deliver, load_id, stage_rows
from warehouse.commit import commit
from warehouse.duck import DuckEngine
from warehouse.errors import LakeNotOpen, UnknownTable, WrongCommit
from warehouse.lake import Lake, open_lake
from warehouse.port import Partition, View
from warehouse.tables import COST_LINE, TABLES, arrow_schema

ENSURE = """
import sys
from datetime import UTC, datetime
from warehouse.lake import open_lake
lake = open_lake(sys.argv[1], sys.argv[2], clock=lambda: datetime.now(UTC))
lake.ensure_tables()
lake.close()
"""

READ = """
import os, pathlib, sys
os.chdir(sys.argv[1])
os.setgroups([]); os.setgid(65534); os.setuid(65534)
print(os.listdir("."))
try:
    os.listdir("lake")
except PermissionError:
    print("closed")
"""


def test_the_tables_are_those_of_the_design_with_all_focus_columns() -> None:
    """65 columns of FOCUS 1.4, five on machines, two of the partition, three that trace a row."""
    assert list(TABLES) == [
        "cost_line",
        "price",
        "availability",
        "node",
        "gpu_usage",
        "job_run",
        "allocation",
        "gpu_account",
        "attempt_cost",
        "quarantine",
    ]
    assert len(COST_LINE.columns) == 65 + 5 + 5
    assert all(
        {"x_SourceId", "x_LoadId", "x_FileId", "x_RecordNumber"} <= set(spec.columns)
        for spec in TABLES.values()
    )


def test_two_processes_may_create_the_tables_at_once(lake: Lake, tmp_path: Path) -> None:
    """Both start with an empty catalog; afterwards every table is there once, with its columns."""
    with lake._catalog.engine.begin() as session:
        session.exec_driver_sql("DELETE FROM iceberg_tables")
        session.exec_driver_sql("DELETE FROM iceberg_namespace_properties")
    root = str(tmp_path / "other")

    processes = [subprocess.Popen([sys.executable, "-c", ENSURE, lake.url, root]) for _ in range(2)]

    assert [process.wait(60) for process in processes] == [0, 0]
    made = lake.table("cost_line").schema().as_arrow()
    assert made.names == arrow_schema("cost_line").names


def test_a_column_that_is_new_is_added_and_old_files_read_null(
    lake: Lake, engine: DuckEngine
) -> None:
    """A lake from before the column energy: its file reads NULL, a new file has 7.5 J."""
    with lake.table("gpu_usage").update_schema() as update:
        update.delete_column("energy")
    for number, energy in ((1, ""), (2, ", 7.5::DOUBLE AS energy")):
        part = Partition("gpu_usage", "dcgm", f"2026-10-0{number}")
        if number == 2:
            lake.ensure_tables()
        select = f"SELECT 'dcgm' AS x_SourceId, DATE '{part.period}' AS x_Day{energy}"
        file = stage_rows(lake.folder(load_id(number)) / "u.parquet", part, select, 1)
        commit(
            lake,
            "gpu_usage",
            partitions=[part],
            files=[file],
            load_id=load_id(number),
            version=number,
            delivered={},
        )

    with engine.connection(lake.view(["gpu_usage"])) as connection:
        rows = connection.execute(
            "SELECT energy, tokens_in FROM gpu_usage ORDER BY x_Day"
        ).fetchall()

    assert rows == [(None, None), (7.5, None)]
    energy = lake.table("gpu_usage").scan().to_arrow().column("energy").to_pylist()
    assert sorted(energy, key=str) == [7.5, None]


def test_a_lake_from_before_gets_the_properties_of_today(lake: Lake) -> None:
    """Manifests of its tables were never merged; from now on they are, and nothing else is new."""
    with lake.table("price").transaction() as transaction:
        transaction.remove_properties("commit.manifest-merge.enabled")

    lake.ensure_tables()

    assert lake.table("price").properties["commit.manifest-merge.enabled"] == "true"
    assert lake.table("price").current_snapshot() is None


def test_a_snapshot_answers_as_it_did_then(lake: Lake) -> None:
    """October was 1 and is 2: the first snapshot still says 1, also on the second look."""
    before = deliver(lake, {OCTOBER: ["1"]}, number=1)
    deliver(lake, {OCTOBER: ["2"]}, number=2)

    assert costs(lake, before) == {"2026-10": amounts("1")}
    assert costs(lake, before) == {"2026-10": amounts("1")}
    assert costs(lake) == {"2026-10": amounts("2")}


def test_only_so_many_snapshots_are_remembered(lake: Lake, monkeypatch: pytest.MonkeyPatch) -> None:
    """With room for one, the second pushes out the first."""
    monkeypatch.setattr("warehouse.lake._REMEMBERED_SNAPSHOTS", 1)
    snapshots = [deliver(lake, {OCTOBER: ["1"]}, number=number) for number in (1, 2)]

    for snapshot in snapshots:
        lake.files("cost_line", snapshot)

    assert list(lake._files) == [("cost_line", snapshots[1])]


def test_states_tell_who_filled_which_partition_of_a_source(lake: Lake) -> None:
    """Two partitions of one source and none of another."""
    deliver(lake, {OCTOBER: ["1"], NOVEMBER: ["2"]}, number=3)

    assert [(p.period, s.version) for p, s in lake.states("cost_line").items()] == [
        ("2026-10", 3),
        ("2026-11", 3),
    ]
    assert lake.states("cost_line", "gcp-bills") == {}
    assert lake.state(Partition("cost_line", "gcp-bills", "2026-10")) is None


def test_a_view_shows_the_tables_asked_for(lake: Lake) -> None:
    """All of them by default; an empty one has no snapshot yet."""
    assert lake.view() == View(dict.fromkeys(TABLES))
    assert lake.view(["price"], frozenset({"a"})) == View({"price": None}, frozenset({"a"}))


def test_a_snapshot_that_is_not_there_is_an_error(lake: Lake) -> None:
    """Neither its files nor a tag can be had."""
    with pytest.raises(UnknownTable, match="snapshot 7 of cost_line is not kept any more"):
        lake.files("cost_line", 7)
    with pytest.raises(UnknownTable, match="snapshot 7 of cost_line is not kept any more"):
        lake.tag("cost_line", 7, "statement-1")


def test_a_tag_keeps_one_snapshot(lake: Lake) -> None:
    """Tagging again is fine, another snapshot under the same name is not."""
    first = deliver(lake, {OCTOBER: ["1"]}, number=1)
    second = deliver(lake, {OCTOBER: ["2"]}, number=2)

    lake.tag("cost_line", first, "statement-1")
    lake.tag("cost_line", first, "statement-1")

    assert lake.table("cost_line").refs()["statement-1"].snapshot_id == first
    with pytest.raises(WrongCommit, match="tag statement-1 of cost_line already keeps another"):
        lake.tag("cost_line", second, "statement-1")


def test_a_lake_that_was_moved_is_refused(lake: Lake, tmp_path: Path) -> None:
    """The catalog's files lie elsewhere, so nothing here may be taken for an orphan."""
    moved = open_lake(lake.url, str(tmp_path / "moved"), clock=lake.clock)

    with pytest.raises(LakeNotOpen, match="a lake cannot be moved"):
        moved.ensure_tables()
    moved.close()


def test_every_folder_of_the_lake_is_closed_to_other_users(lake: Lake) -> None:
    """No folder below the lake gives group or others anything."""
    deliver(lake, {OCTOBER: ["1"]}, number=1)

    folders = [lake.root, *(path for path in lake.root.rglob("*") if path.is_dir())]

    assert len(folders) == 1 + 10 * 2 + 2
    assert {stat.S_IMODE(folder.stat().st_mode) for folder in folders} == {0o700}


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become another user")
def test_another_user_cannot_read_the_lake(lake: Lake) -> None:
    """The user nobody sees that there is a lake beside it, and is refused at its door."""
    parent = lake.root.parent
    parent.chmod(0o755)

    command = [sys.executable, "-S", "-c", READ, str(parent)]
    found = subprocess.run(command, capture_output=True, text=True, check=True)

    assert found.stdout == "['lake']\nclosed\n"
