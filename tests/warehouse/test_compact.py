"""Small files of a partition are put together, and nothing else about the lake changes."""

from collections.abc import Callable
from pathlib import Path
from uuid import UUID

import pytest

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
from warehouse.commit import commit, current_files, exchange
from warehouse.compact import Compacted, compact
from warehouse.duck import DuckEngine
from warehouse.errors import StorageFailed, WrongCommit
from warehouse.lake import Lake
from warehouse.port import Partition, PartitionState, View


def add(lake: Lake, partition: Partition, *numbers: int) -> None:
    """Add one line of as much as the load's number with each load."""
    for number in numbers:
        deliver(lake, {partition: [str(number)]}, number=number, complete=False)


def _lines(engine: DuckEngine, view: View, table: str = "cost_line") -> list[tuple[object, ...]]:
    with engine.connection(view) as connection:
        return connection.execute(f"FROM {table} ORDER BY ALL").fetchall()


def test_small_files_become_one_and_the_lake_says_the_same(
    lake: Lake, engine: DuckEngine, new_id: Callable[[], UUID]
) -> None:
    """Loads 1 to 4 added 1 to 4 to October: four files become one of four lines, states stay."""
    add(lake, OCTOBER, 1, 2, 3, 4)
    state, before = lake.state(OCTOBER), lake.view()

    done = compact(lake, engine, new_id=new_id, many=4)

    assert done == Compacted(partitions=1, files_before=4, files_after=1)
    assert lake.state(OCTOBER) == state
    assert costs(lake) == {"2026-10": amounts("1", "2", "3", "4")}
    assert _lines(engine, before) == _lines(engine, lake.view())


def test_a_partition_with_few_files_is_left_alone(
    lake: Lake, engine: DuckEngine, new_id: Callable[[], UUID]
) -> None:
    """Three files are fewer than four, though November has one more."""
    add(lake, OCTOBER, 1, 2, 3)
    add(lake, NOVEMBER, 4)
    before = lake.view()

    assert compact(lake, engine, new_id=new_id, many=4) == Compacted()
    assert lake.view() == before


def test_large_files_are_left_alone_and_small_ones_share_files(
    lake: Lake, engine: DuckEngine, new_id: Callable[[], UUID], monkeypatch: pytest.MonkeyPatch
) -> None:
    """With 'large' set to the size of two files, five small ones become two, two and one."""
    add(lake, OCTOBER, 11, 12, 13, 14, 15)
    sizes = {file.size_bytes for file in current_files(lake, "cost_line")}
    monkeypatch.setattr("warehouse.compact.LARGE_BYTES", 2 * max(sizes))

    done = compact(lake, engine, new_id=new_id, many=5)
    monkeypatch.setattr("warehouse.compact.SMALL_BYTES", 1)

    assert done == Compacted(partitions=1, files_before=5, files_after=3)
    assert costs(lake) == {"2026-10": amounts("11", "12", "13", "14", "15")}
    assert compact(lake, engine, new_id=new_id, many=2) == Compacted()


def test_days_are_put_together_with_all_their_columns(
    lake: Lake, engine: DuckEngine, new_id: Callable[[], UUID]
) -> None:
    """Files of a day that lack columns, one with a double, one with a null: they read the same."""
    day = Partition("gpu_usage", "dcgm", "2026-10-05")
    for number, extra in ((1, ""), (2, ", 0.1::DOUBLE AS energy"), (3, ", NULL::VARCHAR AS host")):
        select = f"SELECT 'dcgm' AS x_SourceId, DATE '2026-10-05' AS x_Day, 'f' AS x_FileId{extra}"
        file = stage_rows(lake.folder(load_id(number)) / "u.parquet", day, select, 1)
        commit(
            lake,
            "gpu_usage",
            partitions=[day],
            files=[file],
            load_id=load_id(number),
            version=number,
            delivered={str(number): "u"},
            complete=False,
        )
    before = lake.view()

    done = compact(lake, engine, new_id=new_id, many=3)

    assert done == Compacted(1, 3, 1)
    rows = [_lines(engine, view, "gpu_usage") for view in (before, lake.view())]
    assert rows[0] == rows[1]
    assert {file.partition for file in current_files(lake, "gpu_usage")} == {day}


def test_a_load_that_adds_meanwhile_keeps_what_it_added(lake: Lake) -> None:
    """Files of loads 1 and 2 are exchanged for one of both, while load 3 adds its own."""
    add(lake, OCTOBER, 1, 2)
    old = [file.uri for file in current_files(lake, "cost_line")]
    new = stage(lake, OCTOBER, ["1", "2"], load_id(9))
    add(lake, OCTOBER, 3)

    exchange(lake, OCTOBER, old=old, new=[new], load_id=load_id(9))

    assert costs(lake) == {"2026-10": amounts("1", "2", "3")}
    assert len(current_files(lake, "cost_line")) == 2
    assert lake.state(OCTOBER) == PartitionState(
        3, str(load_id(3)), {f"f{n}": f"bill-{n}.csv" for n in (1, 2, 3)}
    )


def test_a_load_that_replaces_meanwhile_wins(
    lake: Lake, engine: DuckEngine, new_id: Callable[[], UUID]
) -> None:
    """October is replaced by 7 between reading its files and exchanging them: 7 stays."""
    add(lake, OCTOBER, 1, 2)

    def meanwhile() -> UUID:
        deliver(lake, {OCTOBER: ["7"]}, number=7)
        return new_id()

    done = compact(lake, engine, new_id=meanwhile, many=2)

    assert done == Compacted(overtaken=1)
    assert costs(lake) == {"2026-10": amounts("7")}


def test_a_whole_delivery_replaces_what_was_put_together(
    lake: Lake, engine: DuckEngine, new_id: Callable[[], UUID]
) -> None:
    """Loads 1 and 2 are one file now; load 3 replaces October by 3."""
    add(lake, OCTOBER, 1, 2)
    compact(lake, engine, new_id=new_id, many=2)

    deliver(lake, {OCTOBER: ["3"]}, number=3)

    assert costs(lake) == {"2026-10": amounts("3")}


def test_files_that_vanished_are_told(
    lake: Lake, engine: DuckEngine, new_id: Callable[[], UUID]
) -> None:
    """Someone deleted a file behind the lake's back."""
    add(lake, OCTOBER, 1, 2)
    Path(current_files(lake, "cost_line")[0].uri).unlink()

    with pytest.raises(StorageFailed, match="Partition"):
        compact(lake, engine, new_id=new_id, many=2)


def test_one_file_cannot_be_put_together(
    lake: Lake, engine: DuckEngine, new_id: Callable[[], UUID]
) -> None:
    """It would be rewritten every night."""
    with pytest.raises(ValueError, match="2 or more"):
        compact(lake, engine, new_id=new_id, many=1)


def test_who_must_not_write_any_more_exchanges_nothing(
    lake: Lake, engine: DuckEngine, new_id: Callable[[], UUID]
) -> None:
    """The guard refuses right before the exchange of two files: both stay."""
    add(lake, OCTOBER, 1, 2)
    before = lake.view()

    def refuse() -> None:
        raise WrongCommit("the lease is lost")

    with pytest.raises(WrongCommit, match="the lease is lost"):
        compact(lake, engine, new_id=new_id, many=2, guard=refuse)

    assert lake.view() == before
    assert len(current_files(lake, "cost_line")) == 2
