"""What a new delivery of a period changes: lines and money that came, went or differ."""

from collections import Counter
from collections.abc import Sequence
from decimal import Decimal
from pathlib import Path
from uuid import UUID

import pyarrow as pa
import pyarrow.parquet as pq
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.warehouse.rows import amounts, load_id
from warehouse.commit import commit
from warehouse.duck import DuckEngine
from warehouse.lake import Lake
from warehouse.load_write import Load
from warehouse.port import Partition, StagedFile
from warehouse.restatement import Restated, restated
from warehouse.tables import arrow_schema

OCTOBER = "2026-10"
Line = tuple[str, str, str, str]
"""Account, resource, billed cost, effective cost."""


class Bills:
    """Delivers small bills of October and compares each with the next."""

    def __init__(self, lake: Lake, engine: DuckEngine) -> None:
        """Keep the parts."""
        self.lake, self.engine, self.number = lake, engine, 0

    def stage(self, lines: Sequence[Line], period: str = OCTOBER) -> tuple[StagedFile, ...]:
        """Write lines as the next load's file."""
        self.number += 1
        if not lines:
            return ()
        path = self.lake.folder(load_id(self.number)) / f"{period}.parquet"
        rows = [_row(line, period) for line in lines]
        pq.write_table(pa.Table.from_pylist(rows, arrow_schema("cost_line")), path)
        partition = Partition("cost_line", "aws", period)
        return (StagedFile(str(path), len(lines), path.stat().st_size, partition),)

    def deliver(self, lines: Sequence[Line]) -> None:
        """Replace October."""
        files = self.stage(lines)
        commit(
            self.lake,
            "cost_line",
            partitions=[Partition("cost_line", "aws", OCTOBER)],
            files=files,
            load_id=load_id(self.number),
            version=self.number,
            delivered={f"f{self.number}": "bill"},
        )
        self.lake.close_load(load_id(self.number))

    def compare(self, lines: Sequence[Line], period: str = OCTOBER) -> tuple[Restated, ...]:
        """Say what these lines would change."""
        load = Load("aws", "focus", "focus-1.2", UUID(int=99), ())
        staged = self.stage(lines, period)
        return restated(load, staged, {period}, lake=self.lake, engine=self.engine)


def _row(line: Line, period: str) -> dict[str, object]:
    account, resource, billed, effective = line
    return {
        "SubAccountId": account,
        "ServiceName": "EC2",
        "BillingCurrency": "USD",
        "ResourceId": resource,
        "BilledCost": Decimal(billed),
        "EffectiveCost": Decimal(effective),
        "x_SourceId": "aws",
        "x_BillingPeriod": period,
    }


def test_lines_come_go_and_change(lake: Lake, engine: DuckEngine) -> None:
    """i-1 rises by 0.5, i-2 (2) goes, i-3 (4) comes; of two lines of i-4 one goes: 3."""
    bills = Bills(lake, engine)
    same = ("a", "i-5", "9", "9")
    bills.deliver(
        [same, ("a", "i-1", "1", "1"), ("a", "i-2", "2", "2"), *[("a", "i-4", "3", "3")] * 2]
    )

    [found] = bills.compare(
        [("a", "i-1", "1.5", "1"), ("a", "i-3", "4", "5"), ("a", "i-4", "3", "3"), same]
    )

    assert (found.account, found.service, found.currency) == ("a", "EC2", "USD")
    assert (found.rows_added, found.rows_removed, found.rows_changed) == (1, 2, 1)
    assert [found.billed_added, found.billed_removed, found.billed_changed] == amounts(
        "4", "5", "0.5"
    )
    assert [found.effective_added, found.effective_removed, found.effective_changed] == amounts(
        "5", "5", "0"
    )


def test_lines_of_one_thing_are_paired_by_their_amounts(lake: Lake, engine: DuckEngine) -> None:
    """1, 2 and 3 become 1, 2.5 and 4: of what is left, 2 becomes 2.5 and 3 becomes 4, so 1.5."""
    bills = Bills(lake, engine)
    bills.deliver([("a", "i", cost, "0") for cost in ("3", "1", "2")])

    [found] = bills.compare([("a", "i", cost, "0") for cost in ("4", "2.5", "1")])

    assert (found.rows_added, found.rows_removed, found.rows_changed) == (0, 0, 2)
    assert found.billed_changed == Decimal("1.5")


def test_only_periods_that_held_something_are_restated(lake: Lake, engine: DuckEngine) -> None:
    """A first delivery, another period and another kind restate nothing; emptying removes all."""
    bills = Bills(lake, engine)
    line = ("a", "i", "1", "1")

    first = bills.compare([line])
    bills.deliver([line])
    again, other = bills.compare([line]), bills.compare([line], "2026-11")
    [emptied] = bills.compare([])
    prices = Load("aws", "prices", "canonical-prices", UUID(int=99), ())

    assert first == again == other == ()
    assert (emptied.rows_removed, emptied.billed_removed) == (1, Decimal(1))
    assert restated(prices, (), {OCTOBER}, lake=lake, engine=engine) == ()


lines = st.lists(
    st.tuples(
        st.sampled_from(["a", "b"]),
        st.sampled_from(["i-1", "i-2"]),
        st.sampled_from(["-1", "0", "0.000000000001", "7"]),
        st.sampled_from(["0", "2.5"]),
    ),
    max_size=8,
)


@settings(
    max_examples=10,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(old=lines, new=lines)
def test_old_and_what_changed_make_new(
    lake: Lake, engine: DuckEngine, tmp_path: Path, old: list[Line], new: list[Line]
) -> None:
    """Rows and both moneys of every account: old + added - removed + changed = new."""
    bills = Bills(lake, engine)
    bills.number = len(list(tmp_path.rglob("*.parquet"))) * 10
    bills.deliver(old)

    found = {one.account: one for one in bills.compare(new)} if old else {}

    for account in ("a", "b"):
        before = [line for line in old if line[0] == account]
        after = [line for line in new if line[0] == account]
        one = found.get(account)
        if one is None:
            assert not old or Counter(before) == Counter(after)
            continue
        assert len(before) + one.rows_added - one.rows_removed == len(after)
        billed = one.billed_added - one.billed_removed + one.billed_changed
        assert _sum(before, 2) + billed == _sum(after, 2)
        effective = one.effective_added - one.effective_removed + one.effective_changed
        assert _sum(before, 3) + effective == _sum(after, 3)
        assert one.rows_added + one.rows_removed + one.rows_changed > 0


def _sum(these: Sequence[Line], column: int) -> Decimal:
    return sum((Decimal(line[column]) for line in these), Decimal(0))
