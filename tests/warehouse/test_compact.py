"""Small files of a partition are put together, and nothing else about the lake changes."""

from collections.abc import Callable
from uuid import UUID

import pytest

from tests.warehouse.rows import NOVEMBER, OCTOBER, amounts, costs, deliver, load_id, stage
from warehouse.commit import commit, current_files
from warehouse.compact import Compacted, compact
from warehouse.duck import DuckEngine
from warehouse.lake import Lake
from warehouse.port import Partition, View


def add(lake: Lake, partition: Partition, *numbers: int) -> None:
    """Add one line of as much as the load's number with each load."""
    for number in numbers:
        deliver(lake, {partition: [str(number)]}, number=number, complete=False)


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
    assert _lines(lake, engine, before) == _lines(lake, engine, lake.view())


def _lines(lake: Lake, engine: DuckEngine, view: View) -> list[tuple[object, ...]]:
    del lake
    with engine.connection(view) as connection:
        return connection.execute("FROM cost_line ORDER BY ALL").fetchall()
