"""The lake keeps its promises in a folder and in a bucket alike."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from uuid import UUID

import duckdb
import pyarrow as pa
import pytest

from tests.warehouse.conftest import Bucket
from tests.warehouse.rows import (
    NOVEMBER,
    OCTOBER,
    amounts,
    costs,
    deliver,
    load_id,
    stage,
)
from tests.warehouse.staging import Stager
from warehouse.commit import commit
from warehouse.compact import Compacted, compact
from warehouse.duck import DuckEngine
from warehouse.errors import AlreadyDelivered, OlderDelivery, UnknownTable
from warehouse.lake import Lake
from warehouse.load_state import held_rows, other_quarantine
from warehouse.maintain import Maintained, maintain
from warehouse.port import Partition, Question, StagedFile, View
from warehouse.status import table_statuses
from warehouse.storage import StoredFile

PRICES = "valid_from,unit,currency,region,provider,machine_type,purchase_model,amount\n"
BUCKET_SLOWLY = pytest.mark.parametrize(
    "any_lake",
    [
        pytest.param("lake", id="folder"),
        pytest.param("s3_lake", id="bucket", marks=pytest.mark.slow),
    ],
    indirect=True,
)
"""In a folder always, in a bucket where all tests run."""

ALLOCATED = pa.table(
    {
        "team": ["nlp"],
        "billed_cost": pa.array([Decimal("1.5")], pa.decimal128(38, 12)),
    }
)


@pytest.fixture
def asker(any_lake: Lake, tmp_path: Path) -> DuckEngine:
    """An engine over the lake."""
    return DuckEngine(any_lake, memory_limit="512MB", threads=2, temp_folder=tmp_path / "spill")


def in_days(days: float) -> datetime:
    """The time ``days`` from now: PyIceberg and S3 stamp with the real time."""
    return datetime.now(UTC) + timedelta(days=days)


def test_deliveries_replace_and_extend_their_own_partitions(any_lake: Lake) -> None:
    """October 1 + 2 becomes 5 and then 5 + 6, November stays 7; a snapshot says what was."""
    first = deliver(any_lake, {OCTOBER: ["1", "2"], NOVEMBER: ["7"]}, number=1)

    deliver(any_lake, {OCTOBER: ["5"]}, number=2)
    deliver(any_lake, {OCTOBER: ["6"]}, number=3, complete=False)

    assert costs(any_lake) == {"2026-10": amounts("5", "6"), "2026-11": amounts("7")}
    assert costs(any_lake, first) == {"2026-10": amounts("1", "2"), "2026-11": amounts("7")}
    assert any_lake.storage.uri in any_lake.table("cost_line").location()


@BUCKET_SLOWLY
def test_refused_and_empty_deliveries(any_lake: Lake) -> None:
    """Version 1 after 2 is refused, so is file f2 again; a delivery of nothing empties October."""
    deliver(any_lake, {OCTOBER: ["2"]}, number=2)

    with pytest.raises(OlderDelivery):
        deliver(any_lake, {OCTOBER: ["1"]}, number=1)
    with pytest.raises(AlreadyDelivered):
        deliver(any_lake, {OCTOBER: ["2"]}, number=3, complete=False, file="f2")
    deliver(any_lake, {OCTOBER: []}, number=4)

    assert costs(any_lake) == {}
    assert table_statuses(any_lake)[0].rows == 0


def test_a_load_with_set_aside_rows_is_staged_committed_and_found_again(
    any_lake: Lake, asker: DuckEngine, tmp_path: Path
) -> None:
    """Of two prices one is none: a row in price, one in quarantine, which a next load keeps."""
    text = f"{PRICES}AWS,p5.48xlarge,on_demand,98.32\nAWS,p4d.24xlarge,on_demand,cheap\n"
    staged = Stager(any_lake, asker, tmp_path).text(
        text.replace("\nAWS", "\n2026-10-01T00:00:00Z,machine-hour,USD,us-east-1,AWS"),
        "prices",
        "1.0",
    )
    [bad] = staged.quarantine_files
    [good] = staged.files
    for file in (bad, good):
        _commit(any_lake, file)
    any_lake.close_load(load_id(1))

    [held] = held_rows("price", "aws", lake=any_lake, engine=asker)
    folder = any_lake.folder(load_id(2))
    [again] = other_quarantine(bad.partition, ["other.csv"], folder, lake=any_lake, engine=asker)

    assert (held.rows, held.file_name) == (1, "0.csv")
    assert (again.rows, again.partition) == (1, bad.partition)


def _commit(lake: Lake, *files: StagedFile) -> None:
    commit(
        lake,
        files[0].partition.table,
        partitions=[file.partition for file in files],
        files=files,
        load_id=load_id(1),
        version=1,
        delivered={"id0": "0.csv"},
    )


@BUCKET_SLOWLY
def test_answers_are_stored_and_asked_for(any_lake: Lake, asker: DuckEngine) -> None:
    """An allocation of 1.5 is written by the engine, committed, and read back by a view."""
    target = Partition("allocation", "allocation", "2026-10")
    question = Question("ask/allocation_rows", {"run": "run-1"}, {"part": _rows(asker)})
    files = asker.write(question, View({}), target, any_lake.folder(load_id(1)))
    _commit(any_lake, *files)
    any_lake.close_load(load_id(1))

    with asker.connection(any_lake.view(["allocation"])) as connection:
        rows = connection.execute("SELECT team, billed_cost FROM allocation").fetchall()

    assert rows == [("nlp", Decimal("1.5"))]


def _rows(asker: DuckEngine) -> pa.Table:
    """A row of an allocation with all of its columns but those that tell where it came from."""
    with asker.connection(View({"allocation": None})) as connection:
        empty = connection.execute("FROM allocation").to_arrow_table()
    given = {name: ALLOCATED.column(name) for name in ALLOCATED.column_names}
    wanted = [
        field for field in empty.schema if field.name not in {"run_id", "x_LoadId", "x_FileId"}
    ]
    return pa.table(
        [given.get(field.name, pa.nulls(1, field.type)) for field in wanted],
        names=[field.name for field in wanted],
    )


def test_maintenance_keeps_what_is_referred_to_and_deletes_the_rest(any_lake: Lake) -> None:
    """Load 1 was replaced and expires, load 3 died: their files go; load 2 and an open one stay."""
    before = deliver(any_lake, {OCTOBER: ["1"]}, number=1)
    deliver(any_lake, {OCTOBER: ["2"]}, number=2)
    orphan = stage(any_lake, OCTOBER, ["3"], load_id(3)).uri
    any_lake.storage.publish(orphan, str(load_id(3)))
    any_lake.close_load(load_id(3))
    opened = stage(any_lake, OCTOBER, ["4"], load_id(4)).uri
    any_lake.storage.publish(opened, str(load_id(4)))

    done = maintain(any_lake, now=in_days(31), keep_days=30)
    again = maintain(any_lake, now=in_days(31), keep_days=30)

    assert done.expired_snapshots == 2
    assert done.deleted_files > 2
    assert (again.expired_snapshots, again.deleted_files) == (0, 0)
    assert costs(any_lake) == {"2026-10": amounts("2")}
    kept = {file.uri for number in range(1, 5) for file in _of_load(any_lake, number)}
    assert len(kept) == 2
    with pytest.raises(UnknownTable, match="is not kept any more"):
        any_lake.files("cost_line", before)


def _of_load(lake: Lake, number: int) -> list[StoredFile]:
    return list(lake.storage.files(f"loads/{load_id(number)}"))


@BUCKET_SLOWLY
def test_a_remembered_view_whose_snapshot_has_gone_is_told_in_a_sentence(
    any_lake: Lake, asker: DuckEngine
) -> None:
    """The files of the first view are remembered, then expire: not DuckDB's error, but ours."""
    deliver(any_lake, {OCTOBER: ["1"]}, number=1)
    view = any_lake.view(["cost_line"])
    any_lake.files("cost_line", view.snapshots["cost_line"])
    deliver(any_lake, {OCTOBER: ["2"]}, number=2)
    maintain(any_lake, now=in_days(31), keep_days=30)

    with (
        pytest.raises(UnknownTable, match="of cost_line is not kept any more"),
        asker.connection(view) as connection,
    ):
        connection.execute("FROM cost_line").fetchall()


@BUCKET_SLOWLY
def test_small_files_are_put_together(
    any_lake: Lake, asker: DuckEngine, new_id: Callable[[], UUID]
) -> None:
    """Three files of October become one; a second run finds nothing to do."""
    for number in (11, 12, 13):
        deliver(any_lake, {OCTOBER: [str(number)]}, number=number, complete=False)

    done = [compact(any_lake, asker, new_id=new_id, many=3) for _ in range(2)]

    assert done == [Compacted(1, 3, 1), Compacted()]
    assert costs(any_lake) == {"2026-10": amounts("11", "12", "13")}


@pytest.mark.slow
def test_what_a_commit_leaves_on_this_machine_goes_with_the_load(
    bucket: Bucket, s3_lake: Lake, tmp_path: Path
) -> None:
    """One file is in the bucket under the name of its content, none is left below staging."""
    deliver(s3_lake, {OCTOBER: ["1"]}, number=1)

    [key] = bucket.objects("a/lake/loads/")
    assert key.startswith(f"a/lake/loads/{load_id(1)}/bill-2026-10-")
    assert key.endswith(".parquet")
    assert not list((tmp_path / "staging" / "loads").iterdir())


@pytest.mark.slow
def test_what_a_dead_load_left_on_this_machine_goes_with_maintenance(
    s3_lake: Lake, tmp_path: Path
) -> None:
    """The process ended without closing its load: the folder stays for 48 hours."""
    folder = s3_lake.folder(load_id(1))
    s3_lake._open_loads.close(load_id(1))

    maintain(s3_lake, now=in_days(1))
    young = folder.exists()
    done = maintain(s3_lake, now=in_days(3), keep_days=30)

    assert (young, folder.exists()) == (True, False)
    assert done.expired_snapshots == 0
    assert (tmp_path / "staging").exists()


def test_a_question_reaches_the_lake_and_nothing_else(
    bucket: Bucket, s3_lake: Lake, tmp_path: Path
) -> None:
    """Not the neighbour's prefix, another bucket, the web or a file; and nothing can be added."""
    engine = DuckEngine(s3_lake, threads=1, temp_folder=tmp_path / "spill")
    bucket.client.put_object(Bucket=bucket.name, Key="a/lake-2/x.txt", Body=b"x")
    bucket.client.put_object(Bucket=bucket.name, Key="a/lake/x.txt", Body=b"y")
    forbidden = (
        f"FROM read_text('s3://{bucket.name}/a/lake-2/x.txt')",
        "FROM read_text('s3://other/a/lake/x.txt')",
        f"FROM read_text('{bucket.endpoint}/x')",
        "FROM read_text('/etc/passwd')",
        "COPY (SELECT 1) TO 's3://other/x.csv'",
        "INSTALL parquet",
        "ATTACH 's3://other/x.db'",
    )

    with engine.connection(View({})) as connection:
        read = f"FROM read_text('s3://{bucket.name}/a/lake/x.txt')"
        found = connection.sql(read).project("content").fetchall()
        for sql in forbidden:
            with pytest.raises(duckdb.PermissionException):
                connection.execute(sql)
        with pytest.raises(duckdb.InvalidInputException, match="Persistent secrets are disabled"):
            connection.execute("CREATE PERSISTENT SECRET x (TYPE s3, KEY_ID 'k')")

    assert found == [("y",)]


@BUCKET_SLOWLY
def test_maintenance_of_an_empty_lake_has_nothing_to_do(any_lake: Lake) -> None:
    """Only what making the tables left behind may go."""
    assert maintain(any_lake, now=in_days(0)) == Maintained(0, 0, 0)
