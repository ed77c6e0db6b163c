"""What a file or a delivery may lack or bring too much of: each has one defined outcome."""

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tests.warehouse.staging import Stager, set_aside, written
from tests.warehouse.test_load import LINE
from warehouse.load_checks import Finding
from warehouse.load_files import LoadFile, UnreadableDelivery
from warehouse.load_reader import register
from warehouse.port import Partition

SEPTEMBER = dict(LINE, BillingPeriodStart="2026-09-01", BillingPeriodEnd="2026-10-01")


def test_rows_of_another_period_are_set_aside(stager: Stager) -> None:
    """Only October is replaced: a line of September and one of no period lie in its quarantine."""
    unknown = dict(LINE, BillingPeriodStart="x")
    staged = stager.table([LINE, SEPTEMBER, unknown], period="2026-10")

    assert (staged.rows, staged.quarantined, staged.periods) == (1, 2, ("2026-10",))
    other, unread = set_aside(staged)
    assert other["reason"] == (
        "the record is of 2026-09, but 2026-10 is delivered; accepted are records of that "
        "period only"
    )
    assert unread["reason"].startswith("BillingPeriodStart 'x' cannot be read")
    [file] = staged.quarantine_files
    assert file.partition == Partition("quarantine", "aws:focus", "2026-10")


def test_without_a_declared_period_the_rows_tell(stager: Stager) -> None:
    """The same two lines fill two periods."""
    staged = stager.table([LINE, SEPTEMBER])

    assert (staged.quarantined, staged.periods) == (0, ("2026-09", "2026-10"))


def test_a_delivery_may_have_no_file(stager: Stager) -> None:
    """It empties its period, and says so."""
    staged = stager.files([], period="2026-10")

    assert (staged.rows, staged.files, staged.periods) == (0, (), ("2026-10",))
    assert staged.findings == (Finding("delivery has no records", "2026-10", 0),)


def test_a_delivery_may_have_files_without_records(stager: Stager) -> None:
    """A header alone empties the period as well; beside another file it changes nothing."""
    empty = stager.folder / "empty.csv"
    empty.write_text(",".join(LINE) + "\n")
    nothing = stager.files([empty], period="2026-10")
    full = stager.table([LINE], period="2026-10")

    both = stager.files([empty, stager.folder / "1.parquet"], period="2026-10")

    assert (nothing.rows, nothing.periods) == (0, ("2026-10",))
    assert nothing.findings == (Finding("file has no records", "empty.csv", 0),)
    assert (both.rows, full.rows) == (1, 1)
    assert Finding("file has no records", "empty.csv", 0) in both.findings


def test_a_file_of_no_records_and_no_declared_period_has_none(stager: Stager) -> None:
    """Only the rows could have told it."""
    assert stager.text(",".join(LINE) + "\n").periods == ()


def test_new_columns_are_told_and_missing_ones_are_null(stager: Stager) -> None:
    """Tomorrow's column is not kept; an absent description is null, for one row each."""
    line = {name: value for name, value in LINE.items() if name != "ChargeDescription"}
    staged = stager.table([dict(line, FutureColumn="x")])

    [row] = written(staged)
    assert row["ChargeDescription"] is None
    assert set(staged.findings) == {
        Finding("column is not kept", "FutureColumn", 1),
        Finding("column is missing", "ChargeDescription", 1),
    }


@pytest.mark.parametrize(
    ("lost", "sentence"),
    [
        (["BilledCost"], r"0\.parquet: the column is missing: BilledCost; a FOCUS bill needs"),
        (
            ["BillingCurrency", "BillingPeriodStart"],
            "the columns are missing: BillingCurrency, BillingPeriodStart; a FOCUS bill needs",
        ),
    ],
)
def test_a_bill_without_needed_columns_is_refused(
    stager: Stager, lost: list[str], sentence: str
) -> None:
    """Every row would be set aside, so nothing is."""
    line = {name: value for name, value in LINE.items() if name not in lost}

    with pytest.raises(UnreadableDelivery, match=sentence):
        stager.table([line])


def test_two_currencies_are_one_delivery(stager: Stager) -> None:
    """Amounts are never added up over currencies: two dollars and three euros are set aside."""
    bad = {"EffectiveCost": "x"}
    staged = stager.table(
        [
            LINE,
            dict(LINE, BillingCurrency="eur"),
            dict(LINE, BilledCost="2", **bad),
            dict(LINE, BilledCost="3", BillingCurrency="EUR", **bad),
        ]
    )

    assert [row["BillingCurrency"] for row in written(staged)] == ["USD", "EUR"]
    assert staged.quarantined_cost == {"USD": 2, "EUR": 3}
    assert staged.periods == ("2026-10",)


def test_a_cut_parquet_file_is_refused(stager: Stager) -> None:
    """Half of it has no footer; the sentence names the file."""
    stager.table([LINE])
    path = stager.folder / "0.parquet"
    columns = tuple(pq.read_schema(path).names)
    path.write_bytes(path.read_bytes()[:-200])
    file = LoadFile(str(path), path.name, "id", "parquet", columns)

    with (
        stager.engine.connection(stager.lake.view([]), reads=[str(path)]) as connection,
        pytest.raises(UnreadableDelivery, match=r"0\.parquet: cannot be read as Parquet"),
    ):
        register(connection, [file], "cost_line", stager.folder)


def test_a_file_that_has_other_columns_now_is_refused(stager: Stager) -> None:
    """It was looked at with one column and has two."""
    path = stager.folder / "a.parquet"
    pq.write_table(pa.table({"BilledCost": [1], "EffectiveCost": [1]}), path)
    file = LoadFile(str(path), path.name, "id", "parquet", ("BilledCost",))

    with (
        stager.engine.connection(stager.lake.view([]), reads=[str(path)]) as connection,
        pytest.raises(UnreadableDelivery, match="has 2 columns, but had 1 when it was looked at"),
    ):
        register(connection, [file], "cost_line", stager.folder)


def test_texts_are_null_where_they_are_empty(stager: Stager) -> None:
    """Statistics prove it of one file and not of the other, in which one of two names is empty."""
    full = written(stager.table([dict(LINE, ResourceName="a"), dict(LINE, ResourceName=None)]))
    some = written(stager.table([dict(LINE, ResourceName="a"), dict(LINE, ResourceName="")]))

    assert [row["ResourceName"] for row in [*full, *some]] == ["a", None, "a", None]
