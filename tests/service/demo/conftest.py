"""One small company for all tests: six days around the end of a month, with a Saturday."""

from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet as pq
import pytest

from service.demo.columns import NUMBERS
from service.demo.company import Company, invent

TODAY = date(2026, 10, 4)
DAYS = 6


@pytest.fixture(scope="session")
def company(tmp_path_factory: pytest.TempPathFactory) -> Company:
    """The company's files and what they were made from."""
    return invent(tmp_path_factory.mktemp("company"), today=TODAY, days=DAYS, workloads=40)


@pytest.fixture(scope="session")
def lines(company: Company) -> dict[str, list[dict[str, Any]]]:
    """Every cost line as its file has it, by cloud; numbers as exact decimals."""
    return {
        provider: [row for path in paths for row in _rows(path)]
        for provider, paths in company.bills.items()
    }


@pytest.fixture(scope="session")
def usage(company: Company) -> list[dict[str, Any]]:
    """Every row of GPU usage."""
    return [row for path in company.usage for row in pq.read_table(path).to_pylist()]


def _rows(path: Path) -> list[dict[str, Any]]:
    rows = (_csv(path) if path.suffix == ".gz" else pq.read_table(path)).to_pylist()
    return [
        {name: _exact(value) if name in NUMBERS else value for name, value in row.items()}
        for row in rows
    ]


def _csv(path: Path) -> pa.Table:
    header = pyarrow.csv.open_csv(path).schema.names
    as_text = pyarrow.csv.ConvertOptions(
        column_types=dict.fromkeys(header, pa.string()), strings_can_be_null=True
    )
    return pyarrow.csv.read_csv(path, convert_options=as_text)


def _exact(value: float | str | Decimal | None) -> Decimal | None:
    """A double means its shortest text, as a loader reads it."""
    return None if value is None else Decimal(str(value))
