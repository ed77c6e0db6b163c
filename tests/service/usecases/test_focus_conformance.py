"""What the lake exports is FOCUS 1.4: held against an independent validator.

``focus-toolkit`` (PyPI: focus-data-toolkit) makes FOCUS 1.2 and 1.3 bills of three providers and
checks FOCUS 1.4 files; both run as programs, so nothing of ours judges itself.
"""

import subprocess
import sys
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from uuid import UUID

import pyarrow.parquet as pq
import pytest

from service.domain.periods import Period
from service.store.store import Store
from service.usecases.export_focus import export_period
from tests.service.loads import Loads
from warehouse.duck import DuckEngine
from warehouse.lake import Lake

PROVIDERS = ("aws", "azure", "gcp")
ROWS = 400


@pytest.fixture
def loads(
    lake: Lake,
    engine: DuckEngine,
    store: Store,
    new_id: Callable[[], UUID],
    clock: Callable[[], datetime],
) -> Loads:
    """An empty lake to load into."""
    return Loads(lake, engine, store, new_id, clock)


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
