"""The export of cost lines as FOCUS 1.4: which columns, which values, what is refused."""

import csv
import gzip
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import focus_data_toolkit
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import yaml

from service.domain.periods import Period
from service.errors import InputError, NotFoundError
from service.usecases.export_focus import FileExistsAlreadyError, export_period
from tests.service.loads import Loads, bill
from warehouse.duck import DuckEngine
from warehouse.errors import StorageFailed
from warehouse.export import MANDATORY, UnwritableFile
from warehouse.questions import read_question

OCTOBER = Period("2026-10")
MODEL = Path(focus_data_toolkit.__file__).parent / "model" / "focus_1_4_model.json"


def model() -> dict[str, dict[str, str]]:
    """The Cost and Usage columns of FOCUS 1.4 as others wrote them down."""
    columns: dict[str, dict[str, str]] = yaml.safe_load(MODEL.read_text(encoding="utf-8"))[
        "datasets"
    ]["Cost and Usage"]["columns"]
    return columns


def test_the_columns_are_those_of_the_standard_in_its_order(
    loads: Loads, engine: DuckEngine
) -> None:
    """All 65 are asked for, alphabetically as the standard lists them, then our own."""
    question = read_question("export/focus")
    params = {"period": "2026-10", "source": ""}

    with engine.connection(loads.lake.view(["cost_line"])) as connection:
        rows = connection.execute(f"DESCRIBE {question.sql}", params).fetchall()

    names = [str(row[0]) for row in rows]
    focus = [name for name in names if not name.startswith("x_")]
    assert focus == sorted(model())
    assert names[: len(focus)] == focus
    assert "x_AcceleratorHours" in names
    mandatory = {name for name, one in model().items() if one["feature_level"] == "Mandatory"}
    assert mandatory == MANDATORY


def test_parquet_has_the_types_of_the_standard_and_what_was_loaded(
    loads: Loads, tmp_path: Path
) -> None:
    """1.25 and 2.50 USD come out as decimals, moments in UTC; columns without a value stay away."""
    loads.load(bill(tmp_path, "a.csv", "1.25", "2.50"))
    target = tmp_path / "october.parquet"

    done = export_period(OCTOBER, target, lake=loads.lake, engine=loads.engine)

    table = pq.read_table(target)
    assert done.rows == table.num_rows == 2
    assert done.columns == tuple(table.column_names)
    assert set(done.columns) == MANDATORY | {"ResourceId"}
    assert table.schema.field("BilledCost").type == pa.decimal128(38, 12)
    assert table.schema.field("BillingPeriodStart").type == pa.timestamp("us", tz="UTC")
    assert sorted(table.column("BilledCost").to_pylist()) == [Decimal("1.25"), Decimal("2.50")]
    assert set(table.column("BillingPeriodStart").to_pylist()) == {
        datetime(2026, 10, 1, tzinfo=UTC)
    }


@pytest.mark.parametrize("name", ["october.csv", "october.csv.gz"])
def test_csv_has_the_texts_of_the_standard(loads: Loads, tmp_path: Path, name: str) -> None:
    """Numbers end with their last digit that is not 0, moments with Z, and null is empty."""
    loads.load(bill(tmp_path, "a.csv", "1.250", "-100"))
    target = tmp_path / name

    export_period(OCTOBER, target, lake=loads.lake, engine=loads.engine)

    content = target.read_bytes()
    text = (gzip.decompress(content) if name.endswith(".gz") else content).decode()
    rows = list(csv.DictReader(text.splitlines()))
    assert [row["BilledCost"] for row in rows] == ["1.25", "-100"]
    assert {row["BillingPeriodStart"] for row in rows} == {"2026-10-01T00:00:00Z"}
    assert {row["ChargeClass"] for row in rows} == {""}


def test_our_own_columns_come_last_and_only_on_request(loads: Loads, tmp_path: Path) -> None:
    """Where a line came from stands in the x_ columns."""
    loads.load(bill(tmp_path, "a.csv", "1"))
    target = tmp_path / "october.csv"

    done = export_period(OCTOBER, target, lake=loads.lake, engine=loads.engine, custom_columns=True)

    own = [name.startswith("x_") for name in done.columns]
    assert own == sorted(own)
    [row] = csv.DictReader(target.read_text().splitlines())
    assert (row["x_SourceId"], row["x_RecordNumber"]) == ("aws", "1")


def test_one_source_can_be_exported_alone(loads: Loads, tmp_path: Path) -> None:
    """Of 1 USD from aws and 2 USD from azure only azure's 2 are written."""
    loads.load(bill(tmp_path, "a.csv", "1"))
    loads.load(bill(tmp_path, "b.csv", "2"), source="azure")
    target = tmp_path / "october.csv"

    done = export_period(OCTOBER, target, lake=loads.lake, engine=loads.engine, source="azure")

    [row] = csv.DictReader(target.read_text().splitlines())
    assert (done.rows, row["BilledCost"]) == (1, "2")


def test_what_is_there_is_replaced_only_on_request(loads: Loads, tmp_path: Path) -> None:
    """A refused export leaves the file alone; with force it is replaced, and nothing else left."""
    loads.load(bill(tmp_path, "a.csv", "1"))
    target = tmp_path / "out" / "october.csv"
    target.parent.mkdir()
    target.write_text("mine")

    with pytest.raises(FileExistsAlreadyError, match=r"october\.csv: is there already; --force"):
        export_period(OCTOBER, target, lake=loads.lake, engine=loads.engine)
    assert target.read_text() == "mine"

    export_period(OCTOBER, target, lake=loads.lake, engine=loads.engine, force=True)
    assert target.read_text().startswith("BilledCost")
    assert [path.name for path in target.parent.iterdir()] == ["october.csv"]


@pytest.mark.parametrize(
    ("name", "sentence"),
    [
        ("october.xlsx", r"accepted are names that end in \.parquet, \.csv, \.csv\.gz"),
        ("nowhere/october.csv", "there is no folder .*nowhere; make it first"),
        ("folder.csv", "is a folder; name a file"),
    ],
)
def test_a_file_that_cannot_be_written_is_refused(
    loads: Loads, tmp_path: Path, name: str, sentence: str
) -> None:
    """The sentence names the file and what is accepted."""
    (tmp_path / "folder.csv").mkdir()

    with pytest.raises(InputError, match=sentence):
        export_period(OCTOBER, tmp_path / name, lake=loads.lake, engine=loads.engine)


def test_a_folder_that_takes_no_file_is_told_as_the_reason(loads: Loads, tmp_path: Path) -> None:
    """Not even root may write below /proc, and the storage of the lake has no fault."""
    loads.load(bill(tmp_path, "a.csv", "1"))

    with pytest.raises(UnwritableFile, match=r"^/proc/october\.csv: cannot be written \(No such"):
        export_period(OCTOBER, Path("/proc/october.csv"), lake=loads.lake, engine=loads.engine)


def test_a_lake_whose_file_is_lost_is_no_fault_of_the_folder(loads: Loads, tmp_path: Path) -> None:
    """A data file of the lake is gone while the output could be written."""
    loads.load(bill(tmp_path, "a.csv", "1"))
    for file in (tmp_path / "lake").rglob("*.parquet"):
        file.unlink()

    with pytest.raises(StorageFailed, match="the storage of the lake failed"):
        export_period(OCTOBER, tmp_path / "out.csv", lake=loads.lake, engine=loads.engine)


@pytest.mark.parametrize(
    ("period", "source", "sentence"),
    [
        ("2026-09", None, r"no cost line of 2026-09 \(there are: 2026-10 from aws\)"),
        ("2026-10", "gcp", r"no cost line of 2026-10 from gcp \(there are: 2026-10 from aws\)"),
    ],
)
def test_a_period_without_cost_lines_is_not_written(
    loads: Loads, tmp_path: Path, period: str, source: str | None, sentence: str
) -> None:
    """The sentence says what there is instead of writing an empty file."""
    loads.load(bill(tmp_path, "a.csv", "1"))
    target = tmp_path / "out.csv"

    with pytest.raises(NotFoundError, match=sentence):
        export_period(Period(period), target, lake=loads.lake, engine=loads.engine, source=source)

    assert not target.exists()


def test_a_period_that_was_emptied_is_not_written(loads: Loads, tmp_path: Path) -> None:
    """The lake knows the period, and the delivery that replaced it had no line."""
    loads.load(bill(tmp_path, "a.csv", "1"))
    loads.load(bill(tmp_path, "a.csv"), replace=True)

    with pytest.raises(NotFoundError, match="there is no cost line of 2026-10"):
        export_period(OCTOBER, tmp_path / "out.csv", lake=loads.lake, engine=loads.engine)
