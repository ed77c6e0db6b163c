"""A commit changes exactly the partitions of its delivery, wholly or not at all."""

from collections.abc import Callable
from uuid import UUID

import pytest
from pyiceberg.exceptions import CommitFailedException, ValidationException
from pyiceberg.table import Table

from tests.warehouse.rows import (
    NOVEMBER,
    OCTOBER,
    amounts,
    costs,
    deliver,
    load_id,
    stage,
    stage_rows,
)
from warehouse.commit import commit, current_files
from warehouse.errors import (
    AlreadyDelivered,
    CommitConflict,
    OlderDelivery,
    UnknownTable,
    WrongCommit,
)
from warehouse.lake import Lake
from warehouse.port import Partition, PartitionState, StagedFile
from warehouse.transactions import redo

LONG = "a-cloud-account-with-forty-characters-xx"


def test_a_complete_delivery_replaces_its_own_partition_and_no_other(lake: Lake) -> None:
    """October was 1 + 2 and becomes 5; November keeps its 7."""
    deliver(lake, {OCTOBER: ["1", "2"], NOVEMBER: ["7"]}, number=1)

    deliver(lake, {OCTOBER: ["5"]}, number=2)

    assert costs(lake) == {"2026-10": amounts("5"), "2026-11": amounts("7")}


def test_a_partition_of_another_source_with_the_same_period_is_left_alone(lake: Lake) -> None:
    """Two sources deliver October; replacing one leaves the other's 3 beside the new 9."""
    other = Partition("cost_line", "gcp-bills", "2026-10")
    deliver(lake, {OCTOBER: ["1"]}, number=1)
    deliver(lake, {other: ["3"]}, number=2)

    deliver(lake, {OCTOBER: ["9"]}, number=3)

    assert costs(lake) == {"2026-10": amounts("3", "9")}


def test_a_delivery_that_only_adds_keeps_what_is_there(lake: Lake) -> None:
    """1 was there and 2 is added; the state names both files."""
    deliver(lake, {OCTOBER: ["1"]}, number=1)

    deliver(lake, {OCTOBER: ["2"]}, number=2, complete=False)

    assert costs(lake) == {"2026-10": amounts("1", "2")}
    assert lake.state(OCTOBER) == PartitionState(
        2, str(load_id(2)), {"f1": "bill-1.csv", "f2": "bill-2.csv"}
    )


def test_adding_to_an_empty_partition_fills_it(lake: Lake) -> None:
    """Nothing was there, so 4 is all there is."""
    deliver(lake, {OCTOBER: ["4"]}, number=1, complete=False)

    assert costs(lake) == {"2026-10": amounts("4")}


def test_adding_the_same_file_twice_is_refused(lake: Lake) -> None:
    """File f1 is in; another load that adds it again would double its 1."""
    deliver(lake, {OCTOBER: ["1"]}, number=1, complete=False)

    with pytest.raises(AlreadyDelivered, match=r"2026-10 already holds bill-1\.csv"):
        deliver(lake, {OCTOBER: ["1"]}, number=2, complete=False, file="f1")

    assert costs(lake) == {"2026-10": amounts("1")}


def test_doing_the_same_adding_load_again_adds_nothing(lake: Lake) -> None:
    """Load 1 is repeated after a crash: still one line of 1, and the same snapshot."""
    first = deliver(lake, {OCTOBER: ["1"]}, number=1, complete=False)

    again = deliver(lake, {OCTOBER: ["1"]}, number=1, complete=False)

    assert again == first
    assert costs(lake) == {"2026-10": amounts("1")}


def test_doing_the_same_replacing_load_again_gives_the_same_lake(lake: Lake) -> None:
    """Load 1 is repeated with the same version: still 1 + 2."""
    deliver(lake, {OCTOBER: ["1", "2"]}, number=1)

    deliver(lake, {OCTOBER: ["1", "2"]}, number=1)

    assert costs(lake) == {"2026-10": amounts("1", "2")}


def test_an_older_version_is_refused_and_changes_nothing(lake: Lake) -> None:
    """Version 2 fills October; version 1 covers October and November and gets into neither."""
    deliver(lake, {OCTOBER: ["2"]}, number=2)

    with pytest.raises(OlderDelivery, match="2026-10 holds delivery version 2, which is newer"):
        deliver(lake, {OCTOBER: ["1"], NOVEMBER: ["1"]}, number=1)

    assert costs(lake) == {"2026-10": amounts("2")}
    assert lake.state(NOVEMBER) is None


def test_a_delivery_without_rows_empties_its_partition(lake: Lake) -> None:
    """October held 1; the provider now says there is nothing."""
    deliver(lake, {OCTOBER: ["1"], NOVEMBER: ["2"]}, number=1)

    deliver(lake, {OCTOBER: []}, number=2)

    assert costs(lake) == {"2026-11": amounts("2")}


def test_a_delivery_without_rows_into_an_empty_table_leaves_a_snapshot(lake: Lake) -> None:
    """A run can name the snapshot it saw even when there was nothing in it."""
    snapshot = deliver(lake, {OCTOBER: []}, number=1)

    assert lake.files("cost_line", snapshot) == []
    assert lake.view(["cost_line"]).snapshots == {"cost_line": snapshot}


@pytest.mark.parametrize("source", [LONG, "é" * 100, 'o\'hara/"x"%20'])
def test_files_are_dropped_whole_whatever_the_source_is_called(lake: Lake, source: str) -> None:
    """Statistics longer than 16 characters are kept whole: no file is rewritten by a delete."""
    october = Partition("cost_line", source, "2026-10")
    november = Partition("cost_line", source, "2026-11")
    deliver(lake, {october: ["1"], november: ["2"]}, number=1)

    snapshot = deliver(lake, {october: ["3"]}, number=2)

    second = lake.root / "loads" / str(load_id(2)) / "bill-2026-10.parquet"
    first = lake.root / "loads" / str(load_id(1)) / "bill-2026-11.parquet"
    assert sorted(lake.files("cost_line", snapshot)) == sorted([str(first), str(second)])
    assert list((lake.root / "cost_line").rglob("*.parquet")) == []
    assert costs(lake) == {"2026-10": amounts("3"), "2026-11": amounts("2")}
    assert set(lake.states("cost_line", source)) == {october, november}


def test_a_delete_that_would_rewrite_files_is_refused(lake: Lake) -> None:
    """Without full statistics a 40-character source is cut at 16, and a delete cannot be exact."""
    october = Partition("cost_line", LONG, "2026-10")
    with lake.table("cost_line").transaction() as transaction:
        transaction.set_properties({"write.metadata.metrics.column.x_SourceId": "truncate(16)"})
    deliver(lake, {october: ["1"]}, number=1)

    with pytest.raises(WrongCommit, match="rows of several partitions"):
        deliver(lake, {october: ["2"]}, number=2)

    assert costs(lake) == {"2026-10": amounts("1")}


def test_days_and_whole_sources_are_partitions_too(lake: Lake) -> None:
    """gpu_usage is replaced by day, node by source: each keeps the file of its second load."""
    usage = Partition("gpu_usage", "dcgm", "2026-10-05")
    node = Partition("node", "nodes", "*")
    for number in (1, 2):
        folder = lake.folder(load_id(number))
        day = stage_rows(
            folder / "day.parquet",
            usage,
            "SELECT 'dcgm' AS x_SourceId, DATE '2026-10-05' AS x_Day, 'GPU-1' AS gpu_uuid",
            1,
        )
        nodes = stage_rows(
            folder / "node.parquet", node, "SELECT 'nodes' AS x_SourceId, 'h1' AS host", 1
        )
        for file in (day, nodes):
            commit(
                lake,
                file.partition.table,
                partitions=[file.partition],
                files=[file],
                load_id=load_id(number),
                version=number,
                delivered={},
            )

    view = lake.view(["gpu_usage", "node"])

    second = str(lake.root / "loads" / str(load_id(2)))
    assert lake.files("gpu_usage", view.snapshots["gpu_usage"]) == [f"{second}/day.parquet"]
    assert lake.files("node", view.snapshots["node"]) == [f"{second}/node.parquet"]


def test_what_is_set_aside_of_a_whole_source_is_kept_as_such(lake: Lake) -> None:
    """A row of node belongs to no month; set aside it lies in the period * of quarantine."""
    whole = Partition("quarantine", "nodes:nodes", "*")
    select = "SELECT 'nodes:nodes' AS x_SourceId, '*' AS x_BillingPeriod, 'no id' AS reason"
    file = stage_rows(lake.folder(load_id(1)) / "bad.parquet", whole, select, 1)

    commit(
        lake,
        "quarantine",
        partitions=[whole],
        files=[file],
        load_id=load_id(1),
        version=1,
        delivered={},
    )

    assert list(lake.states("quarantine")) == [whole]
    assert [one.partition for one in current_files(lake, "quarantine")] == [whole]


def test_a_raising_guard_prevents_the_commit(lake: Lake) -> None:
    """The lease is lost between staging and commit: October keeps its 1."""
    deliver(lake, {OCTOBER: ["1"]}, number=1)

    def lost() -> None:
        raise PermissionError("the lease is lost")

    with pytest.raises(PermissionError, match="lease"):
        deliver(lake, {OCTOBER: ["2"]}, number=2, guard=lost)

    assert costs(lake) == {"2026-10": amounts("1")}
    assert lake.state(OCTOBER) == PartitionState(1, str(load_id(1)), {"f1": "bill-1.csv"})


def test_a_commit_that_lost_a_race_is_done_again_on_top_of_the_winner(lake: Lake) -> None:
    """While load 1 is about to commit October, load 2 fills November: both are there."""
    calls: list[int] = []

    def meanwhile() -> None:
        calls.append(1)
        if len(calls) == 1:
            deliver(lake, {NOVEMBER: ["2"]}, number=2)

    deliver(lake, {OCTOBER: ["1"]}, number=1, guard=meanwhile)

    assert costs(lake) == {"2026-10": amounts("1"), "2026-11": amounts("2")}
    assert len(calls) == 2


@pytest.mark.parametrize("error", [CommitFailedException, ValidationException])
def test_a_transaction_gives_up_after_its_tries(lake: Lake, error: type[Exception]) -> None:
    """Three tries, three collisions, then one clear error."""
    tried: list[Table] = []

    def collide(table: Table) -> None:
        tried.append(table)
        raise error("someone was faster")

    with pytest.raises(CommitConflict, match="other writers changed price during each of 3 tries"):
        redo("price", lambda: lake.table("price"), collide, tries=3)

    assert len(tried) == 3


def _wrong_row(lake: Lake, partition: Partition) -> StagedFile:
    """A file of November that claims to be October's."""
    november = stage(lake, NOVEMBER, ["1"], load_id(1))
    return StagedFile(november.uri, 1, november.size_bytes, partition)


def _mixed(lake: Lake, partition: Partition) -> StagedFile:
    select = f"""SELECT '{partition.source}' AS x_SourceId,
                 unnest(['2026-10', '2026-11']) AS x_BillingPeriod"""
    return stage_rows(lake.folder(load_id(1)) / "mixed.parquet", partition, select, 2)


def _with_null(lake: Lake, partition: Partition) -> StagedFile:
    select = f"""SELECT '{partition.source}' AS x_SourceId,
                 unnest(['2026-10', NULL]) AS x_BillingPeriod"""
    return stage_rows(lake.folder(load_id(1)) / "null.parquet", partition, select, 2)


def _all_null(lake: Lake, partition: Partition) -> StagedFile:
    select = f"""SELECT '{partition.source}' AS x_SourceId, NULL::VARCHAR AS x_BillingPeriod"""
    return stage_rows(lake.folder(load_id(1)) / "nulls.parquet", partition, select, 1)


def _without_source(lake: Lake, partition: Partition) -> StagedFile:
    select = f"SELECT '{partition.period}' AS x_BillingPeriod"
    return stage_rows(lake.folder(load_id(1)) / "bare.parquet", partition, select, 1)


@pytest.mark.parametrize("make", [_wrong_row, _mixed, _with_null, _all_null, _without_source])
def test_a_file_that_is_not_wholly_in_its_partition_is_refused(
    lake: Lake, make: Callable[[Lake, Partition], StagedFile]
) -> None:
    """Iceberg would file its rows elsewhere, and the next delivery would not replace them."""
    file = make(lake, OCTOBER)

    with pytest.raises(WrongCommit, match=r"does not lie wholly in Partition\(table='cost_line'"):
        _commit(lake, [OCTOBER], [file])

    assert lake.view(["cost_line"]).snapshots == {"cost_line": None}


def test_a_file_with_another_number_of_rows_than_stated_is_refused(lake: Lake) -> None:
    """The file has 1 row, its description says 2."""
    file = stage(lake, OCTOBER, ["1"], load_id(1))

    with pytest.raises(WrongCommit, match="has 1 rows instead of 2"):
        _commit(lake, [OCTOBER], [StagedFile(file.uri, 2, file.size_bytes, OCTOBER)])


@pytest.mark.parametrize(
    ("column", "sentence"),
    [
        ("1.5 AS BilledCost", r"has no column BilledCost of decimal128\(2, 1\)"),
        ("'red' AS colour", "has no column colour of string"),
    ],
)
def test_a_file_with_columns_that_do_not_fit_is_refused(
    lake: Lake, column: str, sentence: str
) -> None:
    """Columns go by name, and have the types of the table."""
    select = f"SELECT '{OCTOBER.source}' AS x_SourceId, '2026-10' AS x_BillingPeriod, {column}"
    file = stage_rows(lake.folder(load_id(1)) / "odd.parquet", OCTOBER, select, 1)

    with pytest.raises(WrongCommit, match=sentence):
        _commit(lake, [OCTOBER], [file])


@pytest.mark.parametrize(
    ("partitions", "sentence"),
    [
        ([], "must name at least one partition"),
        ([Partition("price", "aws", "2026-10")], "is no partition of cost_line"),
        ([Partition("cost_line", "aws", "*")], "is no partition of cost_line"),
        ([Partition("cost_line", "é" * 101, "2026-10")], "a name of more than 200 bytes"),
        ([NOVEMBER], "which is not being committed"),
    ],
)
def test_partitions_that_do_not_fit_the_commit_are_refused(
    lake: Lake, partitions: list[Partition], sentence: str
) -> None:
    """A commit names partitions of its own table, and those of all its files."""
    file = stage(lake, OCTOBER, ["1"], load_id(1))

    with pytest.raises(WrongCommit, match=sentence):
        _commit(lake, partitions, [file])


def test_a_table_that_the_lake_lacks_is_refused(lake: Lake) -> None:
    """The error names the tables there are."""
    with pytest.raises(UnknownTable, match="no table invoice; it has cost_line, price"):
        commit(
            lake,
            "invoice",
            partitions=[OCTOBER],
            files=[],
            load_id=UUID(int=1),
            version=1,
            delivered={},
        )


def _commit(lake: Lake, partitions: list[Partition], files: list[StagedFile]) -> int:
    return commit(
        lake,
        "cost_line",
        partitions=partitions,
        files=files,
        load_id=load_id(1),
        version=1,
        delivered={},
    )
