"""What the lake exports is FOCUS 1.4: held against an independent validator.

``focus-toolkit`` (PyPI: focus-data-toolkit) makes FOCUS 1.2 and 1.3 bills of three providers and
checks FOCUS 1.4 files; both run as programs, so nothing of ours judges itself.
"""

import os
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from focus_data_toolkit.io.row_source import read_source_rows
from focus_data_toolkit.model.validator import lint_focus_1_4_structure

from ingest.port import RejectedSourceError
from service.domain.periods import Period
from service.usecases.export_focus import export_period
from service.usecases.load_delivery import NothingReadableError
from tests.docs_examples import page, section, table_rows
from tests.service.loads import Loads

ROOT = Path(__file__).parents[3]
PROVIDERS = ("aws", "azure", "gcp")
ROWS = 400


def toolkit(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    """Run focus-toolkit."""
    command = [sys.executable, "-m", "focus_data_toolkit", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def generated(folder: Path, provider: str, version: str, rows: int = ROWS) -> Path:
    """Make a complete bill of one provider in a version of FOCUS."""
    options = ("--provider", provider, "--focus-version", version, "--rows", str(rows))
    made = toolkit("generate", *options, "--out", folder)
    assert made.returncode == 0, made.stderr
    token = version.replace(".", "_")
    return folder / f"focus_{token}_cost_and_usage_{provider}.csv"


def exported(loads: Loads, folder: Path, end: str = "parquet") -> list[Path]:
    """Export every billing period that the lake holds."""
    periods = sorted({place.period for place in loads.lake.states("cost_line")})
    files = [folder / f"{period}.{end}" for period in periods]
    for period, file in zip(periods, files, strict=True):
        export_period(Period(period), file, lake=loads.lake, engine=loads.engine)
    return files


@pytest.mark.parametrize("provider", PROVIDERS)
@pytest.mark.parametrize("version", ["1.2", "1.3"])
@pytest.mark.parametrize("end", ["parquet", "csv"])
@pytest.mark.slow
def test_complete_bills_are_exported_without_any_error(
    loads: Loads, tmp_path: Path, provider: str, version: str, end: str
) -> None:
    """Every row that a complete bill of a provider has comes out as valid FOCUS 1.4."""
    path = generated(tmp_path, provider, version)
    done = loads.load(path, source=provider)
    assert (done.rows, done.quarantined) == (ROWS, 0)

    files = exported(loads, tmp_path, end)

    told = [toolkit("validate", "--dataset", "cost-and-usage", file).stdout for file in files]
    assert all("structural+semantic lint OK" in text for text in told), told
    if end == "parquet":
        assert sum(pq.read_metadata(file).num_rows for file in files) == ROWS


@pytest.mark.parametrize("provider", PROVIDERS)
@pytest.mark.slow
def test_a_complete_bill_of_1_4_is_exported_without_any_error(
    loads: Loads, tmp_path: Path, provider: str
) -> None:
    """The toolkit's own FOCUS 1.4 goes in, is known as 1.4, and comes out as valid as it came."""
    old = generated(tmp_path, provider, "1.3")
    folder = tmp_path / "focus-1.4"
    made = toolkit("convert", "--cost-and-usage", old, "--out", folder, "--no-validate")
    [path] = folder.glob("*cost_and_usage*.csv")
    done = loads.load(path, source=provider)

    files = exported(loads, tmp_path)

    told = [toolkit("validate", "--dataset", "cost-and-usage", file).stdout for file in files]
    assert (done.dialect, done.rows, done.quarantined) == ("focus-1.4", ROWS, 0), made.stderr
    assert all("structural+semantic lint OK" in text for text in told), told


@pytest.fixture
def samples() -> Path:
    """The folder of real bills."""
    shared = Path(os.environ.get("COMPTROLLER_SHARED_DATA") or ROOT.parent / "shared" / "data")
    if not (shared / "billing").is_dir():
        pytest.skip(f"there are no bills in {shared}; set COMPTROLLER_SHARED_DATA")
    return shared / "billing"


def documented(title: str, number: int) -> dict[tuple[str, str], int]:
    """The rows of a table in the page: column and rule, and how many rows break it."""
    tables: list[list[tuple[str, ...]]] = [[]]
    for line in section(page("focus-conformance.md"), title).splitlines():
        if line.startswith("|"):
            tables[-1] += [tuple(cell.strip() for cell in line.strip("|").split("|"))]
        elif tables[-1]:
            tables += [[]]
    return {(row[0], row[1]): int(row[2]) for row in tables[number][2:]}


@pytest.mark.needs_shared
@pytest.mark.slow
def test_the_findings_of_the_real_sample_are_those_in_the_page(
    loads: Loads, samples: Path, tmp_path: Path
) -> None:
    """Both tables, ours and the toolkit's, name every rule that is broken and how often."""
    done = loads.load(samples / "focus-sample-1.0" / "focus_sample.csv", source="real")

    files = exported(loads, tmp_path)

    broken: Counter[tuple[str, str]] = Counter()
    for file in files:
        rows = read_source_rows(file, dataset="Cost and Usage")
        for one in lint_focus_1_4_structure("Cost and Usage", rows).violations:
            broken[str(one.column), str(one.rule)] += 1
    found = {(one.column, one.rule): one.rows for one in done.findings}
    assert (done.rows, done.quarantined) == (1000, 0)
    assert found == documented("The FOCUS sample", 0)
    assert broken == documented("The FOCUS sample", 1)


@pytest.mark.needs_shared
@pytest.mark.slow
def test_the_examples_of_the_specification_end_as_the_page_says(
    loads: Loads, samples: Path
) -> None:
    """15 lack a needed column, 15 have no readable record; not one is loaded in part."""
    ends: Counter[type[Exception]] = Counter()
    for path in sorted((samples / "focus-spec-scenarios").rglob("*.csv")):
        with pytest.raises((RejectedSourceError, NothingReadableError)) as refused:
            loads.load(path, source="spec")
        ends[refused.type] += 1

    rows = table_rows(
        section(page("focus-conformance.md"), "The worked examples of the specification")
    )
    assert [ends[RejectedSourceError], ends[NothingReadableError]] == [int(row[0]) for row in rows]
    assert loads.lake.states("cost_line") == {}


@pytest.mark.parametrize(
    "title",
    [
        "Usage on demand and on spot",
        "A commitment with a purchase",
        "A reservation that is billed month by month",
        "Storage, network, support, credits and tax",
        "An owned cluster",
    ],
)
@pytest.mark.slow
def test_invoices_of_the_page_are_exported_without_any_error(
    loads: Loads, tmp_path: Path, title: str
) -> None:
    """What a neocloud's invoice says becomes valid FOCUS 1.4, commitments and taxes too."""
    text = section(page("connect/invoices.md"), title).partition("```csv\n")[2].partition("```")[0]
    path = tmp_path / "invoice.csv"
    path.write_text(text, encoding="utf-8")
    done = loads.load(path, source="neocloud")

    [file] = exported(loads, tmp_path)

    told = toolkit("validate", "--dataset", "cost-and-usage", file).stdout
    assert (done.dialect, done.quarantined) == ("invoice", 0)
    assert "structural+semantic lint OK" in told, told
