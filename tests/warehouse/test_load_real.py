"""Real bills: the FOCUS sample of four clouds and the worked examples of the specification."""

import csv
import os
import re
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from uuid import UUID

import pyarrow.parquet as pq
import pytest

from ingest.port import RejectedSourceError
from ingest.registry import files_source
from warehouse.duck import DuckEngine
from warehouse.lake import Lake
from warehouse.load import Staged, stage
from warehouse.load_reader import LoadFile
from warehouse.load_write import Load

pytestmark = pytest.mark.needs_shared

ROOT = Path(__file__).parents[2]
ODD_EXAMPLES = 15
COSTS = ("BilledCost", "EffectiveCost", "ListCost")


@pytest.fixture(scope="module")
def bills() -> Path:
    """The folder of real bills."""
    shared = os.environ.get("COMPTROLLER_SHARED_DATA") or ROOT.parent / "shared" / "data"
    folder = Path(shared) / "billing"
    if not folder.is_dir():
        pytest.skip(f"{folder} is not there; COMPTROLLER_SHARED_DATA names the folder of real data")
    return folder


def _staged(path: Path, lake: Lake, engine: DuckEngine) -> Staged:
    [delivery] = files_source("real", [str(path)]).deliveries(1)
    files = tuple(
        LoadFile(one.uri, one.name, one.file_id, one.format.value, one.columns)
        for one in delivery.files
    )
    load = Load("real", delivery.kind.value, delivery.dialect, UUID(int=1), files)
    return stage(load, engine=engine, folder=lake.folder(load.load_id))


def _records(path: Path) -> Iterator[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as stream:
        yield from csv.DictReader(stream)


def test_the_focus_sample_is_loaded_to_the_last_digit(
    bills: Path, lake: Lake, engine: DuckEngine
) -> None:
    """1,000 lines of AWS, Azure, Google and Oracle: three costs add up to what the file says."""
    path = bills / "focus-sample-1.0" / "focus_sample.csv"
    records = list(_records(path))

    staged = _staged(path, lake, engine)

    rows = [row for file in staged.files for row in pq.read_table(file.uri).to_pylist()]
    assert (len(rows), staged.quarantined) == (1000, 0)
    for cost in COSTS:
        wanted = sum(Decimal(record[cost]) for record in records)
        assert sum(row[cost] for row in rows) == wanted
    numbers = {row["x_RecordNumber"]: row["ResourceId"] for row in rows}
    for number, record in enumerate(records, 1):
        assert numbers[number] == (None if record["ResourceId"] == "NULL" else record["ResourceId"])
    assert {row["ServiceProviderName"] for row in rows} == {row["ProviderName"] for row in records}
    assert ("column is not kept", "Id", 1000) in {
        (one.rule, one.column, one.rows) for one in staged.findings
    }


def test_the_examples_of_the_specification_say_what_they_lack(
    bills: Path, lake: Lake, engine: DuckEngine
) -> None:
    """Of 30 examples 15 have no currency, and 15 write 4/1/25 or $10,000.00: nothing is guessed."""
    odd = 0
    for path in sorted((bills / "focus-spec-scenarios").rglob("*.csv")):
        records = list(_records(path))
        if "BillingCurrency" not in records[0]:
            with pytest.raises(RejectedSourceError, match=r"columns? BillingCurrency.* missing in"):
                list(files_source("spec", [str(path)]).deliveries(1))
            continue
        odd += 1
        staged = _staged(path, lake, engine)
        assert (staged.rows, staged.quarantined) == (0, len(records)), path.name
        for one in staged.rejected:
            assert re.match(r"BillingPeriodStart '\d+/1/2\d'|\w+Cost '\W*[\d$,.)]+ *'", one.reason)

    assert odd == ODD_EXAMPLES
